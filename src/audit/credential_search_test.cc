#include "audit/credential_search.h"

#include <algorithm>
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "audit/encoder.h"

namespace gatehouse::audit {
namespace {

constexpr std::size_t kMuchText = std::size_t{1} << 20U;  // so much that an automaton is made
using Texts = std::vector<std::string>;

std::vector<std::string_view> views(const Texts& texts) { return {texts.begin(), texts.end()}; }

bool found_in(const Texts& credentials, std::string_view text, std::size_t text_bytes) {
  CredentialSearch search;
  const auto these = views(credentials);
  search.look_for(these, text_bytes);
  return search.occurs_in(text);
}

std::string scrubbed(const Texts& credentials, std::string text) {
  scrub(text, views(credentials));
  return text;
}

TEST(CredentialSearch, FindsWhatMemmemFindsInRandomTextsOfFewLetters) {
  std::mt19937 random(7);
  const auto text_of = [&](std::size_t most) {
    std::string text(1 + random() % most, '\0');
    for (char& c : text) c = "abAB"[random() % 2 + (random() % 9 == 0 ? 2 : 0)];
    return text;
  };
  for (int round = 0; round < 5'000; ++round) {
    Texts credentials(random() % 12);
    for (std::string& credential : credentials) credential = text_of(6);
    const std::string text = text_of(40);
    bool expected = false;
    std::string covered(text.size(), ' ');
    for (const std::string& credential : credentials) {
      for (std::size_t at = text.find(credential); at != std::string::npos;
           at = text.find(credential, at + 1)) {
        expected = true;
        std::fill_n(covered.begin() + static_cast<std::ptrdiff_t>(at), credential.size(), 'x');
      }
    }
    EXPECT_EQ(found_in(credentials, text, 0), expected);
    EXPECT_EQ(found_in(credentials, text, kMuchText), expected);
    // Every byte of a credential goes, and no other byte does.
    std::string kept;
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (covered[i] == ' ') kept += text[i];
    }
    std::string clean = scrubbed(credentials, text);
    for (std::size_t at = 0; (at = clean.find("[redacted]")) != std::string::npos;) clean.erase(at, 10);
    EXPECT_EQ(clean, kept) << text;
  }
}

TEST(CredentialSearch, TakesOutTheLongestOfCredentialsThatBeginAlikeAndAllOfThoseThatOverlap) {
  EXPECT_EQ(scrubbed({"abcd", "abcdSECRET"}, "x abcdSECRET y abcd z"), "x [redacted] y [redacted] z");
  EXPECT_EQ(scrubbed({"12345", "45678"}, "a12345678b"), "a[redacted]b");
  EXPECT_EQ(scrubbed({"aa"}, "aaaa"), "[redacted]");
  EXPECT_EQ(scrubbed({""}, "ab"), "ab");
  EXPECT_EQ(scrubbed({}, "ab"), "ab");
}

TEST(CredentialSearch, TakesOutOtherSpellingsWithAllTheirBytes) {
  const Texts credentials{"s3cr3t/+\"x"};
  EXPECT_EQ(scrubbed(credentials, "q=s3cr3t%2f%2B%22x&r"), "q=[redacted]&r");
  EXPECT_EQ(scrubbed(credentials, "q=%73%33cr3t%2F+%22x"), "q=[redacted]");
  EXPECT_EQ(scrubbed(credentials, R"({"token":"s3cr3t\/+\"x","n":1})"), R"({"token":"[redacted]","n":1})");
  EXPECT_EQ(scrubbed(credentials, R"("\u0073\u0033cr3t/+\u0022x")"), R"("[redacted]")");
  EXPECT_EQ(scrubbed(credentials, "<b>s3cr3t&#x2F;&#43;&quot;x</b> &amp; &#115;3cr3t/&#x00002b;&#34;x"),
            "<b>[redacted]</b> &amp; [redacted]");
  EXPECT_EQ(scrubbed(credentials, "s3cr3t&#x2F;&#43;&quot;y &#x; &# &#999999999999; &#304; &quot"),
            "s3cr3t&#x2F;&#43;&quot;y &#x; &# &#999999999999; &#304; &quot");
  EXPECT_EQ(scrubbed(credentials, "50% of s3cr3t"), "50% of s3cr3t");
  EXPECT_EQ(scrubbed(credentials, "s3cr3t/+\"x and s3cr3t%2F%2B%22x"), "[redacted] and [redacted]");
}

std::string base64_of(std::string_view bytes, std::string_view last_two, bool padded) {
  const std::string signs =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + std::string(last_two);
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned word = 0;
    for (std::size_t j = 0; j < 3; ++j)
      word = word << 8U | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    const std::size_t count = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t j = 0; j < count; ++j) out += signs[word >> (18 - 6 * j) & 63U];
    if (padded) out.append(4 - count, '=');
  }
  return out;
}

