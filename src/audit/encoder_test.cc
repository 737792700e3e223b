#include "audit/encoder.h"

#include <algorithm>
#include <initializer_list>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/event_testing.h"
#include "json/parser.h"

namespace gatehouse::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string line_of(const Event& event) {
  std::string out;
  append_event(out, event);
  return out;
}

TEST(Encoder, AnEventIsTheLineOfTheContract) {
  EXPECT_EQ(
      line_of(refused_event()),
      R"({"time":"2025-11-23T10:15:04.182913Z","event.name":"request",)"
      R"("request.id":"01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11","trace.id":"0af7651916cd43dd8448eb211c80319c",)"
      R"("client.address":"203.0.113.9","http.request.method":"GET","http.route":"/orders/{id}",)"
      R"("operation":"getOrder","resource":{"id":"42"},"user.id":"partner:acme","auth.scheme":"partnerKey",)"
      R"("auth.issuer":null,"auth.credential.id":"abcdefghijkl","outcome":"refused","stage":"authorise",)"
      R"("reason":"condition_false","rule":"getOrder.when","sensitive":null,"http.response.status_code":404,)"
      R"("duration_ms":0.412,"http.request.body.size":0,"http.response.body.size":142})"
      "\n");
}

TEST(Encoder, ASensitiveOperationSaysWhatItHasBroughtAboutAndItsIntentDoesNot) {
  Event event = refused_event();
  event.effect = Effect::unknown;
  EXPECT_THAT(line_of(event), Not(HasSubstr("effect")));
  event.sensitive = "export";
  EXPECT_THAT(line_of(event), HasSubstr(R"("sensitive":"export","effect":"unknown","http.response)"));
  event.effect = Effect::none;
  EXPECT_THAT(line_of(event), HasSubstr(R"("effect":"none")"));
  event.outcome = Outcome::open;
  EXPECT_THAT(line_of(event), Not(HasSubstr("effect")));
}

TEST(Encoder, EverybodyWhoWasProvenIsNamed) {
  Event event = refused_event();
  event.issuer = "https://idp.example/";
  const Proven others[] = {{"machine:robot", "partnerCertificate", "CN=Partners", "ab12"},
                           {"x\"}],\"outcome\":\"allowed\"", "key", {}, {}}};
  event.also = others;
  EXPECT_THAT(
      line_of(event),
      HasSubstr(R"("auth.issuer":"https://idp.example/","auth.credential.id":"abcdefghijkl","auth.also":[)"
                R"({"user.id":"machine:robot","auth.scheme":"partnerCertificate",)"
                R"("auth.issuer":"CN=Partners","auth.credential.id":"ab12"},)"
                R"({"user.id":"x\"}],\"outcome\":\"allowed\"","auth.scheme":"key","auth.issuer":null,)"
                R"("auth.credential.id":null}],"outcome":"refused")"));
}

TEST(Encoder, NamesOfWhatWasDroppedAreListedAndBounded) {
  Event event = refused_event();
  std::vector<std::string> names{"X-Tenant", "cookie:a\"]", std::string(65, 'x')};
  event.dropped = names;
  EXPECT_THAT(line_of(event),
              HasSubstr(R"("resource":{"id":"42"},"http.request.dropped":["X-Tenant","cookie:a\"]",")" +
                        std::string(64, 'x') + R"(…"],"user.id":)"));
  names.assign(100, std::string(100'000, '\x01'));
  event.dropped = names;
  json::Parser parser;
  json::Document document;
  ASSERT_TRUE(parser.parse(line_of(event), document));
  std::size_t count = 0;
  for (const json::Value one : document.root().find("http.request.dropped")->elements())
    count += one.is_string() ? 1 : 0;
  EXPECT_EQ(count, kMostDropped);
}

TEST(Encoder, WhatIsNotThereIsNull) {
  Event event;
  event.has_client = false;
  const std::string line = line_of(event);
  EXPECT_THAT(line, HasSubstr(R"("time":"1970-01-01T00:00:00.000000Z")"));
  EXPECT_THAT(line, HasSubstr(R"("client.address":null,"http.request.method":null)"));
  EXPECT_THAT(line, HasSubstr(R"("http.response.status_code":null)"));
  EXPECT_THAT(line, Not(HasSubstr("detail")));
}

TEST(Encoder, NoTextCanForgeALineOrSteerATerminal) {
  const std::vector<std::string> attacks = {"x\n{\"event.name\":\"request\",\"outcome\":\"allowed\"}",
                                            "\r\n",
                                            std::string("a\0b", 3),
                                            "\x1b[2J\x1b]0;t\x07",
                                            "\x7f",
                                            "\xc2\x9b"
                                            "31m",
                                            "\xe2\x80\xae"
                                            "gnp",
                                            "\xe2\x80\xa8",
                                            "\xef\xbb\xbf",
                                            "\"},\"outcome\":\"allowed\",{\"",
                                            "\\",
                                            "\xff\xfe",
                                            "\xed\xa0\x80",
                                            "\xc0\xaf",
                                            "\xf4\x90\x80\x80",
                                            "\xe2\x82"};
  json::Parser parser;
  json::Document document;
  for (const std::string& attack : attacks) {
    Event event = refused_event();
    const Attribute attributes[] = {{"id", attack}, {attack, "v"}};
    event.method = attack;
    event.trace_id = attack;
    event.resource = attributes;
    event.query = attributes;
    event.user_id = attack;
    event.detail = event.said = attack;
    event.route = attack;
    const std::string line = line_of(event);
    EXPECT_EQ(std::ranges::count(line, '\n'), 1);
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      ASSERT_GE(static_cast<unsigned char>(line[i]), 0x20) << attack;
      ASSERT_NE(line[i], '\x7f');
    }
    for (const char* deceiver : {"\xc2\x9b", "\xe2\x80\xae", "\xe2\x80\xa8", "\xef\xbb\xbf"}) {
      EXPECT_THAT(line, Not(HasSubstr(deceiver)));
    }
    ASSERT_TRUE(parser.parse(line, document)) << line;
    EXPECT_EQ(document.root().find_string("outcome"), "refused");
  }
}

TEST(Encoder, AByteThatIsEscapedIsFoundWhereverItStands) {
  for (std::size_t size = 1; size <= 50; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      for (const char odd : {'"', '\\', '\n', '\0', '\x1f', '\x7f', '\x80', '\xff'}) {
        std::string rule(size, 'r');
        rule[at] = odd;
        Event event = refused_event();
        event.rule = rule;
        const std::string line = line_of(event);
        json::Document document;
        ASSERT_TRUE(json::Parser().parse(line, document)) << line;
        std::string expected = rule;
        if (static_cast<unsigned char>(odd) >= 0x80) expected.replace(at, 1, "\xef\xbf\xbd");
        EXPECT_EQ(document.root().find_string("rule"), expected) << size << " " << at;
        EXPECT_FALSE(line.contains('\x7f')) << size << " " << at;
      }
    }
  }
}

