#include "core/secret_forms.h"

#include <initializer_list>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

constexpr std::string_view kKey = "gh_0123456789AB_23456789ABCDEFGHIJKLMNOPQRSTUVWXY4BKzet";
constexpr std::string_view kToken = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl";

TEST(Credentials, AreKnownByTheirFormWhereverTheyStand) {
  for (const std::string_view secret :
       {kKey, kToken, kKey.substr(0, 49), kKey.substr(0, 35), kToken.substr(0, 40)}) {
    EXPECT_TRUE(holds_credential(secret)) << secret;
    EXPECT_TRUE(holds_credential("a " + std::string(secret) + "/b")) << secret;
    EXPECT_TRUE(holds_credential("gh_eyJ" + std::string(secret))) << secret;
  }
  EXPECT_TRUE(holds_credential("gh_0123456789AB_x" + std::string(kKey))) << "behind one that is none";
  EXPECT_TRUE(holds_credential("eyJ.x." + std::string(kToken)));
}

// {"alg":"ES256","kid":"k1"} with white space that JSON permits: a token is no less one.
TEST(Credentials, AreTokensWhoseJsonBeginsWithWhiteSpace) {
  for (const std::string_view header :
       {"eyAiYWxnIjoiRVMyNTYiLCJraWQiOiJrMSJ9", "ewogICJhbGciOiAiRVMyNTYiLAogICJraWQiOiAiazEiCn0",
        "ew0KImFsZyI6IkVTMjU2Iiwia2lkIjoiazEifQ", "ewkiYWxnIjoiRVMyNTYifQ", "IHsiYWxnIjoiRVMyNTYifQ",
        "CnsiYWxnIjoiRVMyNTYifQ", "DQp7ImFsZyI6IkVTMjU2In0", "CXsgImFsZyI6IkVTMjU2In0"}) {
    const std::string token = std::string(header) + ".ewogICJzdWIiOiAiYW5uIgp9.c2lnbmF0dXJl";
    EXPECT_TRUE(holds_credential(token)) << header;
    EXPECT_TRUE(holds_credential("x=" + token + "&y")) << header;
    EXPECT_EQ(without_credentials("a " + token + " b"), "a [redacted] b") << header;
  }
}

TEST(Credentials, AreNotSeenInOrdinaryTexts) {
  for (const std::string_view text :
       {"", "gh_", "eyJ", "eyJ.", "github", "gh_0123456789AB", "gh_0123456789AB_short", "order-7",
        "eyJhbGciOiJFUzI1NiJ9", "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11",
        "gh_0123456789ABC_23456789ABCDEFGHIJKL", "eyJ1.2.3", "elements-of-a-long-name.example.com",
        "International-Commerce.Delivery.example", "ewogIC9hIGNvbW1lbnQ.x.y1234"})
    EXPECT_FALSE(holds_credential(text)) << text;
}

TEST(Credentials, AreTakenOutOfATextAndNothingElseIs) {
  const std::string key(kKey), token(kToken);
  for (const auto& [text, clean] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", ""},
           {"nothing", "nothing"},
           {key, "[redacted]"},
           {"a " + key + " b " + token + " c", "a [redacted] b [redacted] c"},
           {token + "," + key, "[redacted],[redacted]"},
           {"gh_eyJ" + key, "gh_eyJ[redacted]"},
           {"eyJ.x " + token + "\n", "eyJ.x [redacted]\n"},
           {"https://a.test/?t=" + token + "&x=1", "https://a.test/?t=[redacted]&x=1"},
           {token + "x." + key, "[redacted]"},
           {"gh_notes.txt eyJ", "gh_notes.txt eyJ"},
           {"body/gh%5F" + key.substr(3) + ": undeclared, body/x: type",
            "body/[redacted]: undeclared, body/x: type"},
           {key + "%41, 100%", "[redacted], 100%"},
           {"%65yJ" + token.substr(3) + " and " + key, "[redacted] and [redacted]"}}) {
    EXPECT_EQ(without_credentials(text), clean);
    EXPECT_FALSE(holds_credential(without_credentials(text)));
  }
}

TEST(Credentials, AreSoughtInLinearTime) {
  for (const std::string_view piece : {"gh_", "eyJ", "eyJ.", "gh_0123456789AB_", "eyJhbGciOiJFUzI1NiJ9.a "}) {
    std::string text;
    while (text.size() < (1U << 20U)) text += piece;
    EXPECT_FALSE(holds_credential(text)) << piece;  // a square of a MiB would not end
    EXPECT_EQ(without_credentials(text), text) << piece;
  }
}

}  // namespace
}  // namespace gatehouse
