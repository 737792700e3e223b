// Requests that servers read in different ways are refused, and however their bytes arrive.
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "http/request_parser.h"
#include "http/testing.h"

namespace gatehouse::http {
namespace {

using namespace std::string_literals;
using testing::parse;
using testing::Parsed;

// The final result of the incremental parser, without the second look that parse_in_pieces takes.
std::string incremental_text(std::string_view bytes, const std::vector<std::size_t>& marks) {
  RequestParser parser;
  Parsed parsed;
  std::string moved;
  for (const std::size_t mark : marks) {
    std::string next(bytes.substr(0, mark));
    moved.swap(next);
    parsed.progress = parser.parse(moved, *parsed.head);
    if (parsed.progress != Progress::need_more) break;
  }
  parsed.consumed = parser.consumed();
  if (parsed.progress == Progress::malformed) parsed.reason = name(parser.reason());
  return parsed.text();
}

std::string with_fields(std::string_view fields) {
  return "POST /a HTTP/1.1\r\nHost: a.example\r\n" + std::string(fields) + "\r\n";
}
std::string with_target(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

struct MalformedRequest {
  std::string bytes;
  std::string reason;
};

const std::vector<MalformedRequest>& malformed_cases() {
  static const std::vector<MalformedRequest> cases = {
      // The request line.
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "request_line"},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "request_line"},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", "request_line"},
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", "request_line"},
      {"GET /  HTTP/1.1\r\nHost: a\r\n\r\n", "version"},
      {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", "method"},
      {"GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", "control_character"},
      {"GET\r\n\r\n", "request_line"},
      {"GET /\r\n\r\n", "request_line"},
      {"GET /\n", "bare_lf"},
      {"GET\n", "bare_lf"},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", "request_line"},
      {"GET / HTTP/1.1\nHost: a\r\n\r\n", "bare_lf"},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", "bare_cr"},
      {"GET / HTTP/1.1\r\rHost: a\r\n\r\n", "bare_cr"},
      {"GET / HTTP/1.1x\r\nHost: a\r\n\r\n", "request_line"},
      {"GE(T / HTTP/1.1\r\n", "method"},
      {"GET: / HTTP/1.1\r\n", "method"},
      {"G\0T / HTTP/1.1\r\n"s, "method"},
      {"\x16\x03\x01\x02\x01\x01\x01\xFC\x03\x03"s, "method"},
      {"AVERYLONGMETHODNAMETHATNOBODYUSESX / HTTP/1.1\r\n", "method"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "target_form"},
      {"CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", "connect"},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", "version"},
      {"GET / HTTP/1,1\r\nHost: a\r\n\r\n", "version"},
      {"GET / HTTP/11\r\nHost: a\r\n\r\n", "version"},
      {"GET / HTTP/x.1\r\nHost: a\r\n\r\n", "version"},
      {"GET / HTTP/ 1.1\r\nHost: a\r\n\r\n", "version"},
      {"GET / HTTPS/1.1\r\nHost: a\r\n\r\n", "version"},
      {"GET / HTTP/0.9\r\nHost: a\r\n\r\n", "version_unsupported"},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "version_unsupported"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "version_unsupported"},
      // Target forms.
      {with_target("a:443"), "target_form"},
      {with_target("h"), "target_form"},
      {with_target("host:443"), "target_form"},
      {with_target("https:/a/"), "target_form"},
      {with_target("https:a.example/"), "target_form"},
      {with_target("httpx://a.example/"), "target_form"},
      {with_target("ftp://a.example/"), "target_form"},
      {with_target("https://a.example?x=1"), "target_form"},
      {with_target("https:///x"), "bad_host"},
      {with_target("https://u@a.example/x"), "bad_host"},
      {with_target("https://a.example:/x"), "bad_host"},
      {with_target("https://a.example:0x1bb/x"), "bad_host"},
      {with_target("https://a%2eexample/x"), "bad_host"},
      {with_target("https://a.example/../x"), "dot_segment"},
      {with_target("https://a.example//x"), "double_slash"},
      {with_target("https://a.example/%2e%2e/x"), "encoded_dot"},
      {with_target("https://a.example/x?%"), "invalid_percent"},
      {with_target("https://a.example/x#y"), "fragment"},
      {with_target("https://evil.example/x"), "other_host"},
      {with_target("https://a.example.evil/x"), "other_host"},
      {with_target("https://a.example:444/x"), "other_host"},
      {with_target("http://a.example:443/x"), "other_host"},
      {with_target("?x=1"), "target_form"},
      {with_target("*"), "target_form"},
      {"OPTIONS ** HTTP/1.1\r\nHost: a\r\n\r\n", "target_form"},
      {"OPTIONS */a HTTP/1.1\r\nHost: a\r\n\r\n", "target_form"},
      {"OPTIONS *?a HTTP/1.1\r\nHost: a\r\n\r\n", "target_form"},
      // Paths.
      {with_target("//"), "double_slash"},
      {with_target("//a.example/x"), "double_slash"},
      {with_target("/a//b"), "double_slash"},
      {with_target("/a//"), "double_slash"},
      {with_target("/."), "dot_segment"},
      {with_target("/.."), "dot_segment"},
      {with_target("/./a"), "dot_segment"},
      {with_target("/../a"), "dot_segment"},
      {with_target("/a/./b"), "dot_segment"},
      {with_target("/a/../b"), "dot_segment"},
      {with_target("/a/.."), "dot_segment"},
      {with_target("/a/.?q=1"), "dot_segment"},
      {with_target("/a/..;/b"), "dot_segment"},
      {with_target("/a/..;x=1/b"), "dot_segment"},
      {with_target("/a/.;/b"), "dot_segment"},
      {with_target("/a/%2e%2e/b"), "encoded_dot"},
      {with_target("/a/.%2E/b"), "encoded_dot"},
      {with_target("/file%2ejson"), "encoded_dot"},
      {with_target("/a%2fb"), "encoded_slash"},
      {with_target("/a%2Fb"), "encoded_slash"},
      {with_target("/a%5cb"), "encoded_backslash"},
      {with_target("/a%5Cb"), "encoded_backslash"},
      {with_target("/%61dmin"), "encoded_unreserved"},
      {with_target("/a%7Eb"), "encoded_unreserved"},
      {with_target("/a%5f"), "encoded_unreserved"},
      {with_target("/a%2db"), "encoded_unreserved"},
      {with_target("/a%30"), "encoded_unreserved"},
      {with_target("/a%00"), "encoded_control"},
      {with_target("/a%0d%0aX:y"), "encoded_control"},
      {with_target("/a%1F"), "encoded_control"},
      {with_target("/a%7f"), "encoded_control"},
      {with_target("/a%c3%28"), "encoded_not_utf8"},
      {with_target("/a%c0%af"), "encoded_not_utf8"},
      {with_target("/a%e0%80%af/b"), "encoded_not_utf8"},
      {with_target("/a%ed%a0%80"), "encoded_not_utf8"},
      {with_target("/a%f4%90%80%80"), "encoded_not_utf8"},
      {with_target("/a%e2%82"), "encoded_not_utf8"},
      {with_target("/a%e2%82%zz"), "encoded_not_utf8"},
      {with_target("/a%80"), "encoded_not_utf8"},
      {with_target("/a%"), "invalid_percent"},
      {with_target("/a%2"), "invalid_percent"},
      {with_target("/a%2/b"), "invalid_percent"},
      {with_target("/a%zz"), "invalid_percent"},
      {with_target("/a%%20"), "invalid_percent"},
      {with_target("/a%u0041"), "invalid_percent"},
      {with_target("/a?b=%"), "invalid_percent"},
      {with_target("/a?b=%4"), "invalid_percent"},
      {with_target("/a?b=%4g"), "invalid_percent"},
      {with_target("/a?b=%%41"), "invalid_percent"},
      {with_target("/a\\b"), "target_character"},
      {with_target("/a\"b"), "target_character"},
      {with_target("/a<b>"), "target_character"},
      {with_target("/a^b"), "target_character"},
      {with_target("/a`b"), "target_character"},
      {with_target("/a{b}"), "target_character"},
      {with_target("/a|b"), "target_character"},
      {with_target("/a[b]"), "target_character"},
      {with_target("/a?b={}"), "target_character"},
      {with_target("/a?b=\\"), "target_character"},
      {with_target("/a#b"), "fragment"},
      {with_target("/a?b#c"), "fragment"},
      {with_target("#"), "fragment"},
      {with_target("/caf\xC3\xA9"), "non_ascii"},
      {with_target("/a?b=\xFF"), "non_ascii"},
      {with_target("/a\x7F"), "control_character"},
      {with_target("/a\0b"s), "control_character"},
      {with_target("/a\x01"), "control_character"},
      {with_target("/a\rb"), "request_line"},
      // Field names.
      {with_fields(": x\r\n"), "field_name"},
      {with_fields("X\r\n"), "field_name"},
      {with_fields("X(y): z\r\n"), "field_name"},
      {with_fields("X@y: z\r\n"), "field_name"},
      {with_fields("X\"y: z\r\n"), "field_name"},
      {with_fields("X\xC3\xA9: z\r\n"), "field_name"},
      {with_fields("Content_Length: 3\r\n"), "field_name"},
      {with_fields("Transfer_Encoding: chunked\r\n"), "field_name"},
      {with_fields("X.Forwarded.For: 1.2.3.4\r\n"), "field_name"},
      {with_fields("X_Forwarded-For: 1.2.3.4\r\n"), "field_name"},
      {with_fields("X-Amz-Security_Token: a\r\n"), "field_name"},
      {with_fields("A: 1\r\nX-Amz-Date: a\r\nx-amz-a.b: 1\r\n"), "field_name"},
      {with_fields("Gatehouse-Prin_cipal: a\r\n"), "field_name"},
      {with_fields("x-forwarded_proto: https\r\n"), "field_name"},
      {with_fields("Gatehouse_Principal: admin\r\n"), "field_name"},
      {with_fields("Gatehouse!Roles: admin\r\n"), "field_name"},
      {with_fields("X : y\r\n"), "space_before_colon"},
      {with_fields("X\t: y\r\n"), "space_before_colon"},
      {with_fields("Content-Length : 3\r\n"), "space_before_colon"},
      {with_fields("Transfer-Encoding : chunked\r\n"), "space_before_colon"},
      {with_fields("X y: z\r\n"), "space_before_colon"},
      {with_fields("X\0: z\r\n"s), "control_character"},
      {with_fields("X\x0B: z\r\n"), "control_character"},
      {with_fields("X\n: z\r\n"), "bare_lf"},
      {with_fields("X\r: z\r\n"), "field_name"},
      // Field values and lines.
      {with_fields("X: a\0b\r\n"s), "control_character"},
      {with_fields("X: a\x01\r\n"), "control_character"},
      {with_fields("X: a\x1B[0m\r\n"), "control_character"},
      {with_fields("X: a\x7F\r\n"), "control_character"},
      {with_fields("X: a\x0C\r\n"), "control_character"},
      {with_fields("X: a long enough value to be scanned by sixteen\x08 bytes at a time\r\n"),
       "control_character"},
      {with_fields("X: a\nY: b\r\n"), "bare_lf"},
      {with_fields("X: a\n\n"), "bare_lf"},
      {with_fields("X: a\rY: b\r\n"), "bare_cr"},
      {with_fields("X: a\r\r\n"), "bare_cr"},
      {with_fields("X:\rTransfer-Encoding: chunked\r\n"), "bare_cr"},
      {with_fields("X: a\r\n b\r\n"), "obs_fold"},
      {with_fields("X: a\r\n\tb\r\n"), "obs_fold"},
      {with_fields(" X: a\r\n"), "obs_fold"},
      {with_fields("Transfer-Encoding:\r\n chunked\r\n"), "obs_fold"},
      {with_fields("Content-Length:\r\n\t5\r\n"), "obs_fold"},
      {"GET / HTTP/1.1\r\n Host: a\r\n\r\n", "obs_fold"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", "bare_lf"},
      {"GET / HTTP/1.1\r\nHost: a\r\n\rX", "bare_cr"},
      // Host.
      {"GET / HTTP/1.1\r\n\r\n", "missing_host"},
      {"GET / HTTP/1.0\r\n\r\n", "missing_host"},
      {"GET / HTTP/1.1\r\nX-Host: a\r\n\r\n", "missing_host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "repeated_host"},
      {"GET / HTTP/1.1\r\nHost: a\r\nhOST: b\r\n\r\n", "repeated_host"},
      {"GET / HTTP/1.1\r\nHost:\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: http://a\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a:\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a:080\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a:8o\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a:80:80\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: .a\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a..b\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: .\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: a%2eb\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: [::1\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: ::1\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: [1.2.3.4]\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: 1.2.3.256\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: 127.1\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: 0x7f000001\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: 2130706433\r\n\r\n", "bad_host"},
      {"GET / HTTP/1.1\r\nHost: 127.0.0.01\r\n\r\n", "bad_host"},
      // Where the body ends.
      {with_fields("Content-Length: 3\r\nContent-Length: 3\r\n"), "content_length"},
      {with_fields("Content-Length: 3\r\nContent-Length: 4\r\n"), "content_length"},
      {with_fields("Content-Length: 3\r\ncontent-LENGTH: 3\r\n"), "content_length"},
      {with_fields("Content-Length: 3, 3\r\n"), "content_length"},
      {with_fields("Content-Length: 3,4\r\n"), "content_length"},
      {with_fields("Content-Length:\r\n"), "content_length"},
      {with_fields("Content-Length: +3\r\n"), "content_length"},
      {with_fields("Content-Length: -1\r\n"), "content_length"},
      {with_fields("Content-Length: 03\r\n"), "content_length"},
      {with_fields("Content-Length: 00\r\n"), "content_length"},
      {with_fields("Content-Length: 0x3\r\n"), "content_length"},
      {with_fields("Content-Length: 3.0\r\n"), "content_length"},
      {with_fields("Content-Length: 1e3\r\n"), "content_length"},
      {with_fields("Content-Length: 3 4\r\n"), "content_length"},
      {with_fields("Content-Length: \"3\"\r\n"), "content_length"},
      {with_fields("Content-Length: \xEF\xBC\x93\r\n"), "content_length"},
      {with_fields("Content-Length: 18446744073709551616\r\n"), "content_length"},
      {with_fields("Content-Length: 1000000000000000000\r\n"), "content_length"},
      {with_fields("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"), "content_length"},
      {with_fields("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n"), "content_length"},
      {with_fields("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), "content_length"},
      {with_fields("Transfer-Encoding: identity\r\nContent-Length: 4\r\n"), "content_length"},
      {with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: xchunked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: x, chunked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: gzip, chunked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chunked, chunked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chunked, identity\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chunked,\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: ,chunked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: \"chunked\"\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: 'chunked'\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chunked;q=1\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chunked\xA0\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chun ked\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: chunke\xC4\xB1\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: \r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: identity\r\n"), "transfer_encoding"},
      {with_fields("Transfer-Encoding: \x0B"
                   "chunked\r\n"),
       "control_character"},
      {with_fields("Transfer-Encoding: chunked\x0C\r\n"), "control_character"},
      {with_fields("X: X\nTransfer-Encoding: chunked\r\n"), "bare_lf"},
      {with_fields("X: X\rTransfer-Encoding: chunked\r\n"), "bare_cr"},
      {"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer_encoding"},
      // One value only.
      {with_fields("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n"), "repeated_field"},
      {with_fields("Content-Type: text/plain\r\nContent-Type: application/json\r\n"), "repeated_field"},
      {with_fields("Cookie: a=b\r\nCookie: c=d\r\n"), "repeated_field"},
      {with_fields("Origin: a\r\nOrigin: b\r\n"), "repeated_field"},
      {with_fields("X-Request-Id: a\r\nX-Request-Id: b\r\n"), "repeated_field"},
      {with_fields("traceparent: a\r\ntraceparent: b\r\n"), "repeated_field"},
      {with_fields("Sec-Fetch-Site: none\r\nSec-Fetch-Site: none\r\n"), "repeated_field"},
      {with_fields("Sec-Fetch-User: ?1\r\nSec-Fetch-User: ?1\r\n"), "repeated_field"},
      {with_fields("Last-Event-ID: 7\r\nLast-Event-ID: 8\r\n"), "repeated_field"},
      {with_fields("Sec-GPC: 1\r\nsec-gpc: 1\r\n"), "repeated_field"},
      {with_fields("X-Requested-With: a\r\nX-Requested-With: b\r\n"), "repeated_field"},
      {with_fields("Expect: 100-continue\r\nExpect: 100-continue\r\n"), "repeated_field"},
      {with_fields("DPoP: a\r\nDPoP: b\r\n"), "repeated_field"},
      {with_fields("Range: bytes=0-1\r\nRange: bytes=2-3\r\n"), "repeated_field"},
      // The allowed options of Connection.
      {with_fields("Connection: close, X-Request-Id\r\n"), "connection_option"},
      {with_fields("Connection: Authorization\r\n"), "connection_option"},
      {with_fields("Connection: close\r\nConnection: cookie\r\n"), "connection_option"},
      {with_fields("Connection: content-length\r\n"), "connection_option"},
      {with_fields("Connection: close x\r\n"), "connection_option"},
      {with_fields("Expect: 200-ok\r\n"), "expectation"},
      {with_fields("Expect:\r\n"), "expectation"},
      {with_fields("Expect: 100-continue, x\r\n"), "expectation"},
  };
  return cases;
}

TEST(RequestParser, RefusesAmbiguousRequests) {
  for (const auto& [bytes, reason] : malformed_cases()) {
    const Parsed parsed = parse(bytes);
    EXPECT_EQ(parsed.text(), "malformed " + reason) << bytes;
  }
}

TEST(RequestParser, AnswersTheSameHoweverTheBytesArrive) {
  std::vector<std::string> all = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
      "DELETE /a/b%20c?d=%41&e[f]=1|2 HTTP/1.0\r\nHost: [::1]:8080\r\nAccept:\t */* \t\r\nX:\r\n\r\nrest of "
      "it",
      "OPTIONS * HTTP/1.1\r\nHost: a.example.\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n\r\n",
      "POST /x HTTP/1.1\r\nhost: a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n0\r\n\r\n",
      "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nAuthorization: Bearer " + std::string(100, 'x') +
          "\r\n\r\nhello",
  };
  for (const auto& known : malformed_cases()) all.push_back(known.bytes);
  for (const std::string& bytes : all) {
    const std::string whole = incremental_text(bytes, {bytes.size()});
    ASSERT_NE(whole, "need_more") << bytes;
    std::vector<std::size_t> every;
    for (std::size_t i = 0; i <= bytes.size(); ++i) {
      EXPECT_EQ(incremental_text(bytes, {i, bytes.size()}), whole) << bytes << " split at " << i;
      every.push_back(i);
    }
    EXPECT_EQ(incremental_text(bytes, every), whole) << bytes;
  }
}

}  // namespace
}  // namespace gatehouse::http