TEST(Encoder, TextOfOtherAlphabetsStaysReadable) {
  Event event = refused_event();
  event.user_id = "Zoë 東京 😀";
  EXPECT_THAT(line_of(event), HasSubstr("\"user.id\":\"Zoë 東京 😀\""));
}

TEST(Encoder, NoCredentialOfTheRequestIsInTheDetailOfItsEvent) {
  const std::string key = "gh_abcdefghijkl_0123456789ABCDEFGHIJKLMNOPQRSTUVWx6Zt1Q";
  const std::string hostile = "s3\"cr\\et\n\xff";
  const std::string_view credentials[] = {"", key, hostile};
  for (const std::string& credential : {key, hostile}) {
    const std::pair<std::string, std::string> said[] = {
        {credential, "[redacted]"},
        {"before " + credential + " after", "before [redacted] after"},
        {credential + credential, "[redacted][redacted]"}};
    for (const auto& [text, written] : said) {
      Event event = refused_event();
      event.credentials = credentials;
      event.said = text;
      const std::string line = line_of(event);
      EXPECT_THAT(line, Not(HasSubstr(credential)));
      EXPECT_THAT(line, Not(HasSubstr("0123456789ABC")));
      EXPECT_THAT(line, Not(HasSubstr("cr\\\\et")));
      EXPECT_THAT(line, HasSubstr("\"detail\":\"" + written + "\"}"));
    }
  }
}

TEST(Encoder, NoCredentialIsInADetailInAnotherSpelling) {
  const std::string_view credentials[] = {"s3cr/et=\"x\""};
  const std::pair<std::string_view, std::string_view> said[] = {
      {"s3cr%2Fet=%22x%22", "[redacted]"}, {"s3cr%2fet%3d%22x%22", "[redacted]"},
      {"%733cr/et=\"x\"", "[redacted]"},   {"a%s3cr%2Fet=%22x%22%", "a%[redacted]%"},
      {R"(s3cr/et=\"x\")", "[redacted]"},  {R"({"k":"s3cr\/et=\u0022x\u0022"})", R"({\"k\":\"[redacted]\"})"},
      {R"(\s3cr/et=\"x\")", "[redacted]"}};
  for (const auto& [spelled, written] : said) {
    Event event = refused_event();
    event.credentials = credentials;
    event.said = spelled;
    EXPECT_THAT(line_of(event), HasSubstr("\"detail\":\"" + std::string(written) + "\"}")) << spelled;
  }
  // A text that only looks like an encoding stays as it is.
  Event event = refused_event();
  event.credentials = credentials;
  event.said = "100% of \\ and %zz and %2";
  EXPECT_THAT(line_of(event), HasSubstr(R"("detail":"100% of \\ and %zz and %2")"));
}

TEST(Encoder, NoCredentialTakesGatehousesOwnWordsOutOfTheDetail) {
  const std::string_view credentials[] = {"the upstream closed the connection", "closed",
                                          "the handler said: n", ": "};
  Event event = refused_event();
  event.credentials = credentials;
  event.detail = "the upstream closed the connection";
  EXPECT_THAT(line_of(event), HasSubstr(R"("detail":"the upstream closed the connection"})"));
  event.said = "closed for today";
  EXPECT_THAT(line_of(event),
              HasSubstr(R"("detail":"the upstream closed the connection: [redacted] for today"})"));
  event.detail = {};
  EXPECT_THAT(line_of(event), HasSubstr(R"("detail":"[redacted] for today"})"));
}

