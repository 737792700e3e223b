// Key sets from files and over real connections.
#include "server/jwks_fetch.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "client/testing.h"

namespace gatehouse::server {
namespace {

using client::testing::ScriptedServer;
using client::testing::Turn;
using ::testing::HasSubstr;
using Text = Result<std::string>;
using Certified = net::testing::Identity;

class JwksFetch : public ::testing::Test {
 protected:
  JwksFetch() {
    std::string folder = std::filesystem::temp_directory_path() / "jwks_fetch_XXXXXX";
    folder_ = ::mkdtemp(folder.data());
  }
  ~JwksFetch() override {
    loop_.cancel_tasks();
    std::filesystem::remove_all(folder_);
  }

  std::string write(std::string_view name, std::string_view text) {
    const std::string path = folder_ / name;
    std::ofstream(path) << text;
    return path;
  }
  Text fetch(const std::string& where, const std::string& ca_file = {}) {
    return net::testing::run(loop_, jwks_fetch(where, ca_file, threads_)(loop_));
  }
  std::string url() const { return "http://" + server_.endpoint().text() + "/jwks.json"; }
  // The result of a fetch for the server's answer.
  std::string outcome_of(std::string answer) {
    server_.will({{std::move(answer), Turn::Then::close}});
    const Text got = fetch(url());
    return got ? *got : got.error().text;
  }

  std::filesystem::path folder_;
  ManualClock clock_;
  net::Loop loop_{clock_};
  net::BlockingPool threads_{1, 10};
  ScriptedServer server_{loop_};
};

TEST_F(JwksFetch, NoFailureRepeatsTheQueryOfTheUrl) {
  for (const char* answer : {"HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n", "no answer"}) {
    server_.will({{answer, Turn::Then::close}});
    const Text got = fetch(url() + "?token=s3cr3t");
    ASSERT_FALSE(got);
    EXPECT_THAT(server_.last, HasSubstr("/jwks.json?token=s3cr3t "));
    EXPECT_THAT(got.error().text, ::testing::AllOf(HasSubstr(url()), ::testing::Not(HasSubstr("s3cr3t"))));
  }
}

TEST_F(JwksFetch, TakesTheTextOfAnAnswerThatIs200) {
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"keys\":[]}"), "{\"keys\":[]}");
  EXPECT_THAT(server_.last, ::testing::StartsWith("GET /jwks.json HTTP/1.1\r\n"));
  EXPECT_THAT(server_.last,
              HasSubstr("\r\nAccept: application/jwk-set+json, application/json, */*;q=0.1\r\n"));
  for (const char* status : {"302 Found\r\nLocation: /other", "404 Not Found", "503 Unavailable",
                             "204 No Content", "206 Partial Content"}) {
    const std::string outcome =
        outcome_of("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
    EXPECT_EQ(outcome, url() + " answers " + std::string(status, 3));
  }
  EXPECT_EQ(server_.requests, 6) << "no redirect is followed";
}

TEST_F(JwksFetch, NamesTheUrlWhereThereIsNoAnswer) {
  const std::string large(std::size_t{1} << 20U, ' ');
  for (const std::string& answer :
       {std::string(), std::string("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{}"),
        std::string("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b"),
        "HTTP/1.1 200 OK\r\n\r\n" + large + "x"}) {
    EXPECT_THAT(outcome_of(answer), ::testing::StartsWith(url() + ": ")) << answer.substr(0, 100);
  }
  EXPECT_EQ(outcome_of("HTTP/1.1 200 OK\r\n\r\n" + large).size(), large.size());
}

TEST_F(JwksFetch, HoldsTheServerAgainstTheAuthoritiesAsTheFileHasThemNow) {
  const Certified authority("authority", nullptr, "");
  const Certified identity("localhost", &authority, "DNS:localhost");
  net::ServerTlsOptions served;
  served.certificate_pem = identity.certificate_pem();
  served.private_key_pem = identity.key_pem();
  ScriptedServer secure(loop_, net::testing::loopback(), net::ServerTls::make(served).value());
  secure.will("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  const std::string at = "https://localhost:" + std::to_string(secure.endpoint().port) + "/";

  EXPECT_FALSE(fetch(at)) << "the system's authorities know nothing of it";
  const std::string file = write("ca.pem", Certified("stranger", nullptr, "").certificate_pem());
  EXPECT_FALSE(fetch(at, file));
  EXPECT_EQ(secure.requests, 0);
  write("ca.pem", authority.certificate_pem());
  EXPECT_EQ(fetch(at, file), "{}");

  write("ca.pem", "no certificate");
  EXPECT_THAT(fetch(at, file).error().text, HasSubstr("holds no certificate"));
  EXPECT_THAT(fetch(at, folder_ / "missing.pem").error().text, HasSubstr("missing.pem"));
}

TEST_F(JwksFetch, ReadsAFile) {
  const std::string path = write("keys.json", "{}");
  EXPECT_EQ(fetch("file:" + path), "{}");
  write("keys.json", "{\"keys\":[]}");
  EXPECT_EQ(fetch("file:" + path), "{\"keys\":[]}");
  write("keys.json", std::string((std::size_t{1} << 20U) + 1, ' '));
  EXPECT_FALSE(fetch("file:" + path));
  EXPECT_THAT(fetch("file:" + path + ".not").error().text, HasSubstr("keys.json.not"));
}

TEST_F(JwksFetch, FailsWhereTheConfigurationNamesNoUrl) {
  for (const char* where : {"", "keys.json", "ftp://127.0.0.1/", "https://user@127.0.0.1/"})
    EXPECT_FALSE(fetch(where)) << where;
}

}  // namespace
}  // namespace gatehouse::server
