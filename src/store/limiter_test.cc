#include "store/limiter.h"

#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/manual_clock.h"

namespace gatehouse::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

std::string text_of(Hash128 hash) {
  std::string bytes(16, '\0');
  std::memcpy(bytes.data(), &hash, 16);
  return hex(as_bytes(bytes));
}

// The vectors of the reference implementation: key 00…0f, message 00 01 02 ….
TEST(SipHash, MatchesTheVectorsOfItsAuthors) {
  const SipKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  std::string message;
  const auto hash = [&] { return text_of(SipHash<2, 4>(key).finish(message)); };
  EXPECT_EQ(hash(), "a3817f04ba25a8e66df67214c7550293");
  message.push_back('\0');
  EXPECT_EQ(hash(), "da87c1d86b99af44347659119b22fc45");
}

TEST(SipHash, AWordInFrontIsTheSameAsItsBytesInFront) {
  const SipKey key{1, 2};
  TableHash hash(key);
  hash.add(0x0807060504030201U);
  EXPECT_EQ(hash.finish("abc"), TableHash(key).finish("\x01\x02\x03\x04\x05\x06\x07\x08"
                                                      "abc"));
}

class Limits : public ::testing::Test {
 protected:
  static LimitRule rule(std::uint64_t count, nanoseconds window, std::uint64_t burst, std::uint64_t id = 1) {
    return {.id = id, .rate = {count, window}, .burst = burst};
  }
  LimitState take(const LimitRule& of, std::string_view key, std::uint32_t cost = 1) {
    const LimitClaim claim{&of, key, cost};
    LimitState state;
    const bool allowed = limiter_.take({&claim, 1}, clock_.monotonic(), {&state, 1});
    EXPECT_EQ(allowed, state.allowed);
    return state;
  }

  SystemEntropy entropy_;
  ManualClock clock_;
  Limiter limiter_{entropy_, kibibytes(256)};
};

TEST_F(Limits, ABurstPassesAtOnceThenTheRate) {
  const LimitRule limit = rule(60, seconds{60}, 3);
  for (std::uint64_t left : {2U, 1U, 0U}) {
    const LimitState state = take(limit, "a");
    EXPECT_TRUE(state.allowed);
    EXPECT_EQ(state.remaining, left);
    EXPECT_EQ(state.reset, seconds{3 - left});
  }
  const LimitState refused = take(limit, "a");
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.retry_after, seconds{1});
  EXPECT_EQ(refused.reset, seconds{3});
  EXPECT_TRUE(take(limit, "b").allowed);

  clock_.advance(seconds{1} - nanoseconds{1});
  EXPECT_FALSE(take(limit, "a").allowed);
  clock_.advance(nanoseconds{1});
  EXPECT_TRUE(take(limit, "a").allowed);
  EXPECT_FALSE(take(limit, "a").allowed);
  clock_.advance(seconds{1000});
  EXPECT_EQ(take(limit, "a").remaining, 2U);
}

TEST_F(Limits, RefusedRequestsDoNotPostponeTheNext) {
  const LimitRule limit = rule(1, seconds{10}, 1);
  EXPECT_TRUE(take(limit, "a").allowed);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(take(limit, "a").allowed);
  clock_.advance(seconds{10});
  EXPECT_TRUE(take(limit, "a").allowed);
}

TEST_F(Limits, ACostUsesAsMuchAsThatManyRequests) {
  const LimitRule limit = rule(10, seconds{10}, 10);
  EXPECT_EQ(take(limit, "a", 7).remaining, 3U);
  const LimitState refused = take(limit, "a", 4);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(refused.remaining, 3U);
  EXPECT_EQ(refused.retry_after, seconds{1});
  EXPECT_TRUE(take(limit, "a", 3).allowed);
  EXPECT_FALSE(take(limit, "c", 11).allowed);
  EXPECT_TRUE(take(limit, "c", 10).allowed);
}

TEST_F(Limits, TheSameKeyUnderAnotherLimitIsAnotherAllowance) {
  const LimitRule one = rule(1, seconds{10}, 1, 1);
  const LimitRule two = rule(1, seconds{10}, 1, 2);
  EXPECT_TRUE(take(one, "a").allowed);
  EXPECT_TRUE(take(two, "a").allowed);
  EXPECT_FALSE(take(one, "a").allowed);
}