TEST(Encoder, ACredentialThatOnlyTheEscapingWouldFormIsRedactedToo) {
  const std::string_view credentials[] = {"abc\\u000adef"};
  Event event = refused_event();
  event.credentials = credentials;
  event.said = "abc\ndef";
  EXPECT_THAT(line_of(event), HasSubstr(R"("detail":"[redacted]"})"));
}

TEST(Encoder, ACallerCannotRemoveTheFactsByNamingThemAsItsCredential) {
  for (const std::string_view fact :
       {"GET", "42", "0af7651916cd43dd8448eb211c80319c", "open", "getOrder", "/orders/{id}",
        "condition_false", "refused", "2025", "203.0", "{", "\"", "partner:acme", "abcdefghijkl", "a"}) {
    Event event = refused_event();
    const Attribute query[] = {{"status", "open"}};
    event.query = query;
    event.credentials = {&fact, 1};
    const std::string line = line_of(event);
    EXPECT_THAT(line, HasSubstr(R"("trace.id":"0af7651916cd43dd8448eb211c80319c")"));
    EXPECT_THAT(line, HasSubstr(R"("resource":{"id":"42"},"query":{"status":"open"})"));
    EXPECT_THAT(
        line,
        HasSubstr(
            R"("user.id":"partner:acme","auth.scheme":"partnerKey","auth.issuer":null,"auth.credential.id":"abcdefghijkl")"));
    EXPECT_THAT(
        line, HasSubstr(R"("http.request.method":"GET","http.route":"/orders/{id}","operation":"getOrder")"));
    EXPECT_THAT(line, HasSubstr(R"("reason":"condition_false")"));
    EXPECT_THAT(line, HasSubstr(R"("client.address":"203.0.113.9")"));
  }
}

TEST(Encoder, LongTextsAndManyAttributesAreCutAtACharacter) {
  Event event = refused_event();
  const std::string text(100'000, '\x01');
  std::string accents;
  for (int i = 0; i < 1000; ++i) accents += "é";
  accents.insert(0, "x");
  std::vector<std::string> names;
  for (int i = 0; i < 100; ++i) names.push_back(std::to_string(i) + text);
  std::vector<Attribute> attributes;
  for (const std::string& name : names) attributes.push_back({name, text});
  event.name = event.request_id = event.trace_id = event.method = event.route = event.operation =
      event.user_id = text;
  event.scheme = event.issuer = event.credential_id = event.reason = event.rule = event.sensitive =
      event.upstream = event.detail = event.said = text;
  event.resource = event.query = attributes;
  const std::vector<Proven> proven(100, Proven{text, text, text, text});
  event.also = proven;
  json::Parser parser;
  json::Document document;
  ASSERT_TRUE(parser.parse(line_of(event), document));
  event = refused_event();
  event.user_id = accents;
  ASSERT_TRUE(parser.parse(line_of(event), document));
  EXPECT_THAT(*document.root().find_string("user.id"), ::testing::EndsWith("é…"));
}

TEST(Encoder, LinesFollowEachOtherInOneBuffer) {
  std::string out = "kept\n";
  for (int i = 0; i < 300; ++i) append_event(out, refused_event());
  EXPECT_EQ(out.size(), 5 + 300 * line_of(refused_event()).size());
}

TEST(Scrub, ABeginningAtTheEndIsReplacedFromEightBytesOn) {
  const std::string_view credentials[] = {"abcdefgh/jklmnop"};
  for (const auto& [text, clean] : std::initializer_list<std::pair<std::string, std::string>>{
           {"a abcdefgh/jklmno", "a [redacted]"},
           {"a abcdefgh", "a [redacted]"},
           {"a abcdefg", "a abcdefg"},
           {"abcdefgh/jklmnop abcdefgh/", "[redacted] [redacted]"},
           {"a abcdefgh%2Fjkl", "a [redacted]"},
           {"a abcdefgh%2", "a [redacted]"},
           {"a abcdefgh%", "a [redacted]"},
           {R"(a abcdefgh\/jk)", "a [redacted]"},
           {R"(a abcdefgh\)", "a [redacted]"},
           {R"(a abcdefgh\u002)", "a [redacted]"},
           {"a abcdefgh b", "a abcdefgh b"}}) {
    std::string scrubbed = text;
    scrub(scrubbed, credentials);
    EXPECT_EQ(scrubbed, clean) << text;
  }
}

TEST(Scrub, EveryRunIsReplaced) {
  const std::string_view credentials[] = {"", "token", "key"};
  std::string text = "token a tokentoken key toke";
  scrub(text, credentials);
  EXPECT_EQ(text, "[redacted] a [redacted][redacted] [redacted] toke");
}

}  // namespace
}  // namespace gatehouse::audit
