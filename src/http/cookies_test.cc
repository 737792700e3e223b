#include "http/cookies.h"

#include <string>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

std::string read_cookies(std::string_view text) {
  std::string all;
  CookieReader reader(text);
  while (const auto cookie = reader.next())
    all += '(' + std::string(cookie->name) + '=' + std::string(cookie->value) + ')';
  return reader.malformed() ? "malformed" : all;
}

TEST(Cookies, AreReadInOrder) {
  EXPECT_EQ(read_cookies("a=b"), "(a=b)");
  EXPECT_EQ(read_cookies("a=b; c=; __Host-s=\"x=y\""), "(a=b)(c=)(__Host-s=x=y)");
  EXPECT_EQ(read_cookies("a=\""), "malformed");
}

TEST(Cookies, WhatIsNoCookieIsRefused) {
  for (const char* text : {"",         "a",     "=a",         "a=b;",   "a=b; ",     "a=b;c=d",  "a=b;  c=d",
                           "a=b, c=d", "a=b c", "a=\"b",      "a=b\"c", "a=b\\c",    " a=b",     "a =b",
                           "a=b; c",   "a(=b",  "a=\xC3\xA9", "a=b\tc", "a=b;\tc=d", "a=b;; c=d"}) {
    EXPECT_EQ(read_cookies(text), "malformed") << text;
  }
}

TEST(Cookies, ANameThatComesTwiceIsRefused) {
  std::string_view value;
  EXPECT_EQ(find_cookie("a=1; b=2; c=3", "b", value), CookieLookup::found);
  EXPECT_EQ(value, "2");
  EXPECT_EQ(find_cookie("a=1; b=2", "B", value), CookieLookup::absent);
  EXPECT_EQ(find_cookie("a=1; b=2; a=3", "a", value), CookieLookup::refused);
  EXPECT_EQ(find_cookie("a=1; b", "a", value), CookieLookup::refused);
}

}  // namespace
}  // namespace gatehouse::http
