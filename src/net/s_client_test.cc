// TLS with a client that others wrote: `openssl s_client`.
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "net/stream.h"
#include "net/tls_testing.h"

namespace gatehouse::net {
namespace {

using ::testing::HasSubstr;
using testing::loopback;
using testing::read_all;
using testing::server_context;
using testing::server_options;
using testing::start;
using testing::Tls;

class SClient : public Tls {
 protected:
  // Runs `openssl s_client` against one connection that answers "pong"; its output.
  std::string call(const std::string& arguments, std::shared_ptr<const ServerTls> context) {
    auto listener = Listener::open(loop_, loopback());
    EXPECT_TRUE(listener);
    spawn(loop_, serve(loop_, **listener, std::move(context)));
    const std::string output = shell("printf ping | openssl s_client -connect " +
                                     (*listener)->endpoint().text() + " " + arguments + " -ign_eof 2>&1");
    loop_.cancel_tasks();
    return output;
  }

  // Runs the command while the loop turns; its output.
  std::string shell(const std::string& command) {
    std::string output;
    std::thread client([&] {
      std::FILE* const pipe = ::popen(command.c_str(), "r");
      std::array<char, 4096> buffer;
      while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
        output.append(buffer.data(), n);
      }
      ::pclose(pipe);
      loop_.stop();
    });
    loop_.run();
    client.join();
    return output;
  }

  static Task<Result<std::string>> serve_and_read(Loop& loop, Listener& listener,
                                                  std::shared_ptr<const ServerTls> context) {
    auto accepted = co_await listener.accept();
    GATEHOUSE_CO_CHECK(accepted);
    Stream stream(loop, std::move(accepted->socket), accepted->peer);
    auto shaken = co_await stream.accept_tls(std::move(context));
    GATEHOUSE_CO_CHECK(shaken);
    auto reading = read_all(stream);
    auto all = co_await reading;
    co_return all;
  }

  static Task<void> serve(Loop& loop, Listener& listener, std::shared_ptr<const ServerTls> context) {
    for (;;) {
      auto accepted = co_await listener.accept();
      if (!accepted) co_return;
      auto stream = std::make_unique<Stream>(loop, std::move(accepted->socket), accepted->peer);
      auto shaken = co_await stream->accept_tls(context);
      if (shaken) {
        char buffer[100];
        auto n = co_await stream->read(buffer);
        if (n) co_await stream->write(std::string_view("pong"));
      }
      auto closing = close(std::move(stream), Timer::kNever);
      co_await closing;
    }
  }
};

TEST_F(SClient, SpeaksBothVersions) {
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const std::string output =
        call(version + " -alpn http/1.1 -servername api.example.com", server_context());
    EXPECT_THAT(output, HasSubstr("pong"));
    EXPECT_THAT(output, HasSubstr("ALPN protocol: http/1.1"));
    EXPECT_THAT(output, HasSubstr("Compression: NONE"));
  }
}

TEST_F(SClient, GetsNeitherOldVersionsNorWeakSuites) {
  for (const std::string arguments :
       {"-tls1_1 -cipher DEFAULT@SECLEVEL=0", "-tls1 -cipher DEFAULT@SECLEVEL=0",
        "-tls1_2 -cipher AES128-GCM-SHA256", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA"}) {
    const std::string output = call(arguments, server_context());
    EXPECT_THAT(output, ::testing::Not(HasSubstr("pong"))) << arguments;
  }
}

TEST_F(SClient, GetsNoTls12WhereTls13IsTheMinimum) {
  ServerTlsOptions options = server_options();
  options.minimum = TlsVersion::tls_1_3;
  EXPECT_THAT(call("-tls1_2", ServerTls::make(options).value()), ::testing::Not(HasSubstr("pong")));
  EXPECT_THAT(call("-tls1_3", ServerTls::make(options).value()), HasSubstr("pong"));
}

TEST_F(SClient, CannotRenegotiate) {
  // A line that starts with R makes s_client renegotiate.
  auto listener = Listener::open(loop_, loopback());
  ASSERT_TRUE(listener);
  std::optional<Result<std::string>> got;
  start(loop_, serve_and_read(loop_, **listener, server_context()), got);
  // Its input is a pipe that never ends, so that it stays until it has the server's answer.
  const std::string output = shell(
      "f=$(mktemp -u) && mkfifo $f && exec 3<>$f && rm $f && echo R >&3 && "
      "timeout 20 openssl s_client -tls1_2 -connect " +
      (*listener)->endpoint().text() + " <&3 2>&1");
  EXPECT_THAT(output, HasSubstr("RENEGOTIATING"));
  EXPECT_THAT(output, HasSubstr("no renegotiation"));
}

TEST_F(SClient, ResumesWithATicketUnlessClientCertificatesAreAskedFor) {
  const auto file =
      std::filesystem::temp_directory_path() / ("gatehouse-ticket-" + std::to_string(::getpid()));
  const auto open = server_context();
  call("-sess_out " + file.string(), open);
  EXPECT_THAT(call("-sess_in " + file.string(), open), HasSubstr("Reused, TLSv1.3"));
  EXPECT_THAT(call("-sess_in " + file.string(), server_context()), HasSubstr("New, TLSv1.3"))
      << "a new context has new ticket keys";
  const auto asking = server_context(ClientCertificates::request);
  std::filesystem::remove(file);
  for (const std::string version : {"-tls1_2 ", "-tls1_3 "}) {
    const std::string output =
        call(version + "-sess_out " + file.string(), server_context(ClientCertificates::request));
    EXPECT_THAT(output, HasSubstr("pong"));
    EXPECT_FALSE(std::filesystem::exists(file)) << "there is nothing to resume with";
  }
}

}  // namespace
}  // namespace gatehouse::net
