#include "http/set_cookie.h"

#include <string>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

std::string written(std::string_view field) {
  const auto cookie = parse_set_cookie(field);
  if (!cookie) return "refused";
  std::string out;
  append_set_cookie(out, *cookie);
  return out;
}

TEST(SetCookieField, IsWrittenAnewInOneSpelling) {
  EXPECT_EQ(written("theme=dark"), "theme=dark");
  EXPECT_EQ(written("a=\"b\""), "a=\"b\"");
  EXPECT_EQ(written("a="), "a=");
  EXPECT_EQ(written("a=b=c"), "a=b=c");
  EXPECT_EQ(written("a=b;path=/x;SECURE;httponly;samesite=strict;max-age=60;domain=.shop.test"),
            "a=b; Domain=shop.test; Path=/x; Max-Age=60; Secure; HttpOnly; SameSite=Strict");
  EXPECT_EQ(written("a=b; Partitioned; Secure; SameSite=NONE"), "a=b; Secure; SameSite=None; Partitioned");
  EXPECT_EQ(written("a=b; Max-Age=-1"), "a=b; Max-Age=-1");
  EXPECT_EQ(written("a=b ; Path = /x ;;"), "refused") << "a space ends no value";
  EXPECT_EQ(written("a=b; Path = /x ;;"), "a=b; Path=/x");
}

TEST(SetCookieField, HasDatesAsStandardsAndPhpWriteThem) {
  EXPECT_EQ(written("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
            "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(written("a=b; expires=Thu, 01-Jan-1970 00:00:00 GMT"),
            "a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(written("a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT"),
            "a=b; Expires=Fri, 31 Dec 9999 23:59:59 GMT");
  // An invalid date would turn a cookie that is to end into one that stays.
  for (const char* date : {"", "0", "-1", "Thu, 01-Jan 1970 00:00:00 GMT", "Thursday, 01-Jan-70 00:00:00 GMT",
                           "Thu, 01 Jan 1970 00:00:00 CET", "Thu, 32 Jan 1970 00:00:00 GMT", "1970-01-01"})
    EXPECT_EQ(written(std::string("a=b; Expires=") + date), "refused") << date;
}

TEST(SetCookieField, IsRefusedWhereReadersDisagree) {
  for (const char* field :
       {"",       "a",      "=a",         "=",      ";",        "a b=c",      "a =b",      " a=b",
        "a= b",   "a=b c",  "a=b,c",      "a=b\\c", "a=\"b",    "a=b\"",      "a=\"b;c\"", "a=\"b c\"",
        "a=b\tc", "a=\x7F", "a=\xC3\xA4", "a:b=c",  "a=b, c=d", "Path=/; =x", "{a}=b"})
    EXPECT_EQ(parse_set_cookie(field).has_value(), std::string_view(field) == "Path=/; =x") << field;
}

TEST(SetCookieField, IsRefusedWhereAKnownAttributeComesTwiceOrDoesNotParse) {
  for (const char* attributes : {"Path=/a; path=/b",
                                 "Secure; Secure",
                                 "HttpOnly; httponly",
                                 "Path",
                                 "Path=",
                                 "Path=x",
                                 "Path=\"/\"",
                                 "Path=/a b",
                                 "Path=/x,sid=evil",
                                 "Path=/a\\b",
                                 "Path=/\x80",
                                 "Domain=a:80",
                                 "Domain=[::1]",
                                 "Domain=a b",
                                 "Domain=..a",
                                 "Domain=a..b",
                                 "Domain=u@a",
                                 "Max-Age",
                                 "Max-Age=",
                                 "Max-Age=1.5",
                                 "Max-Age=+1",
                                 "Max-Age=--1",
                                 "Max-Age=1e3",
                                 "Max-Age=99999999999",
                                 "Domain=a; Domain="})
    EXPECT_EQ(written(std::string("a=b; ") + attributes), "refused") << attributes;
}

TEST(SetCookieField, LosesUnknownAttributes) {
  EXPECT_EQ(written("a=b; Version=1; Comment=\"x y\"; Priority=High; Path=/; x"), "a=b; Path=/");
  EXPECT_EQ(written("a=b; SameSite=Sometimes; Domain="), "a=b");
  EXPECT_EQ(written("a=b; Secure=false; HttpOnly=0"), "a=b; Secure; HttpOnly") << "as browsers read them";
}

TEST(SetCookieField, KeepsThePromiseOfItsPrefix) {
  EXPECT_EQ(written("__Host-a=b; Path=/; Secure"), "__Host-a=b; Path=/; Secure");
  for (const char* field : {"__Host-a=b", "__Host-a=b; Path=/x", "__host-a=b; Path=/; Domain=a.test"})
    EXPECT_EQ(written(field), "refused") << field;
  EXPECT_EQ(written("__Hos=b"), "__Hos=b");
}

TEST(SetCookieField, IsBounded) {
  EXPECT_NE(written("a=" + std::string(4094, 'x')), "refused");
  EXPECT_EQ(written("a=" + std::string(4095, 'x')), "refused");
  EXPECT_NE(written("a=b; Path=/" + std::string(1023, 'x')), "refused");
  EXPECT_EQ(written("a=b; Path=/" + std::string(1024, 'x')), "refused");
  EXPECT_EQ(written("a=b; Other=" + std::string(1025, 'x')), "refused");
}

TEST(SetCookieField, HasTheNameThatABrowserFinds) {
  EXPECT_EQ(set_cookie_name("sid=1; Path=/"), "sid");
  EXPECT_EQ(set_cookie_name(" sid\t=1"), "sid");
  EXPECT_EQ(set_cookie_name("sid; a=b"), "");
  EXPECT_EQ(set_cookie_name(""), "");
}

}  // namespace
}  // namespace gatehouse::http
