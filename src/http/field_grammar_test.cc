#include "http/field_grammar.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

// The forwarded part of a value; "-" if there is none.
std::string kept_of(FieldGrammar grammar, std::string_view value) {
  std::string part;
  switch (keep(grammar, value, part)) {
    case Kept::whole: EXPECT_EQ(part, ""); return std::string(value);
    case Kept::part: return part;
    case Kept::nothing: EXPECT_EQ(part, ""); return "-";
  }
  return "?";
}

void all_go_on(FieldGrammar grammar, std::initializer_list<std::string_view> values) {
  for (const std::string_view value : values) EXPECT_EQ(kept_of(grammar, value), value);
}
void none_goes_on(FieldGrammar grammar, std::initializer_list<std::string_view> values) {
  for (const std::string_view value : values) EXPECT_EQ(kept_of(grammar, value), "-") << value;
}

std::string repeated(std::string_view text, int times, std::string_view between = "") {
  std::string out;
  for (int i = 0; i < times; ++i) out.append(i == 0 ? "" : between).append(text);
  return out;
}

TEST(FieldGrammar, AcceptIsAListOfMediaRangesWithWeights) {
  // RFC 9110 section 12.5.1 and the values of real clients.
  all_go_on(
      FieldGrammar::accept,
      {"audio/*; q=0.2, audio/basic", "text/plain; q=0.5, text/html,\ttext/x-dvi; q=0.8, text/x-c",
       "text/*, text/plain, text/plain;format=flowed, */*", "*/*", "application/json",
       "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
       "application/signed-exchange;v=b3;q=0.7",
       "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/json;profile=\"a, b\"",
       "a/b,,c/d"});
  none_goes_on(FieldGrammar::accept,
               {"", ",", "json", "*/json", "${jndi:ldap://x}", "a/b;q=2", "a/b;q=0.1234", "a/b;q=1.5",
                "a/b;q=", "a/b;", "a/b;c", "a/b;c=\"d", "a/", "/b", "a/b/c", "<script>/x", "a/b;c=\"\\\"\""});
  EXPECT_EQ(kept_of(FieldGrammar::accept, "a/b, ${x}, c/d;q=0.1"), "a/b, c/d;q=0.1");
  EXPECT_EQ(kept_of(FieldGrammar::accept, repeated("a/b", 40, ",")), repeated("a/b", 32, ", "));
}

TEST(FieldGrammar, WeightedTokensAndLanguages) {
  all_go_on(FieldGrammar::tokens_weighted,
            {"gzip, deflate, br, zstd", "compress, gzip", "*", "compress;q=0.5, gzip;q=1.0",
             "gzip;q=1.0, identity; q=0.5, *;q=0", "utf-8, iso-8859-1;q=0.8"});
  none_goes_on(FieldGrammar::tokens_weighted, {"", "g zip", "gzip;x=1", "\"gzip\"", "gzip;q=a"});
  EXPECT_EQ(kept_of(FieldGrammar::tokens_weighted, "gzip, {x}"), "gzip");

  all_go_on(FieldGrammar::languages,
            {"da, en-gb;q=0.8, en;q=0.7", "de-CH-1996", "*", "en-US,en;q=0.5", "sl-*-rozaj", "zh-Hant"});
  none_goes_on(FieldGrammar::languages,
               {"", "e_n", "123", "abcdefghi", "en-", "-en", "../../etc", "en;q=7", "en-abcdefghi"});
  EXPECT_EQ(kept_of(FieldGrammar::languages, "en, ../../x, de"), "en, de");

  all_go_on(FieldGrammar::language_tags, {"da", "mi, en", "de-CH"});
  none_goes_on(FieldGrammar::language_tags, {"*", "en;q=0.1", "en, ..", ""});
}

TEST(FieldGrammar, EntityTagsAreForwardedWholeOrNotAtAll) {
  all_go_on(FieldGrammar::entity_tags,
            {"\"xyzzy\"", "W/\"xyzzy\"", "\"\"", "\"xyzzy\", \"r2d2xxxx\", \"c3piozzzz\"", "*",
             "W/\"a\", \"b,c\"", "686897696a7c876b7e", "\"a\\b\"", "\"\xc3\xa4\""});
  none_goes_on(FieldGrammar::entity_tags, {"", "\"a", "a\"", "w/\"a\"", "\"a\" \"b\"", "*, \"a\"", "\"a\", b",
                                           "a, b", "\"a b\"", "${jndi:x}"});
  EXPECT_EQ(kept_of(FieldGrammar::entity_tags, repeated("\"a\"", 16, ", ")), repeated("\"a\"", 16, ", "));
  none_goes_on(FieldGrammar::entity_tags, {repeated("\"a\"", 17, ", ")});
}