TEST_F(Limits, AKeyOfAnyBytesIsItself) {
  const LimitRule limit = rule(1, seconds{10}, 1);
  for (const std::string& key :
       {std::string(), std::string(1, '\0'), std::string(2, '\0'), std::string(8, '\0'), std::string(9, '\0'),
        std::string(1000, 'x'), std::string(1001, 'x')}) {
    EXPECT_TRUE(take(limit, key).allowed) << key.size();
    EXPECT_FALSE(take(limit, key).allowed) << key.size();
  }
}

TEST_F(Limits, ARefusedRequestCostsNothingInTheOtherLimits) {
  const LimitRule wide = rule(100, seconds{100}, 100, 1);
  const LimitRule narrow = rule(1, seconds{10}, 1, 2);
  const LimitRule other = rule(50, seconds{100}, 50, 3);
  const LimitClaim claims[] = {{&wide, "ip", 5}, {&narrow, "user", 1}, {&other, "ip", 1}};
  LimitState states[3];
  ASSERT_TRUE(limiter_.take(claims, clock_.monotonic(), states));
  EXPECT_EQ(states[0].remaining, 95U);
  for (int i = 0; i < 50; ++i) EXPECT_FALSE(limiter_.take(claims, clock_.monotonic(), states));
  EXPECT_TRUE(states[0].allowed);
  EXPECT_EQ(states[0].remaining, 95U);
  EXPECT_FALSE(states[1].allowed);
  EXPECT_EQ(states[1].retry_after, seconds{10});
  EXPECT_EQ(states[2].remaining, 49U);
  EXPECT_EQ(take(wide, "ip").remaining, 94U);
}

TEST_F(Limits, TwoClaimsOnOneKeyCountTwice) {
  const LimitRule limit = rule(3, seconds{30}, 3);
  const LimitClaim claims[] = {{&limit, "a", 1}, {&limit, "a", 1}};
  LimitState states[2];
  EXPECT_TRUE(limiter_.take(claims, clock_.monotonic(), states));
  EXPECT_FALSE(limiter_.take(claims, clock_.monotonic(), states));
  EXPECT_TRUE(take(limit, "a").allowed);
}

TEST_F(Limits, ExtremeRulesNeitherOverflowNorLetPass) {
  const auto day = std::chrono::hours{24};
  EXPECT_TRUE(take(rule(1, 3650 * day, UINT64_MAX), "a", UINT32_MAX).allowed);
  EXPECT_FALSE(take(rule(1, 3650 * day, 1), "b", UINT32_MAX).allowed);
  EXPECT_TRUE(take(rule(UINT64_MAX, seconds{1}, 2), "c", 2).allowed);
  EXPECT_FALSE(take(rule(0, seconds{1}, 100), "d").allowed);
  EXPECT_FALSE(take(rule(1, seconds{1}, 0), "e").allowed);
  const std::vector<LimitClaim> many(Limiter::kMostClaims + 1);
  std::vector<LimitState> states(many.size());
  EXPECT_FALSE(limiter_.take(many, clock_.monotonic(), states));
}

// The model is a bucket that leaks: written from the definition, with a map and no limit of memory.
TEST_F(Limits, AgreesWithALeakyBucketOverRandomHistories) {
  std::mt19937_64 random(7);
  for (int history = 0; history < 60; ++history) {
    const LimitRule limit = rule(1 + random() % 50, milliseconds{1 + random() % 5000}, 1 + random() % 20,
                                 static_cast<std::uint32_t>(100 + history));
    const auto per_request = static_cast<std::int64_t>(
        (static_cast<std::uint64_t>(limit.rate.window.count()) + limit.rate.count - 1) / limit.rate.count);
    struct Water {
      std::int64_t level = 0;
      MonotonicTime at;
    };
    std::map<std::string, Water> model;
    for (int step = 0; step < 400; ++step) {
      if (random() % 3 == 0)
        clock_.advance(
            nanoseconds{static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(3 * per_request))});
      const std::string key(1, static_cast<char>('a' + random() % 5));
      const auto cost = static_cast<std::uint32_t>(1 + random() % 3);
      Water& water = model[key];
      water.level = std::max<std::int64_t>(0, water.level - (clock_.monotonic() - water.at).count());
      water.at = clock_.monotonic();
      const bool expected =
          water.level + cost * per_request <= static_cast<std::int64_t>(limit.burst) * per_request;
      if (expected) water.level += cost * per_request;
      const LimitState state = take(limit, key, cost);
      ASSERT_EQ(state.allowed, expected) << history << " " << step;
      ASSERT_EQ(state.reset.count(), water.level);
      if (!expected && cost <= limit.burst) {
        ASSERT_EQ(state.retry_after.count(),
                  water.level + cost * per_request - static_cast<std::int64_t>(limit.burst) * per_request);
      }
    }
  }
  EXPECT_EQ(limiter_.forgotten(), 0U);
}

