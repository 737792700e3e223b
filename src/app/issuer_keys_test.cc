#include "app/issuer_keys.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include <gtest/gtest.h>

#include "base/manual_clock.h"

namespace gatehouse::app {
namespace {

policy::JwtSettings keys_in(const std::string& path) {
  policy::JwtSettings jwt;
  jwt.jwks.value = "file:" + path;
  return jwt;
}

// A terminal that stands still, for example.
TEST(IssuerKeys, AReportThatIsNotTakenHoldsNoOtherIssuersKeys) {
  std::string folder = std::filesystem::temp_directory_path() / "issuer_keys_XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  // RFC 7517 appendix A.1. A set without a key is reported, too.
  std::ofstream(folder + "/good.json")
      << R"({"keys":[{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
      << R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})";
  const ManualClock clock;
  std::promise<void> reads;
  std::promise<std::string> reported;
  {
    net::BlockingPool threads(1, 10);
    net::LoopThread background(clock);
    IssuerKeys keys(background, threads, [&](const server::JwksSource::Report& report) {
      reads.get_future().wait();
      reported.set_value(report.source + ": " + report.text);
    });
    EXPECT_FALSE(keys.of("broken", keys_in(folder + "/missing.json")));
    const auto good = keys.of("good", keys_in(folder + "/good.json"));
    ASSERT_TRUE(good) << good.error().text;
    EXPECT_NE((*good)->keys(), nullptr);
    EXPECT_TRUE((*good)->fetch_anew());
    reads.set_value();
    const std::string report = reported.get_future().get();
    EXPECT_TRUE(report.starts_with("broken: ")) << report;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gatehouse::app
