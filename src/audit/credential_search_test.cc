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
  EXPECT_EQ(scrubbed(credentials, "50% of s3cr3t"), "50% of s3cr3t");
  EXPECT_EQ(scrubbed(credentials, "s3cr3t/+\"x and s3cr3t%2F%2B%22x"), "[redacted] and [redacted]");
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
  add([](std::size_t i) { return std::string(1000, 'a') + std::to_string(i); }, "aaaaaaaaaaaaaaaaa%61");
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
      EXPECT_LE(search.steps(), 16 * bytes) << bytes << " bytes, " << head.credentials.front();
    }
  }
}

}  // namespace
}  // namespace gatehouse::audit