// In either alphabet, padded or not, and wherever in the coded bytes it begins and ends.
TEST(CredentialSearch, FindsWhatIsCodedInBase64BesideAnyOtherBytes) {
  const std::string credential = "?>s3cr3t~~of~~sixteen";
  for (const std::string_view last_two : {"+/", "-_"}) {
    for (const bool padded : {true, false}) {
      for (std::size_t before = 0; before < 7; ++before) {
        for (std::size_t behind = 0; behind < 4; ++behind) {
          const std::string bytes = std::string(before, '\x7f') + credential + std::string(behind, 'z');
          const std::string text = "{\"x\": \"" + base64_of(bytes, last_two, padded) + "\"}";
          const std::string clean = scrubbed({credential, "another-one"}, text);
          EXPECT_LE(clean.size(), text.size() - 4 * credential.size() / 3 + 11) << text << " " << clean;
          EXPECT_TRUE(clean.starts_with("{\"x\": \"")) << clean;
          EXPECT_TRUE(clean.ends_with("\"}")) << clean;
        }
      }
    }
  }
}

TEST(CredentialSearch, FindsWhatIsCodedInBase64InLinesAndInOtherSpellings) {
  const std::string credential = "s3cr3t?>?>?>of-some-length-and-more";
  const std::string coded = base64_of(credential, "+/", true);
  ASSERT_NE(coded.find('/'), std::string::npos);
  std::string lines, escaped, percent;
  for (std::size_t i = 0; i < coded.size(); ++i) {
    if (i % 19 == 0) lines += "\r\n";
    if (i == 20) escaped += "\\r\\n";
    lines += coded[i];
    escaped += coded[i] == '/' ? std::string("\\/") : std::string(1, coded[i]);
    percent += coded[i] == '/'   ? std::string("%2F")
               : coded[i] == '=' ? std::string("%3d")
                                 : std::string(1, coded[i]);
  }
  for (const std::string& text : {lines, escaped, percent}) {
    EXPECT_LE(scrubbed({credential}, "a " + text + " b").size(), 20U)
        << scrubbed({credential}, "a " + text + " b");
  }
  const std::string cut = coded.substr(0, 30);
  EXPECT_EQ(scrubbed({credential}, "a " + cut), "a [redacted]") << "the text may have been cut there";
  EXPECT_EQ(scrubbed({credential}, "a " + coded.substr(4) + " b"), "a " + coded.substr(4) + " b");
  EXPECT_EQ(scrubbed({"abc"}, base64_of("abc", "+/", true)), "YWJj") << "what is short is found by chance";
}

// ---- work, not time ----

struct Head {
  Texts credentials;
  std::string path;
  std::size_t bytes = 0;
};

// Heads of so many bytes: half of it credentials, half a text in which they are looked for.
std::vector<Head> worst_heads(std::size_t bytes) {
  std::vector<Head> heads;
  const auto add = [&](auto credential_of, auto piece) {
    Head head;
    while (head.bytes < bytes / 2) {
      head.credentials.push_back(credential_of(head.credentials.size()));
      head.bytes += head.credentials.back().size() + 3;
    }
    while (head.path.size() < bytes / 2) head.path += piece;
    head.bytes += head.path.size();
    heads.push_back(std::move(head));
  };
  add([](std::size_t i) { return "aaaaaaaa" + std::to_string(i); }, "a");
  add([](std::size_t i) { return "aaaaaaaa" + std::to_string(i); }, "%61");
  add([](std::size_t i) { return std::string(8 + i, 'a') + "b"; }, "a");
  add([](std::size_t i) { return std::string(8 + i, 'a') + "b"; }, "a\\");
  add([](std::size_t i) { return std::string(8 + i, 'a') + "b"; }, "YWFh");
  add([](std::size_t i) { return std::string(8 + i, 'a') + "b"; }, "YWFh\\n%59WFh");
  add([](std::size_t i) { return std::string(1000, 'a') + std::to_string(i); }, "aaaaaaaaaaaaaaaaa%61");
  add([](std::size_t i) { return std::string(8 + i, 'a') + "b"; }, "YWFh\\n%59WFh&#x59;WFh");
  add([&](std::size_t) { return std::string(bytes / 2, 'a') + "b"; }, "\\u0061");
  add([](std::size_t i) { return std::string(1, static_cast<char>(128 + i % 128)) + "aaaaaaaaa"; },
      "aaaaaaaaab");
  return heads;
}

TEST(CredentialSearch, IsWorkInProportionToTheHeadWhateverTheCallerSends) {
  for (const std::size_t bytes : {std::size_t{4} << 10U, std::size_t{16} << 10U, std::size_t{60} << 10U}) {
    for (const Head& head : worst_heads(bytes)) {
      CredentialSearch search;
      const auto credentials = views(head.credentials);
      search.look_for(credentials, head.path.size());
      EXPECT_FALSE(search.is_repeated_in(head.path));
      EXPECT_TRUE(search.without(head.path, "!") == head.path);
      EXPECT_LE(search.steps(), 32 * bytes) << bytes << " bytes, " << head.credentials.front();
    }
  }
}

TEST(CredentialSearch, ZerosOfACredentialAreNotFoundInPunctuation) {
  const std::string zeros(18, '\0');
  const std::string_view credential = zeros;
  CredentialSearch search;
  search.look_for({&credential, 1}, 64);
  for (const std::string_view text : {R"("},!all`wed",{")", "................", "a.b.c.d.e.f.g.h.i.j.k."}) {
    EXPECT_FALSE(search.is_repeated_in(text)) << text;
    EXPECT_EQ(search.without(text, "[mark]", CredentialSearch::End::may_be_cut), text);
  }
  EXPECT_TRUE(search.is_repeated_in("x AAAAAAAAAAAAAAAAAAAAAAAA y")) << "in base64";
}

}  // namespace
}  // namespace gatehouse::audit