TEST(FieldGrammar, DatesHaveThreeForms) {
  all_go_on(FieldGrammar::date, {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                                 "Sun Nov  6 08:49:37 1994", "Thu, 29 Feb 2024 23:59:60 GMT"});
  none_goes_on(
      FieldGrammar::date,
      {"", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 UTC", "sun, 06 Nov 1994 08:49:37 GMT",
       "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 31 Jun 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
       "Sunday, 06 Nov 1994 08:49:37 GMT", "Sun, 06-Nov-94 08:49:37 GMT", "Sun Nov 06 08:49:37 1994",
       "1994-11-06T08:49:37Z", "Sun, 06 Nov 94 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT"});
  all_go_on(FieldGrammar::tag_or_date, {"\"a\"", "Sun, 06 Nov 1994 08:49:37 GMT"});
  none_goes_on(FieldGrammar::tag_or_date, {"*", "\"a\", \"b\"", "a", "W/\"a\"", "w/\"a\""});
}

TEST(FieldGrammar, RangesAreBytesAndFew) {
  all_go_on(FieldGrammar::byte_ranges,
            {"bytes=0-499", "bytes=500-999", "bytes=-500", "bytes=9500-", "bytes=0-0,-1",
             "bytes= 0-999, 4500-5499, -1000", "BYTES=0-1", "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7"});
  none_goes_on(FieldGrammar::byte_ranges,
               {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "items=0-1", "bytes=a-b", "bytes =0-1",
                "bytes=0-0,1-1,2-2,3-3,4-4,5-5,6-6,7-7,8-8", "bytes=0-1,x", "bytes=0-9999999999999999999",
                "bytes=0-1,", "bytes=,0-1", "bytes=0-1,,2-3", "bytes=0-1, ,2-3", "bytes=0-1, "});
}

TEST(FieldGrammar, ProductsAreTheNamesOfClients) {
  all_go_on(FieldGrammar::products,
            {"curl/7.88.1", "CERN-LineMode/2.15 libwww/2.17b3",
             "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 "
             "Safari/537.36",
             "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
             "python-requests/2.28.1", "axios/1.7.9", "undici", "node", "Go-http-client/1.1", "Java/17.0.9",
             "okhttp/4.12.0", "Dalvik/2.1.0 (Linux; U; Android 9; SM-G960F Build/PPR1)",
             "kubectl/v1.26 (linux/amd64) kubernetes/8f94681", "My%20App/1 CFNetwork/1408.0.4 Darwin/22.5.0",
             "Apache-HttpClient/4.5.13 (Java/11.0.9)", "a (b (c (d)))"});
  none_goes_on(FieldGrammar::products,
               {"", "${jndi:ldap://x}", "() { :;}", "Mozilla/5.0 (${jndi:ldap://x/a})", "a (<script>)", "a/",
                "/a", "a (b", "a b)", "(a)", "a  (b\x01)", "a, b", "a\xc3\xa4", "a (b\\)c)", "a (((((b)))))",
                repeated("a", 1025)});
}

TEST(FieldGrammar, OriginsAndFetchMetadataAreClosed) {
  all_go_on(FieldGrammar::origin, {"null", "https://example.com", "http://a:8080", "https://[::1]:443",
                                   "app://-", "chrome-extension://abc"});
  none_goes_on(FieldGrammar::origin,
               {"", "https://example.com/", "https://a b", "https://a, https://b", "//a", "https://u@a",
                "https://a:123456", "1a://b", "javascript:alert(1)", "NULL"});
  all_go_on(FieldGrammar::fetch_site, {"cross-site", "same-origin", "same-site", "none"});
  none_goes_on(FieldGrammar::fetch_site, {"", "Same-Origin", "same-origin, none", "x"});
  all_go_on(FieldGrammar::fetch_mode, {"cors", "navigate", "no-cors", "same-origin", "websocket"});
  none_goes_on(FieldGrammar::fetch_mode, {"same-site", "CORS"});
  all_go_on(FieldGrammar::fetch_dest, {"empty", "document", "serviceworker"});
  none_goes_on(FieldGrammar::fetch_dest, {"", "nothing"});
  all_go_on(FieldGrammar::fetch_user, {"?1"});
  none_goes_on(FieldGrammar::fetch_user, {"?0", "1"});
  all_go_on(FieldGrammar::gpc, {"1"});
  none_goes_on(FieldGrammar::gpc, {"0", "1 "});
  all_go_on(FieldGrammar::requested_with, {"XMLHttpRequest"});
  none_goes_on(FieldGrammar::requested_with, {"xmlhttprequest", "com.example.app"});
}

