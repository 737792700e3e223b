#include "http/cookies.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

constexpr std::string_view kForms[] = {"octets", "quoted", "items", "odd", "not_a_pair"};

// `(name=value)form` for each piece.
std::string read_cookies(std::string_view text) {
  std::string all;
  CookieReader reader(text);
  while (const auto cookie = reader.next()) {
    all += '(' + std::string(cookie->name) + '=' + std::string(cookie->value) + ')';
    if (cookie->form != CookieForm::octets) all += kForms[static_cast<std::size_t>(cookie->form)];
  }
  return all;
}

TEST(Cookies, AreReadInOrder) {
  EXPECT_EQ(read_cookies("a=b"), "(a=b)");
  EXPECT_EQ(read_cookies("a=b; c=; __Host-s=\"x=y\""), "(a=b)(c=)(__Host-s=x=y)quoted");
}

TEST(Cookies, AValueThatReadersDisagreeAboutSaysSo) {
  EXPECT_EQ(read_cookies("a=b c; d=e"), "(a=b c)odd(d=e)");
  EXPECT_EQ(read_cookies("a=b x=y"), "(a=b x=y)odd");
  EXPECT_EQ(read_cookies("a=b\tx=y"), "(a=b\tx=y)odd");
  EXPECT_EQ(read_cookies("a=b,x=y"), "(a=b,x=y)odd");
  EXPECT_EQ(read_cookies("a=b,,x=y"), "(a=b,,x=y)odd");
  EXPECT_EQ(read_cookies("a=1,2"), "(a=1,2)items");
  EXPECT_EQ(read_cookies("a=x=1,2"), "(a=x=1,2)items");
  EXPECT_EQ(read_cookies("a=1,2 x=y"), "(a=1,2 x=y)odd");
  EXPECT_EQ(read_cookies("a=\"b; x=y; c=\"d"), "(a=\"b)odd(x=y)(c=\"d)odd");
  EXPECT_EQ(read_cookies("a=\"b\\\"; x=y\""), "(a=\"b\\\")odd(x=y\")odd");
  EXPECT_EQ(read_cookies("a=\"b c\""), "(a=\"b c\")odd");
  for (const char* text : {"a=\"", "a=\"b", "a=b\"c", "a=b\\c", "a=\xC3\xA9", "a=b\x7F"})
    EXPECT_EQ(read_cookies(text), "(a=" + std::string(text + 2) + ")odd") << text;
}

TEST(Cookies, APieceThatIsNotAPairIsNotACookie) {
  for (const char* text : {"", "a", "=a", " a=b", "a =b", "a(=b", "\ta=b", ";"})
    EXPECT_TRUE(read_cookies(text).starts_with("(=)not_a_pair")) << text;
  EXPECT_EQ(read_cookies("a=b;"), "(a=b)(=)not_a_pair");
  EXPECT_EQ(read_cookies("a=b; "), "(a=b)(=)not_a_pair");
  EXPECT_EQ(read_cookies("a=b;c=d; e=f"), "(a=b)(=)not_a_pair(e=f)");
  EXPECT_EQ(read_cookies("a=b;  c=d"), "(a=b)(=)not_a_pair");
  EXPECT_EQ(read_cookies("a=b;\tc=d"), "(a=b)(=)not_a_pair");
  EXPECT_EQ(read_cookies("a=b;; c=d"), "(a=b)(=)not_a_pair(c=d)");
}

TEST(Cookies, EachPieceIsThereAsItWasSent) {
  std::vector<std::string_view> pieces;
  CookieReader reader("a=\"b\"; c; ;d=e; f=");
  while (const auto cookie = reader.next()) pieces.push_back(cookie->piece);
  EXPECT_EQ(pieces, (std::vector<std::string_view>{"a=\"b\"", "c", "", "d=e", "f="}));
}

TEST(Cookies, AValueIsWrittenDecodedWhereEveryReaderFindsTheSame) {
  const auto agreed = [](std::string_view value) {
    std::string out = "x";
    return append_agreed_value(out, value) ? out : out + "?";
  };
  EXPECT_EQ(agreed(""), "x");
  EXPECT_EQ(agreed("lig%68t"), "xlight");
  EXPECT_EQ(agreed("a%3Db%23"), "xa=b#");
  EXPECT_EQ(agreed("1,2%33"), "x1,23");
  EXPECT_EQ(agreed("a=1,2"), "xa=1,2");
  for (const char* value :
       {"a+b",    "a%2Bb", "a%2bb", "a%20b", "a%25b", "%2561", "a%22b", "a%3Bb", "a%2Cb",   "a%5Cb",
        "%C3%A9", "%00",   "%7F",   "%0a",   "%",     "a%4",   "%zz",   "%+1",   "1,b%3D2", "b%3D1,2"})
    EXPECT_EQ(agreed(value), "x?") << value;
}

TEST(Cookies, ACredentialIsLookedForInAProperFieldOnly) {
  std::string_view value;
  for (const char* text :
       {"", "a", "a=b;", "a=b; ", "a=b;c=d", "a=b, c=d", "a=b c", "a=\"b", "a=b\"c", "a=b,c"})
    EXPECT_EQ(find_cookie(text, "s", value), CookieLookup::refused) << text;
  EXPECT_EQ(find_cookie("a=b; s=\"x\"", "s", value), CookieLookup::found);
  EXPECT_EQ(value, "x");
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