TEST_F(Limits, AFloodOfNewKeysDoesNotSetBackACallerAtItsBound) {
  const LimitRule limit = rule(20, seconds{20'000}, 20);
  std::vector<std::string> at_bound;
  for (int i = 0; i < 100; ++i) {
    at_bound.push_back("caller" + std::to_string(i));
    EXPECT_TRUE(take(limit, at_bound.back(), 20).allowed);
  }
  // A hundred times as many as the table holds, each with one request.
  const std::size_t flood = 100 * limiter_.capacity();
  for (std::size_t i = 0; i < flood; ++i) take(limit, std::to_string(i));
  EXPECT_GT(limiter_.forgotten(), flood / 2);
  for (const std::string& caller : at_bound) EXPECT_FALSE(take(limit, caller).allowed) << caller;
}

TEST_F(Limits, AFloodUnderALongerLimitDoesNotSetItBackEither) {
  const LimitRule quick = rule(120, seconds{60}, 40, 1);
  const LimitRule slow = rule(20, std::chrono::hours{24}, 20, 2);
  ASSERT_TRUE(take(quick, "caller", 40).allowed);
  for (std::size_t i = 0; i < 20 * limiter_.capacity(); ++i) take(slow, std::to_string(i));
  EXPECT_FALSE(take(quick, "caller").allowed);
}

TEST_F(Limits, PassedEntriesAreReplacedWithoutLoss) {
  const LimitRule limit = rule(1, seconds{1}, 1);
  for (int round = 0; round < 20; ++round) {
    for (std::size_t i = 0; i < limiter_.capacity() / 16; ++i)
      take(limit, std::to_string(round) + "/" + std::to_string(i));
    clock_.advance(seconds{1});
  }
  EXPECT_LT(limiter_.forgotten(), limiter_.capacity() / 100);
}

TEST_F(Limits, WorkersTogetherNeverGetMoreThanTheLimit) {
  const LimitRule limit = rule(1, std::chrono::hours{1}, 1000);
  EXPECT_TRUE(take(limit, "shared").allowed);
  std::atomic<int> allowed{1};
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      const LimitClaim claim{&limit, "shared", 1};
      LimitState state;
      for (int n = 0; n < 5000; ++n) {
        if (limiter_.take({&claim, 1}, clock_.monotonic(), {&state, 1})) ++allowed;
      }
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(allowed.load(), 1000);
}

// One line of four entries and many keys: entries are replaced under each other's hands all the time.
TEST_F(Limits, ConcurrentReplacementKeepsEveryEntryItsOwn) {
  Limiter small(entropy_, kibibytes(4));
  const LimitRule limit = rule(1, std::chrono::hours{1}, 3);
  std::vector<std::thread> workers;
  std::atomic<int> wrong{0};
  for (int w = 0; w < 4; ++w) {
    workers.emplace_back([&, w] {
      std::mt19937_64 random(static_cast<std::uint64_t>(w));
      for (int n = 0; n < 40'000; ++n) {
        const std::string key = std::to_string(random() % 2000);
        const LimitClaim claim{&limit, key, 1};
        LimitState state;
        const bool allowed = small.take({&claim, 1}, clock_.monotonic(), {&state, 1});
        if (state.remaining > 3 || state.reset > 3 * std::chrono::hours{1} ||
            (allowed && state.remaining > 2))
          ++wrong;
      }
    });
  }
  for (auto& worker : workers) worker.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace gatehouse::store
