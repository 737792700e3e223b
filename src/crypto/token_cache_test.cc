#include "crypto/token_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace gatehouse::crypto {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kCachedAt{1'760'000'000s};

TEST(TokenCache, FindsWhatWasPutAndNothingElse) {
  TokenCache<int> cache(64);
  cache.put(TokenKey("token"), 1, kCachedAt + 60s, std::make_shared<int>(7));
  ASSERT_TRUE(cache.find(TokenKey("token"), 1, kCachedAt));
  EXPECT_EQ(*cache.find(TokenKey("token"), 1, kCachedAt), 7);
  for (const char* other : {"", "toke", "token ", "Token", "token\n"}) {
    EXPECT_FALSE(cache.find(TokenKey(other), 1, kCachedAt)) << other;
  }
}

TEST(TokenCache, NoPartOfAKnownTokenOpensTheDoorForAnother) {
  TokenCache<int> cache(64);
  const std::string claims(300, 'c');
  const std::string longest(TokenKey::kOpen + 1, 'l');
  for (const std::string& token : {"h." + claims + ".sig", "h." + longest + ".sig", std::string("no-dot"),
                                   std::string(".sig"), std::string("h.c.")}) {
    cache.put(TokenKey(token), 1, kCachedAt + 60s, std::make_shared<int>(7));
    EXPECT_TRUE(cache.find(TokenKey(token), 1, kCachedAt));
    for (std::size_t i = 0; i < token.size(); ++i) {
      std::string other = token;
      other[i] = static_cast<char>(other[i] ^ 1);
      EXPECT_FALSE(cache.find(TokenKey(other), 1, kCachedAt)) << i;
      other = token;
      other.erase(i, 1);
      EXPECT_FALSE(other != token && cache.find(TokenKey(other), 1, kCachedAt)) << i;
      other = token;
      other.insert(i, 1, '.');
      EXPECT_FALSE(cache.find(TokenKey(other), 1, kCachedAt)) << i;
    }
    EXPECT_FALSE(cache.find(TokenKey(token + "."), 1, kCachedAt));
  }
  EXPECT_FALSE(cache.find(TokenKey("h." + std::string(300, 'd') + ".sig"), 1, kCachedAt));
}

TEST(TokenCache, AnEntryEndsAtTheMomentItExpires) {
  TokenCache<int> cache(64);
  const TokenKey key("token");
  cache.put(key, 1, kCachedAt + 60s, std::make_shared<int>(7));
  EXPECT_TRUE(cache.find(key, 1, kCachedAt + 60s - 1ns));
  EXPECT_FALSE(cache.find(key, 1, kCachedAt + 60s));
  EXPECT_FALSE(cache.find(key, 1, kCachedAt)) << "a clock that goes back does not bring it back";
}

TEST(TokenCache, OtherKeysEndEveryEntry) {
  TokenCache<int> cache(64);
  const TokenKey key("token");
  cache.put(key, 1, kCachedAt + 60s, std::make_shared<int>(7));
  EXPECT_FALSE(cache.find(key, 2, kCachedAt));
  EXPECT_FALSE(cache.find(key, 1, kCachedAt)) << "not even for who still holds the older keys";
}

TEST(TokenCache, AFloodEvictsAndNeverGrows) {
  TokenCache<int> cache(1000);
  const std::size_t capacity = cache.capacity();
  EXPECT_EQ(capacity, 1024U);
  std::size_t alive = 0;
  std::vector<std::weak_ptr<int>> values;
  for (int i = 0; i < 20'000; ++i) {
    auto value = std::make_shared<int>(i);
    values.push_back(value);
    cache.put(TokenKey(std::to_string(i)), 1, kCachedAt + 60s, std::move(value));
  }
  for (const auto& value : values) alive += value.expired() ? 0 : 1;
  EXPECT_LE(alive, capacity);
  EXPECT_GT(alive, capacity / 2);
  EXPECT_TRUE(cache.find(TokenKey("19999"), 1, kCachedAt)) << "the newest is there";
}

TEST(TokenCache, WhatIsUsedStaysAndWhatIsOfOldKeysGoesFirst) {
  TokenCache<int> cache(8);  // one set
  for (int i = 0; i < 8; ++i) {
    cache.put(TokenKey(std::to_string(i)), i < 4 ? 1 : 2, kCachedAt + 60s, std::make_shared<int>(i));
  }
  for (int i = 8; i < 12; ++i)
    cache.put(TokenKey(std::to_string(i)), 2, kCachedAt + 60s, std::make_shared<int>(i));
  for (int i = 4; i < 12; ++i) EXPECT_TRUE(cache.find(TokenKey(std::to_string(i)), 2, kCachedAt)) << i;
  EXPECT_TRUE(cache.find(TokenKey("4"), 2, kCachedAt));
  cache.put(TokenKey("12"), 2, kCachedAt + 60s, std::make_shared<int>(12));
  EXPECT_TRUE(cache.find(TokenKey("4"), 2, kCachedAt)) << "it was used after 5";
  EXPECT_FALSE(cache.find(TokenKey("5"), 2, kCachedAt));
}

TEST(TokenCache, PuttingAgainReplaces) {
  TokenCache<int> cache(8);
  const TokenKey key("token");
  cache.put(key, 1, kCachedAt + 60s, std::make_shared<int>(1));
  cache.put(key, 2, kCachedAt + 60s, std::make_shared<int>(2));
  EXPECT_EQ(*cache.find(key, 2, kCachedAt), 2);
  cache.clear();
  EXPECT_FALSE(cache.find(key, 2, kCachedAt));
}

}  // namespace
}  // namespace gatehouse::crypto
