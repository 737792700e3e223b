#include "http/framing.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace gatehouse::http {
namespace {

TEST(Upgrade, CountsWhereItLeavesHttp) {
  const auto wants = [](std::string_view fields) {
    const std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
    RequestParser parser;
    RequestHead head;
    EXPECT_EQ(parser.parse(bytes, head), Progress::complete) << fields;
    return head.wants_upgrade;
  };
  for (const char* fields :
       {"Upgrade: websocket\r\n", "Upgrade: h2c, websocket\r\n", "Upgrade: h2c\r\nUpgrade: x\r\n",
        "Upgrade: HTTPS/1\r\n", "Upgrade: h2c/\t, y\r\n", "Upgrade: h2\r\n", "Upgrade: /\r\n"})
    EXPECT_TRUE(wants(fields)) << fields;
  for (const char* fields : {"", "Upgrade: h2c\r\n", "Upgrade: H2C, tls/1.0\r\n",
                             "Upgrade: ,, http/2.0 ,\r\n", "Upgrade:\r\n", "Connection: upgrade\r\n"})
    EXPECT_FALSE(wants(fields)) << fields;
}

}  // namespace
}  // namespace gatehouse::http
