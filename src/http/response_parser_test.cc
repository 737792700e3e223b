#include "http/response_parser.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

using namespace std::string_literals;

std::string outcome(std::string_view bytes, const std::vector<std::size_t>& marks,
                    Method asked = Method::get) {
  ResponseParser parser;
  ResponseHead head;
  Progress progress = Progress::need_more;
  std::string moved;
  for (const std::size_t mark : marks) {
    std::string next(bytes.substr(0, mark));
    moved.swap(next);
    progress = parser.parse(moved, asked, head);
    if (progress != Progress::need_more) break;
  }
  if (progress == Progress::need_more) return "need_more";
  if (progress == Progress::malformed) return std::string(name(parser.reason()));
  static constexpr std::string_view kKinds[] = {"none", "length", "chunked", "until_close"};
  std::string text =
      std::to_string(head.status) + ' ' + std::string(kKinds[static_cast<int>(head.body.kind)]);
  if (head.body.kind == BodyKind::length) text += ' ' + std::to_string(head.body.length);
  text += head.connection == Persistence::keep_alive ? " keep" : " close";
  return text;
}
std::string outcome(std::string_view bytes, Method asked = Method::get) {
  return outcome(bytes, {bytes.size()}, asked);
}

struct ResponseCase {
  std::string bytes;
  std::string outcome;
  Method asked = Method::get;
};

const std::vector<ResponseCase>& response_cases() {
  static const std::vector<ResponseCase> all = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 length 5 keep"},
      {"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "200 length 0 keep"},
      {"HTTP/1.1 200 OK\r\nX-Amz-Meta-user_id: 1\r\nContent-Length: 0\r\n\r\n", "200 length 0 keep"},
      {"HTTP/1.1 404 Not \xC3\xA4 there\r\nTransfer-Encoding: chunked\r\n\r\n", "404 chunked keep"},
      {"HTTP/1.1 200 OK\r\n\r\n", "200 until_close close"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", "200 length 5 close"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\n", "200 length 5 close"},
      {"HTTP/1.0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n", "200 length 5 keep"},
      {"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\n", "200 until_close close"},
      {"HTTP/1.1 204 No Content\r\n\r\n", "204 none keep"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", "204 none keep"},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", "304 none keep"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "200 none keep", Method::head},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "200 none keep", Method::head},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "100 none keep"},
      {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", "103 none keep"},
      {"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 1\r\n\r\n",
       "200 length 1 keep"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: x-own\r\n\r\n", "200 length 1 close"},
      // Start lines.
      {"HTTP/1.1 200\r\n\r\n", "status_line"},
      {"HTTP/1.1  200 OK\r\n\r\n", "status_line"},
      {"HTTP/1.1 20 OK\r\n\r\n", "status_line"},
      {"HTTP/1.1 2000 OK\r\n\r\n", "status_line"},
      {"HTTP/1.1 600 What\r\n\r\n", "status_line"},
      {"HTTP/1.1 099 What\r\n\r\n", "status_line"},
      {"HTTP/2.0 200 OK\r\n\r\n", "status_line"},
      {"HTTP/1.2 200 OK\r\n\r\n", "status_line"},
      {"http/1.1 200 OK\r\n\r\n", "status_line"},
      {"ICY 200 OK\r\n\r\n", "status_line"},
      {"\r\nHTTP/1.1 200 OK\r\n\r\n", "status_line"},
      {"<html>", "status_line"},
      {"HTTP/1.1 200 OK\nContent-Length: 1\r\n\r\n", "bare_lf"},
      {"HTTP/1.1 200 OK\rX: y\r\n\r\n", "bare_cr"},
      {"HTTP/1.1 200 O\0K\r\n\r\n"s, "control_character"},
      {"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "switching_protocols"},
      // Splitting and smuggling.
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n", "content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n", "content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "content_length"},
      {"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "content_length", Method::head},
      {"HTTP/1.1 304 Not Modified\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "content_length"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "transfer_encoding"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       "transfer_encoding"},
      {"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "transfer_encoding"},
      {"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "unexpected_body"},
      {"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", "unexpected_body"},
      {"HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n", "unexpected_body"},
      {"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "space_before_colon"},
      {"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", "obs_fold"},
      {"HTTP/1.1 200 OK\r\nX: a\nY: b\r\n\r\n", "bare_lf"},
      {"HTTP/1.1 200 OK\r\nLocation: /a\r\nLocation: /b\r\n\r\n", "repeated_field"},
      {"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Type: c/d\r\n\r\n", "repeated_field"},
  };
  return all;
}

TEST(ResponseParser, ReadsHeadsAndRefusesSplittingAndSmuggling) {
  for (const auto& known : response_cases())
    EXPECT_EQ(outcome(known.bytes, known.asked), known.outcome) << known.bytes;
}

TEST(ResponseParser, AnswersTheSameHoweverTheBytesArrive) {
  for (const auto& known : response_cases()) {
    std::vector<std::size_t> every;
    for (std::size_t i = 0; i <= known.bytes.size(); ++i) {
      EXPECT_EQ(outcome(known.bytes, {i, known.bytes.size()}, known.asked), known.outcome)
          << known.bytes << i;
      every.push_back(i);
    }
    EXPECT_EQ(outcome(known.bytes, every, known.asked), known.outcome) << known.bytes;
  }
}

TEST(ResponseParser, AnInterimHeadIsFollowedByAnother) {
  const std::string bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
  ResponseParser parser;
  ResponseHead head;
  ASSERT_EQ(parser.parse(bytes, Method::post, head), Progress::complete);
  EXPECT_TRUE(head.interim());
  const auto rest = std::string_view(bytes).substr(parser.consumed());
  parser.reset();
  ASSERT_EQ(parser.parse(rest, Method::post, head), Progress::complete);
  EXPECT_EQ(head.status, 201);
  EXPECT_EQ(head.phrase, "Created");
  EXPECT_EQ(parser.consumed(), rest.size());
}

TEST(ResponseParser, AHeadHasALimit) {
  ResponseParser parser({.head = 64});
  ResponseHead head;
  EXPECT_EQ(parser.parse("HTTP/1.1 200 OK\r\nX: " + std::string(100, 'x'), Method::get, head),
            Progress::malformed);
  EXPECT_EQ(parser.reason(), Malformed::head_too_large);
}

}  // namespace
}  // namespace gatehouse::http
