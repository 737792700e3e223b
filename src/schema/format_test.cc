#include "schema/format.h"

#include <initializer_list>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace gatehouse::schema {
namespace {

using Texts = std::initializer_list<std::string_view>;

void expect(std::string_view format, Texts good, Texts bad) {
  const Format* const known = find_format(format);
  ASSERT_NE(known, nullptr) << format;
  for (const std::string_view text : good) EXPECT_TRUE(known->check(text)) << format << ": " << text;
  for (const std::string_view text : bad) EXPECT_FALSE(known->check(text)) << format << ": " << text;
}

TEST(Format, LeapSecondsAreTheLastOfAMonthInUtc) {
  expect(
      "date-time",
      {"1998-12-31T23:59:60Z", "1998-12-31T15:59:60.123-08:00", "1999-01-01T00:59:60+01:00",
       "2024-02-29T00:00:00z", "2016-07-01t08:59:60+09:00"},
      {"1998-12-31T23:58:60Z", "1998-12-31T22:59:60Z", "1998-12-30T23:59:60Z", "1998-12-31T23:59:61Z",
       "2023-02-29T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01 00:00:00Z", "2024-01-01T00:00:00",
       "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+0100",
       "2024-1-01T00:00:00Z", "+2024-01-01T00:00:00Z", "", "2024-13-01T00:00:00Z", "1999-01-01T00:59:60Z"});
  expect("time", {"23:59:60Z", "00:29:60+00:30", "12:00:00.5-01:00"},
         {"23:59:60+01:00", "12:00Z", "12:00:00", "1:00:00Z", "12:00:00 Z"});
  expect("date", {"2024-02-29", "0000-01-01"},
         {"2023-02-29", "1900-02-29", "2024-00-01", "2024-04-31", "2024-4-30", "20240430",
          "2024-04-3\xE0\xA7\xA6"});
}

TEST(Format, DurationsFollowTheGrammarOfRfc3339) {
  expect("duration", {"P4DT12H30M5S", "P1Y2M3D", "PT0S", "P2W", "PT36H", "P1M", "P1YT1S"},
         {"PT", "P", "P1YT", "1Y", "P1", "P1Y2W", "P2D1Y", "P1D2H", "PT1D", "P1S", "PT1H1S", "P1Y1D", "P1.5Y",
          "p1D", "P-1D", "P1D "});
}

TEST(Format, HostNamesAreLettersDigitsAndHyphens) {
  const std::string longest(63, 'a');
  expect("hostname",
         {"a", "example.com", "1host", "a-b.c-d", "xn--4gbwdl.xn--wgbh1c", "xn--bcher-kva.example"},
         {"", ".", "a.", ".a", "a..b", "-a", "a-", "a_b", "a b",
          "b\xC3\xBC"
          "cher.example",
          "xn--X", "xn--a", "xn---"});
  EXPECT_TRUE(is_hostname(longest + "." + longest));
  EXPECT_FALSE(is_hostname(longest + "a"));
  EXPECT_FALSE(is_hostname(longest + "." + longest + "." + longest + "." + longest));
  expect("idn-hostname",
         {"bücher.example", "실례.테스트", "a.b", "a\u3002b", "l\u00B7l", "\u0915\u094D\u200D\u0937",
          "ab\u30FB\u30A2"},
         {"", "\u302Eabc", "a\u00B7b", "\u30FBa", "\u0627\u0660\u06F0", "\u2044", "-é", "é-", "ab--é",
          "\u0300a", "a..é"});
}

TEST(Format, AHostOrMailboxDoesNotEndAtANulByte) {
  const std::string nul(1, '\0');
  for (const std::string& bad :
       {"é" + nul, "é" + nul + "<script>", nul + "é", "é" + nul + ".fr", "a" + nul, nul}) {
    expect("idn-hostname", {}, {bad});
    expect("idn-email", {}, {"a@" + bad});
    expect("hostname", {}, {bad});
  }
}

TEST(Format, MailboxesAreThoseOfRfc5321) {
  expect("email",
         {"a@b", "first.last@example.com", "a+b@c.d", "\"a b\"@c.d", "\"a\\\"b\"@c.d", "a@[127.0.0.1]",
          "a@[IPv6:::1]", "te~st@example.com"},
         {"", "@", "a@", "@b", ".a@b", "a.@b", "a..b@c", "a b@c", "a@b c", "a@-b", "a@[1.2.3]", "a@[::1]",
          "\"a\"b@c", "\"a@c", "a@b@c", "é@b.c", "a@b.c\n"});
  // RFC 5321, section 4.1.3, with RFC 5234, section 2.3: the tag is in any case.
  expect("email", {"a@[ipv6:::1]", "a@[IPV6:1::]"}, {"a@[ipv6]", "a@[ipv:::1]", "a@[]", "a@[\x16pv6:::1]"});
  EXPECT_FALSE(is_email(std::string(65, 'a') + "@b.c"));
  expect("idn-email", {"실례@실례.테스트", "é@b.c", "a@bücher.example"}, {"é", "é@", "é..a@b.c", "é@-b"});
}

TEST(Format, AddressesHaveOneSpelling) {
  expect("ipv4", {"0.0.0.0", "255.255.255.255"},
         {"", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "1.2.3.4 ", "0x7f.1", "1..2.3",
          "1.2.3.\xE0\xA7\xA6"});
  expect("ipv6",
         {"::", "::1", "1::", "1:2:3:4:5:6:7:8", "::1.2.3.4", "1:2:3:4:5:6:1.2.3.4", "1::2:3:4:5:6:7",
          "fe80::a"},
         {"", ":", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "::g", "fe80::a%eth0",
          "::1/64", "1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", ":1:2:3:4:5:6:7:8",
          "1:2:3:4:5:6:7:8:", "1:2:3:4:5:6:7::8:9", "1.2.3.4", "::1.2.3.4:5"});
}

TEST(Format, UrisAndTheirInternationalKin) {
  expect("uri",
         {"http://a", "http://a/b?c#d", "urn:x:y", "mailto:a@b.c", "http://[::1]:80/", "http://a:/",
          "x:", "http://u:p@h/", "http://[v1.a:b]/", "a:b%20c"},
         {"", "//a/b", "/a", "a", "http://a b", "http://[::1", "http://[:]", "http://a:b", "1a:b",
          "http://a/%zz", "http://a/%2", "http://a/<>", "http://a/\xC3\xA9", "a:\\b", "http://a/#b#c",
          "http://a/[b]", ":a"});
  expect("uri-reference", {"", "/a", "a", "//a/b", "?q", "#f", "a/b:c", "../.."},
         {"\\a", "#a\\b", "a b", "1:b", "%", "//[1]"});
  expect("iri", {"http://ƒøø.ßår/?∂éœ=πîx#πîüx", "x:\u00A0", "http://a?\uE000"},
         {"/ƒøø", "http://a/\uE000", "http://a/\u0085", "http://a/\uFDD0", "http://2001:0db8::1/"});
  expect("iri-reference", {"//ƒøø.ßår/", "âππ", "#ƒ"}, {"\\\\WINDOWS\\filëß", "#ƒräg\\mênt"});
  expect("uri-template", {"", "/a/{b}", "a'b", "{+x,y*,z:3}", "{?q%20,a.b}", "{#f}"},
         {"{", "}", "{}", "{a", "a}", "{a b}", "{a:0}", "{a:10000}", "{a*:3}", "{a,}", "{.}", "{a..b}", "<a>",
          "a b", "{a}%", "\"", "{{a}}"});
}

TEST(Format, PointersAndIdentifiers) {
  expect("json-pointer", {"", "/", "/a~0b~1c", "//", "/é"}, {"a", "#/a", "/~", "/~2", "/a~"});
  expect("relative-json-pointer", {"0", "1/a", "0#", "10", "0+1/a", "2-3#"},
         {"", "-1/a", "+1", "01", "0##", "a", "0+0", "0+", "1a", "/a"});
  expect("uuid", {"2EB8AA08-aa98-11ea-B4aa-73B441D16380", "00000000-0000-0000-0000-000000000000"},
         {"", "2eb8aa08aa9811eab4aa73b441d16380", "2eb8aa08-aa98-11ea-b4aa-73b441d1638",
          "2eb8aa08-aa98-11ea-b4aa-73b441d1638g", "{eb8aa08-aa98-11ea-b4aa-73b441d16380}",
          "2eb8aa08-aa98-11ea-b4aa73b441d16380-"});
  EXPECT_TRUE(is_base64("") && is_base64("YQ==") && is_base64("YWI=") && is_base64("YWJj"));
  EXPECT_FALSE(is_base64("YQ=") || is_base64("YQ") || is_base64("Y===") || is_base64("====") ||
               is_base64("YQ==YQ==") || is_base64("Y-__"));
  EXPECT_FALSE(is_base64("YR==") || is_base64("YWJ=")) << "two texts for the same bytes";
}

}  // namespace
}  // namespace gatehouse::schema
