#include "http/request_parser.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/characters.h"

namespace gatehouse::http {
namespace {

using namespace std::string_literals;

// The head, and the bytes it points into.
struct Parsed {
  Progress progress = Progress::need_more;
  std::size_t consumed = 0;
  std::string reason;
  std::unique_ptr<RequestHead> head = std::make_unique<RequestHead>();
  std::string bytes;

  std::string text() const {
    if (progress == Progress::need_more) return "need_more";
    if (progress == Progress::malformed) return "malformed " + reason;
    std::string all =
        std::to_string(consumed) + ' ' + std::string(head->method_text) + ' ' + std::string(head->target) +
        ' ' + std::string(head->path) + ' ' + std::string(head->query) + ' ' + std::string(head->host.host) +
        ' ' + std::to_string(head->host.port) + ' ' + std::to_string(static_cast<int>(head->version)) +
        std::to_string(static_cast<int>(head->connection)) +
        std::to_string(static_cast<int>(head->body.kind)) + ' ' + std::to_string(head->body.length) +
        std::to_string(head->expects_continue) + std::to_string(head->wants_upgrade);
    for (const Field field : head->fields)
      all += '\n' + std::string(field.name) + '=' + std::string(field.value);
    return all;
  }
};

// Gives the parser the bytes up to each of the marks in turn, each time at another address and with nothing
// readable behind them.
Parsed parse_in_pieces(std::string_view bytes, const std::vector<std::size_t>& marks,
                       RequestLimits limits = {}) {
  Parsed parsed;
  RequestParser parser(limits);
  for (const std::size_t mark : marks) {
    std::string moved(bytes.substr(0, mark));
    moved.shrink_to_fit();
    parsed.progress = parser.parse(moved, *parsed.head);
    if (parsed.progress == Progress::complete) {
      // The head's views are of the copy: keep it alive, although a move may copy short strings.
      parsed.bytes.reserve(bytes.size() + 64);
      RequestParser again(limits);
      parsed.bytes = moved;
      *parsed.head = RequestHead{};
      again.parse(parsed.bytes, *parsed.head);
    }
    if (parsed.progress != Progress::need_more) break;
  }
  parsed.consumed = parser.consumed();
  if (parsed.progress == Progress::malformed) parsed.reason = name(parser.reason());
  return parsed;
}

Parsed parse(std::string_view bytes, RequestLimits limits = {}) {
  return parse_in_pieces(bytes, {bytes.size()}, limits);
}

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

TEST(RequestParser, AsksForMoreUntilTheHeadIsWhole) {
  const std::string bytes = "GET /a?b HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n";
  for (std::size_t i = 0; i < bytes.size(); ++i)
    EXPECT_EQ(parse(bytes.substr(0, i)).text(), "need_more") << i;
  EXPECT_EQ(parse(bytes).progress, Progress::complete);
}

TEST(RequestParser, ReadsEveryPartOfAHead) {
  const Parsed parsed = parse(
      "PATCH /orders/4%202?expand=a&filter[x]=1 HTTP/1.1\r\nHOST: Api.Example:8443\r\nContent-Length: 12\r\n"
      "content-type:application/json\r\nX-Own: \t caf\xC3\xA9 \t\r\nX-Forwarded-Proto: https\r\n"
      "Gatehouse-Principal: me\r\nAccept: a\r\nAccept: b\r\nExpect: 100-continue\r\nEmpty:\r\n\r\n{\"a\": "
      "1}");
  ASSERT_EQ(parsed.progress, Progress::complete) << parsed.reason;
  const RequestHead& head = *parsed.head;
  EXPECT_EQ(head.method, Method::patch);
  EXPECT_EQ(head.method_text, "PATCH");
  EXPECT_EQ(head.target, "/orders/4%202?expand=a&filter[x]=1");
  EXPECT_EQ(head.path, "/orders/4%202");
  EXPECT_EQ(head.query, "expand=a&filter[x]=1");
  EXPECT_EQ(head.host.host, "Api.Example");
  EXPECT_EQ(head.host.port, 8443);
  EXPECT_EQ(head.body.kind, BodyKind::length);
  EXPECT_EQ(head.body.length, 12U);
  EXPECT_EQ(head.connection, Persistence::keep_alive);
  EXPECT_TRUE(head.expects_continue);
  EXPECT_FALSE(head.wants_upgrade);
  EXPECT_EQ(head.fields.value(FieldId::content_type), "application/json");
  EXPECT_EQ(head.fields.value(FieldId::authorization), std::nullopt);
  EXPECT_EQ(head.fields.value(FieldId::accept), "a");
  EXPECT_TRUE(head.fields.repeated(FieldId::accept));
  EXPECT_TRUE(head.fields.has(FieldId::x_forwarded));
  EXPECT_TRUE(head.fields.has(FieldId::gatehouse));
  EXPECT_EQ(head.fields.find("x-own").value, "caf\xC3\xA9");
  EXPECT_EQ(head.fields.find("ACCEPT").count, 2U);
  EXPECT_EQ(head.fields.find("empty").count, 1U);
  EXPECT_EQ(parsed.bytes.substr(parsed.consumed), "{\"a\": 1}");
}

TEST(RequestParser, ConnectionsStayOpenOnlyWhereTheClientLetsThem) {
  const auto connection = [](std::string_view version, std::string_view fields) {
    return parse("GET / HTTP/" + std::string(version) + "\r\nHost: a\r\n" + std::string(fields) + "\r\n")
        .head->connection;
  };
  EXPECT_EQ(connection("1.1", ""), Persistence::keep_alive);
  EXPECT_EQ(connection("1.1", "Connection: keep-alive\r\n"), Persistence::keep_alive);
  EXPECT_EQ(connection("1.1", "Connection: te, ,Close\r\n"), Persistence::close);
  EXPECT_EQ(connection("1.1", "Connection: te\r\nConnection: close\r\n"), Persistence::close);
  EXPECT_EQ(connection("1.0", ""), Persistence::close);
  EXPECT_EQ(connection("1.0", "Connection: keep-alive\r\n"), Persistence::close);
}

TEST(RequestParser, UpgradeAndExpectMeanNothingInHttp10) {
  const Parsed parsed = parse(
      "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 1\r\nUpgrade: websocket\r\nExpect: 200-ok\r\n\r\n");
  ASSERT_EQ(parsed.progress, Progress::complete);
  EXPECT_FALSE(parsed.head->wants_upgrade);
  EXPECT_FALSE(parsed.head->expects_continue);
}

TEST(RequestParser, ARequestWithoutABodyExpectsNoContinue) {
  EXPECT_FALSE(parse("GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").head->expects_continue);
}

TEST(RequestParser, PipelinedRequestsFollowOneAnother) {
  const std::string bytes =
      "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\nGET /3 HTTP/1.1\r\nHost: "
      "c\r\n\r\n";
  RequestParser parser;
  RequestHead head;
  std::string paths;
  for (std::string_view rest = bytes; !rest.empty();) {
    ASSERT_EQ(parser.parse(rest, head), Progress::complete);
    paths += head.path;
    paths += std::to_string(head.fields.size());
    rest.remove_prefix(parser.consumed());
    parser.reset();
  }
  EXPECT_EQ(paths, "/11/22/31");
}

TEST(RequestParser, LimitsHoldToTheByte) {
  const std::string bytes = "GET /abc HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  EXPECT_EQ(parse(bytes, {.head = bytes.size()}).progress, Progress::complete);
  EXPECT_EQ(parse(bytes, {.head = bytes.size() - 1}).reason, "head_too_large");
  EXPECT_EQ(parse(bytes, {.target = 4}).progress, Progress::complete);
  EXPECT_EQ(parse(bytes, {.target = 3}).reason, "target_too_long");
  EXPECT_EQ(parse(bytes, {.fields = 2}).progress, Progress::complete);
  EXPECT_EQ(parse(bytes, {.fields = 1}).reason, "too_many_fields");
  // Neither the limit nor the end of the buffer can be passed by asking for more than there is.
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nX: " + std::string(70000, 'x'), {.head = 1U << 20U}).reason,
            "head_too_large");
  std::string many = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 200; ++i) many += "A: b\r\n";
  EXPECT_EQ(parse(many, {.fields = 1000}).reason, "too_many_fields");
  // Bytes after the limit do not change the answer.
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nX: " + std::string(100, 'x') + "\n", {.head = 50}).reason,
            "head_too_large");
}

