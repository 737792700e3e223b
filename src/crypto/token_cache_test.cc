#include "crypto/token_cache.h"

#include <string>

#include <gtest/gtest.h>

namespace gatehouse::crypto {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kCachedAt{1'760'000'000s};
constexpr std::size_t kPlenty = std::size_t{64} << 20U;

TEST(TokenCache, FindsOnlyStoredTokens) {
  TokenCache<int> cache(64, kPlenty);
  cache.put(TokenKey("token"), 1, kCachedAt + 60s, std::make_shared<int>(7), 8);
  ASSERT_TRUE(cache.find(TokenKey("token"), 1, kCachedAt));
  EXPECT_EQ(*cache.find(TokenKey("token"), 1, kCachedAt), 7);
  for (const char* other : {"", "toke", "token ", "Token", "token\n"}) {
    EXPECT_FALSE(cache.find(TokenKey(other), 1, kCachedAt)) << other;
  }
}

TEST(TokenCache, NoPartOfAKnownTokenOpensTheDoorForAnother) {
  TokenCache<int> cache(64, kPlenty);
  const std::string claims(300, 'c');
  const std::string longest(TokenKey::kOpen + 1, 'l');
  for (const std::string& token : {"h." + claims + ".sig", "h." + longest + ".sig", std::string("no-dot"),
                                   std::string(".sig"), std::string("h.c.")}) {
    cache.put(TokenKey(token), 1, kCachedAt + 60s, std::make_shared<int>(7), 8);
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
  TokenCache<int> cache(64, kPlenty);
  const TokenKey key("token");
  cache.put(key, 1, kCachedAt + 60s, std::make_shared<int>(7), 8);
  EXPECT_TRUE(cache.find(key, 1, kCachedAt + 60s - 1ns));
  EXPECT_FALSE(cache.find(key, 1, kCachedAt + 60s));
  EXPECT_FALSE(cache.find(key, 1, kCachedAt)) << "a clock that goes back does not bring it back";
}

TEST(TokenCache, OtherKeysEndEveryEntry) {
  TokenCache<int> cache(64, kPlenty);
  const TokenKey key("token");
  cache.put(key, 1, kCachedAt + 60s, std::make_shared<int>(7), 8);
  EXPECT_FALSE(cache.find(key, 2, kCachedAt));
  EXPECT_FALSE(cache.find(key, 1, kCachedAt)) << "not even for who still holds the older keys";
}

TEST(TokenCache, AFloodEvictsAndNeverGrows) {
  TokenCache<int> cache(1000, kPlenty);
  const std::size_t capacity = cache.capacity();
  EXPECT_EQ(capacity, 1024U);
  std::size_t alive = 0;
  std::vector<std::weak_ptr<int>> values;
  for (int i = 0; i < 20'000; ++i) {
    auto value = std::make_shared<int>(i);
    values.push_back(value);
    cache.put(TokenKey(std::to_string(i)), 1, kCachedAt + 60s, std::move(value), 8);
  }
  for (const auto& value : values) alive += value.expired() ? 0 : 1;
  EXPECT_LE(alive, capacity);
  EXPECT_GT(alive, capacity / 2);
  EXPECT_TRUE(cache.find(TokenKey("19999"), 1, kCachedAt)) << "the newest is there";
}

TEST(TokenCache, UsedEntriesStayAndThoseOfOldKeysAreEvictedFirst) {
  TokenCache<int> cache(8, kPlenty);  // one set
  for (int i = 0; i < 8; ++i) {
    cache.put(TokenKey(std::to_string(i)), i < 4 ? 1 : 2, kCachedAt + 60s, std::make_shared<int>(i), 8);
  }
  for (int i = 8; i < 12; ++i)
    cache.put(TokenKey(std::to_string(i)), 2, kCachedAt + 60s, std::make_shared<int>(i), 8);
  for (int i = 4; i < 12; ++i) EXPECT_TRUE(cache.find(TokenKey(std::to_string(i)), 2, kCachedAt)) << i;
  EXPECT_TRUE(cache.find(TokenKey("4"), 2, kCachedAt));
  cache.put(TokenKey("12"), 2, kCachedAt + 60s, std::make_shared<int>(12), 8);
  EXPECT_TRUE(cache.find(TokenKey("4"), 2, kCachedAt)) << "it was used after 5";
  EXPECT_FALSE(cache.find(TokenKey("5"), 2, kCachedAt));
}

TEST(TokenCache, BytesAreBoundedHoweverLargeTheTokensAre) {
  constexpr std::size_t kBound = 1 << 20;
  const auto meter = std::make_shared<CacheMeter>();
  TokenCache<int> cache(16'384, kBound, meter);
  for (int i = 0; i < 20'000; ++i) {
    const std::size_t size = i % 3 == 0 ? 40'000 : 100;
    cache.put(TokenKey("h." + std::string(900, 'c') + "." + std::to_string(i)), 1, kCachedAt + 60s,
              std::make_shared<int>(i), size);
    ASSERT_LE(cache.bytes(), kBound) << i;
    ASSERT_EQ(meter->bytes, cache.bytes());
  }
  EXPECT_GT(cache.bytes(), kBound / 2);
  EXPECT_GT(meter->evicted, 15'000U);
  EXPECT_TRUE(cache.find(TokenKey("h." + std::string(900, 'c') + ".19999"), 1, kCachedAt))
      << "the newest is there";
}

TEST(TokenCache, LargeEntriesAreNotKeptAndEvictNothing) {
  TokenCache<int> cache(64, 1 << 20);
  cache.put(TokenKey("small"), 1, kCachedAt + 60s, std::make_shared<int>(1), 8);
  cache.put(TokenKey("large"), 1, kCachedAt + 60s, std::make_shared<int>(2), 1 << 19);
  EXPECT_TRUE(cache.find(TokenKey("small"), 1, kCachedAt));
  EXPECT_FALSE(cache.find(TokenKey("large"), 1, kCachedAt));
}

TEST(TokenCache, UsedEntriesOutliveAFlood) {
  TokenCache<int> cache(1024, 100'000);
  const TokenKey used("used");
  cache.put(used, 1, kCachedAt + 60s, std::make_shared<int>(7), 500);
  for (int i = 0; i < 5'000; ++i) {
    ASSERT_TRUE(cache.find(used, 1, kCachedAt)) << i;
    cache.put(TokenKey(std::to_string(i)), 1, kCachedAt + 60s, std::make_shared<int>(i), 500);
  }
}

TEST(TokenCache, TheMeterCountsTheEntries) {
  const auto meter = std::make_shared<CacheMeter>();
  {
    TokenCache<int> cache(64, kPlenty, meter);
    cache.put(TokenKey("a"), 1, kCachedAt + 60s, std::make_shared<int>(1), 100);
    cache.put(TokenKey("a"), 1, kCachedAt + 60s, std::make_shared<int>(2), 200);
    cache.put(TokenKey("b"), 1, kCachedAt + 1s, std::make_shared<int>(3), 100);
    EXPECT_EQ(meter->entries, 2U);
    EXPECT_FALSE(cache.find(TokenKey("b"), 1, kCachedAt + 2s));
    EXPECT_EQ(meter->entries, 1U);
    EXPECT_EQ(meter->evicted, 0U) << "it had ended";
  }
  EXPECT_EQ(meter->entries, 0U);
  EXPECT_EQ(meter->bytes, 0U);
}

TEST(TokenCache, PuttingAgainReplaces) {
  TokenCache<int> cache(8, kPlenty);
  const TokenKey key("token");
  cache.put(key, 1, kCachedAt + 60s, std::make_shared<int>(1), 8);
  cache.put(key, 2, kCachedAt + 60s, std::make_shared<int>(2), 8);
  EXPECT_EQ(*cache.find(key, 2, kCachedAt), 2);
  cache.clear();
  EXPECT_FALSE(cache.find(key, 2, kCachedAt));
}

}  // namespace
}  // namespace gatehouse::crypto
