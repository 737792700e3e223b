// The request line's forms (RFC 9112 section 3.2). Refused ones: request_parser_test.cc.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "http/request_parser.h"

namespace gatehouse::http {
namespace {

TEST(RequestTarget, HasTheAuthorityThatHostNames) {
  const auto read = [](const std::string& line, const std::string& host) {
    const std::string bytes = line + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    RequestParser parser;
    RequestHead head;
    if (parser.parse(bytes, head) != Progress::complete) return std::string(name(parser.reason()));
    constexpr std::string_view kSchemes[] = {"unsaid", "http", "https"};
    return std::string(kSchemes[static_cast<std::size_t>(head.scheme)]) + " " + std::string(head.target) +
           " " + std::string(head.path) + " " + std::string(head.query);
  };
  EXPECT_EQ(read("GET https://a.example/x?y=1", "a.example"), "https /x?y=1 /x y=1");
  EXPECT_EQ(read("GET HTTPS://A.example:443/", "a.EXAMPLE."), "https / / ");
  EXPECT_EQ(read("GET https://a.example", "a.example"), "https / / ");
  EXPECT_EQ(read("POST http://[::1]:8080/x", "[::1]:8080"), "http /x /x ");
  EXPECT_EQ(read("GET http://a.example/", "a.example:80"), "http / / ");
  EXPECT_EQ(read("OPTIONS https://a.example", "a.example"), "https * * ");
  EXPECT_EQ(read("OPTIONS https://a.example/", "a.example"), "https / / ");
  EXPECT_EQ(read("GET /https://b.example", "a.example"), "double_slash");
  EXPECT_EQ(read("GET /https:/b.example", "a.example"), "unsaid /https:/b.example /https:/b.example ");
  for (const char* host : {"b.example", "a.example:80", "a.example:444", "[::1]"})
    EXPECT_EQ(read("GET https://a.example/", host), "other_host") << host;
  EXPECT_EQ(read("GET https://a.example/", ""), "bad_host");
}

}  // namespace
}  // namespace gatehouse::http