TEST(FieldGrammar, DirectivesPreferencesDigestsAndPriority) {
  all_go_on(FieldGrammar::directives, {"no-cache", "max-age=0, no-store", "private=\"a, b\"", "max-stale"});
  EXPECT_EQ(kept_of(FieldGrammar::directives, "no-cache, ${x}, max-age=1"), "no-cache, max-age=1");
  all_go_on(FieldGrammar::preferences, {"respond-async, wait=10", "return=minimal; foo=\"some parameter\"",
                                        "handling=lenient", "a;b;c=d"});
  none_goes_on(FieldGrammar::preferences, {"", "a b", "=a", "a;"});
  all_go_on(FieldGrammar::digests,
            {"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:", "sha-256=:YQ==:, sha-512=:Yg==:"});
  none_goes_on(FieldGrammar::digests,
               {"", "sha-256=abc", "sha-256=:a", "SHA-256=:YQ==:", "sha-256=1",
                "sha-256=:YQ==:;x=\"${jndi:ldap://x}\"", "sha-256=:" + repeated("YQ==", 300) + ":"});
  all_go_on(FieldGrammar::priority, {"u=1", "i", "u=5, i", "i=?0"});
  none_goes_on(FieldGrammar::priority, {"u=8", "u=-1", "u=a", "i=1", "u=(1)", "U=1", "x=\"${jndi:ldap://x}\"",
                                        "u=1, " + repeated("x,", 600) + "y"});
  EXPECT_EQ(kept_of(FieldGrammar::priority, "u=0,  x=\"() { :;}\", i;y=\"<b>\""), "u=0, i");
  all_go_on(FieldGrammar::tokens, {"content-type, x-a"});
  EXPECT_EQ(kept_of(FieldGrammar::tokens, "a, b c"), "a");
  all_go_on(FieldGrammar::token, {"PATCH"});
  none_goes_on(FieldGrammar::token, {"A B", ""});
  all_go_on(FieldGrammar::text, {"event 7", "\xc3\xa4"});
  none_goes_on(FieldGrammar::text, {"\x01", "\xc3", repeated("a", 1025)});
}

TEST(FieldGrammar, TraceStateAndBaggageAreListsOfPairs) {
  all_go_on(FieldGrammar::trace_state, {"rojo=00f067aa0ba902b7", "rojo=1, congo=t61rcWkgMzE",
                                        "fw529a3039@dt=FfffffeA", "a=b c", repeated("a=b", 32, ",")});
  none_goes_on(FieldGrammar::trace_state,
               {"", "a", "=b", "A=b", "1a=b", "a=", "a=b=c", "@a=b", "a@=b", "a@1b=c", "a=\x7f",
                repeated("a", 257) + "=b", "a=" + repeated("b", 257)});
  EXPECT_EQ(kept_of(FieldGrammar::trace_state, "a=1,${x}, b=2"), "a=1, b=2");
  EXPECT_EQ(kept_of(FieldGrammar::trace_state, repeated("a=b", 33, ",")), repeated("a=b", 32, ", "));

  all_go_on(FieldGrammar::baggage, {"userId=alice", "a=1;p, b = 2 ; p = 3;q", "a=", "a=x%20y=z",
                                    "a=b;c=", repeated("k=v", 64, ",")});
  none_goes_on(FieldGrammar::baggage, {"", "a", "=b", "a b=c", "a=b c", "a=\"b\"", "a=b;", "a=b;;c", "a=b;=c",
                                       "a=b\\c", "a=\x80", "a=b;c d", "\x01=b"});
  EXPECT_EQ(kept_of(FieldGrammar::baggage, "a=1, ${x}, b=() { :;}, c=3"), "a=1, c=3");
  EXPECT_EQ(kept_of(FieldGrammar::baggage, repeated("k=v", 65, ",")), repeated("k=v", 64, ", "));
}

TEST(FieldGrammar, BaggageHasEightKibibytes) {
  const std::string half = "a=" + repeated("x", 4093);  // 4095
  EXPECT_EQ(kept_of(FieldGrammar::baggage, half + "," + half + "x"), half + "," + half + "x") << "8192 bytes";
  EXPECT_EQ(kept_of(FieldGrammar::baggage, half + "," + half + "xx"), half) << "8193 bytes";
  EXPECT_EQ(kept_of(FieldGrammar::baggage, half + "," + half + ",b=1"), half + "," + half)
      << "as far as it goes";
  none_goes_on(FieldGrammar::baggage, {"a=" + repeated("x", 8191)});
}

}  // namespace
}  // namespace gatehouse::http
