#include "http/uri.h"

#include <gtest/gtest.h>

#include "http/query.h"

namespace gatehouse::http {
namespace {

TEST(Url, HasEveryPartWithItsDefault) {
  const auto url = parse_url("HTTPS://Idp.Example.com/keys.json?a=b");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, Scheme::https);
  EXPECT_EQ(url->host, "idp.example.com");
  EXPECT_EQ(url->port, 443);
  EXPECT_EQ(url->path, "/keys.json");
  EXPECT_EQ(url->query, "a=b");
  EXPECT_EQ(url->origin(), "https://idp.example.com");
  EXPECT_EQ(parse_url("http://a")->path, "/");
  EXPECT_EQ(parse_url("http://a?b")->query, "b");
  EXPECT_EQ(parse_url("http://127.0.0.1:3000")->authority(), "127.0.0.1:3000");
  EXPECT_EQ(parse_url("http://[::1]:80/")->authority(), "[::1]");
  EXPECT_EQ(parse_url("https://[::1]:80/")->authority(), "[::1]:80");
}

TEST(Url, OtherUrlsAreRefused) {
  for (const char* text : {"",
                           "http:",
                           "http://",
                           "http:///a",
                           "https:/a",
                           "ftp://a",
                           "a",
                           "//a",
                           "http://u@a",
                           "http://u:p@a",
                           "http://a:x",
                           "http://a:",
                           "http://a:0",
                           "http://a:65536",
                           "http://a/#f",
                           "http://a#f",
                           "http://a/../b",
                           "http://a/b//c",
                           "http://a/%2f",
                           "http://a/%zz",
                           "http://a/ b",
                           "http://a/\xC3\xA9",
                           "http://a b/",
                           " http://a",
                           "http://a\\b",
                           "http://[::1",
                           "http://::1/",
                           "http://a/?[",
                           "http://127.1/",
                           "http://0x7f.0.0.1/"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(PercentEncoding, IsUndoneOnce) {
  EXPECT_EQ(percent_decoded("a%20b+c%2541"), "a b+c%41");
  EXPECT_EQ(percent_decoded("%00%ff%FF"), std::string("\0\xFF\xFF", 3));
  for (const char* text : {"%", "%1", "%g0", "%0g", "a%", "%%20", "% 1"})
    EXPECT_FALSE(percent_decoded(text)) << text;
  EXPECT_EQ(percent_encoded("a b/\xC3\xA9~"), "a%20b%2F%C3%A9~");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
}

TEST(PercentEncoding, OfOneTextHasOneSpelling) {
  const auto normalized = [](std::string_view text) {
    std::string out = "/";
    append_normalized(out, text);
    return out;
  };
  EXPECT_EQ(normalized(""), "/");
  EXPECT_EQ(normalized("a,b[0]=c+d"), "/a,b[0]=c+d");
  EXPECT_EQ(normalized("%61%7e%2D%c3%a9%2c,%00"), "/a~-%C3%A9%2C,%00");
  EXPECT_EQ(normalized("%2541%25%36%31"), "/%2541%2561") << "decoded once";
  for (int i = 0; i < 256; ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    const std::string sent{'%', kDigits[i / 16], kDigits[i % 16], '4', '1'};
    const std::string once = normalized(sent).substr(1);
    EXPECT_EQ(percent_decoded(once), percent_decoded(sent)) << sent;
    EXPECT_EQ(normalized(once).substr(1), once);
  }
}

TEST(QueryPairs, AreGivenRawAndInOrder) {
  const auto pairs = [](std::string_view query) {
    std::string text;
    for (const QueryPair& pair : QueryPairs(query)) {
      text += '(' + std::string(pair.name) + (pair.has_equals ? "=" : "") + std::string(pair.value) + ')';
    }
    return text;
  };
  EXPECT_EQ(pairs(""), "");
  EXPECT_EQ(pairs("a=1&b&c=&a=%26"), "(a=1)(b)(c=)(a=%26)");
  EXPECT_EQ(pairs("a=b=c"), "(a=b=c)");
  EXPECT_EQ(pairs("a&&b&"), "(a)()(b)()");
  EXPECT_EQ(pairs("&"), "()()");
  EXPECT_EQ(pairs("=x"), "(=x)");
  EXPECT_EQ(pairs("a;b=1"), "(a;b=1)");
}

}  // namespace
}  // namespace gatehouse::http
