#include "app/descriptors.h"

#include <gtest/gtest.h>

namespace gatehouse::app {
namespace {

policy::Settings settings_with(std::uint32_t workers, std::uint32_t to_upstream) {
  policy::Settings settings;
  settings.workers = workers;
  policy::Upstream upstream;
  upstream.urls.resize(2);
  upstream.connections = to_upstream;
  settings.upstreams.emplace("orders", upstream);
  return settings;
}

TEST(Descriptors, ThatAreManyGiveTheUsualBounds) {
  const auto bounds = connection_bounds(settings_with(8, 256), 1'000'000);
  ASSERT_TRUE(bounds);
  EXPECT_EQ(bounds->connections, 20'000U);
  EXPECT_EQ(bounds->per_address, 1'000U);
}

TEST(Descriptors, ThatAreFewBoundTheDefaultConnectionsAndKeepTheReserve) {
  const auto bounds = connection_bounds(settings_with(2, 100), 1024);
  ASSERT_TRUE(bounds);
  EXPECT_GT(bounds->connections, 300U);
  EXPECT_LE(bounds->connections + 2 * 2 * 100 + 128, 1024U);
  EXPECT_EQ(bounds->per_address, bounds->connections / 4);
}

TEST(Descriptors, ThatAreTooFewForTheConfigurationAreAnError) {
  policy::Settings settings = settings_with(2, 100);
  settings.listen.connections = 900;
  const auto refused = connection_bounds(settings, 1024);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("900 connections, 400 to upstreams"), std::string::npos)
      << refused.error().text;
  EXPECT_TRUE(connection_bounds(settings, 2048));
  EXPECT_FALSE(connection_bounds(settings_with(2, 256), 1024)) << "of the upstreams alone";
}

TEST(Descriptors, OfAnAddressAreAsConfigured) {
  policy::Settings settings = settings_with(1, 16);
  settings.listen.connections = 100;
  settings.listen.connections_per_address = 70;
  EXPECT_EQ(connection_bounds(settings, 1024)->per_address, 70U);
}

}  // namespace
}  // namespace gatehouse::app