TEST(RequestParser, EveryByteValueInEveryPlaceIsTakenOrRefused) {
  const std::string pattern = "GET /p?q HTTP/1.1\r\nHost: a\r\nXy: zz\r\n\r\n";
  const auto path = pattern.find("/p") + 1, query = pattern.find('q'), field = pattern.find("Xy"),
             value = pattern.find("zz");
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const auto taken = [&](std::size_t at) {
      std::string bytes = pattern;
      bytes[at] = c;
      return parse(bytes).progress == Progress::complete;
    };
    const bool sub_delimiter = std::string_view("!$&'()*+,;=:@").find(c) != std::string_view::npos;
    EXPECT_EQ(taken(path), (is(c, kUnreserved) && c != '.') || sub_delimiter || c == '?') << byte;
    EXPECT_EQ(taken(query), is(c, kUnreserved) || sub_delimiter ||
                                std::string_view("/?[]|").find(c) != std::string_view::npos)
        << byte;
    EXPECT_EQ(taken(field), is(c, kTokenCharacter)) << byte;
    EXPECT_EQ(taken(value), !is_control(c) || c == '\t') << byte;
  }
}

TEST(RequestParser, AHugeHeadInSingleBytesCostsNoMoreThanItsLength) {
  // A scan that began anew with each byte would read 2 GB here.
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  bytes.append(60000, 'x');
  bytes += "\r\n\r\n";
  RequestParser parser({.head = 65535});
  RequestHead head;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    ASSERT_EQ(parser.parse({bytes.data(), i}, head), Progress::need_more);
    ASSERT_EQ(parser.consumed(), i) << "every byte that is there has been looked at";
  }
  EXPECT_EQ(parser.parse(bytes, head), Progress::complete);
}

