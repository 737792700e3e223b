#include "http/request_parser.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "http/characters.h"
#include "http/testing.h"

namespace gatehouse::http {
namespace {

using testing::parse;
using testing::Parsed;

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