TEST(Fields, EveryKnownNameIsRecognisedInAnyCaseAndNothingElseIs) {
  for (std::size_t i = 1; i < kFieldIdCount; ++i) {
    const auto id = static_cast<FieldId>(i);
    std::string text(name(id));
    if (text.empty()) continue;
    EXPECT_EQ(field_id(text), id);
    for (char& c : text) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
    EXPECT_EQ(field_id(text), id) << text;
    EXPECT_NE(field_id(text + "x"), id);
    EXPECT_EQ(field_id(text.substr(1)), text == "STE" ? FieldId::te : FieldId::other) << text;
    std::string changed = text;
    for (char& c : changed) {
      const char original = c;
      c = c == 'Q' ? 'Z' : 'Q';
      EXPECT_NE(field_id(changed), id) << changed;
      c = original;
    }
  }
  EXPECT_EQ(field_id(""), FieldId::other);
  EXPECT_EQ(field_id("x"), FieldId::other);
  EXPECT_EQ(field_id("gatehouse-"), FieldId::other);
  EXPECT_EQ(field_id("GateHouse-X"), FieldId::gatehouse);
  EXPECT_EQ(field_id("x-FORWARDED-proto"), FieldId::x_forwarded);
}

TEST(Malformed, EveryReasonHasItsOwnNameAndAClientError) {
  std::vector<std::string_view> seen;
  for (std::size_t i = 0; i < kMalformedCount; ++i) {
    const auto reason = static_cast<Malformed>(i);
    EXPECT_FALSE(name(reason).empty());
    for (const auto other : seen) EXPECT_NE(other, name(reason));
    seen.push_back(name(reason));
    EXPECT_TRUE(status(reason) == 505 || (status(reason) >= 400 && status(reason) < 500));
  }
  EXPECT_EQ(status(Malformed::target_too_long), 414);
  EXPECT_EQ(status(Malformed::head_too_large), 431);
  EXPECT_EQ(status(Malformed::expectation), 417);
}

}  // namespace
}  // namespace gatehouse::http
