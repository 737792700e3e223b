#include "server/jwks_source.h"

#include <condition_variable>
#include <mutex>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "crypto/signer.h"

namespace gatehouse::server {
namespace {

using namespace std::chrono_literals;
using Report = JwksSource::Report;
using Kind = Report::Kind;
using Worth = gate::KeySource::Worth;

std::string key_set(std::string_view more = {}) {
  static const auto signer = *crypto::Signer::generate(crypto::KeyType::p256);
  return R"({"keys":[)" + signer.public_jwk() + std::string(more) + "]}";
}

// A key server whose answers the test decides.
class Provider {
 public:
  JwksSource::Fetch fetch() {
    return [this]() -> Result<std::string> {
      std::unique_lock lock(mutex_);
      ++asked_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return !held_; });
      return answer_;
    };
  }
  JwksSource::Tell tell() {
    return [this](const Report& report) {
      const std::lock_guard lock(mutex_);
      told_.push_back(report);
      changed_.notify_all();
    };
  }
  void answer(Result<std::string> with) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(with);
  }
  void fail(std::string text) { answer(failure(ErrorCode::unavailable, std::move(text))); }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    changed_.notify_all();
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  void wait_for_asked(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 10s, [&] { return asked_ >= count; }));
  }
  // The first report of that kind.
  Report wait_for(Kind kind) {
    std::unique_lock lock(mutex_);
    const auto is_there = [&] { return std::ranges::find(told_, kind, &Report::kind) != told_.end(); };
    EXPECT_TRUE(changed_.wait_for(lock, 10s, is_there));
    const auto found = std::ranges::find(told_, kind, &Report::kind);
    return found == told_.end() ? Report{} : *found;
  }
  std::vector<Report> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Result<std::string> answer_ = key_set();
  std::vector<Report> told_;
  int asked_ = 0;
  bool held_ = false;
};

constexpr JwksSchedule kSeldom{.every = 1h, .after_failure = 1h, .spacing = 1h, .fresh = 1h, .stale = 2h};

TEST(JwksSource, KeysThatAreNoLongerServedEndAtTheNextFetch) {
  Provider provider;
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell());
  ASSERT_TRUE(source.first_fetch());
  const auto before = source.keys();
  const auto version = source.version();
  ASSERT_EQ(before->keys().size(), 1U);
  provider.answer(R"({"keys":[]})");
  ASSERT_TRUE(source.fetch_anew());
  EXPECT_NE(source.version(), version);
  EXPECT_TRUE(source.keys()->keys().empty());
  EXPECT_EQ(before->keys().size(), 1U) << "a set is of its moment";
}

TEST(JwksSource, WithoutAGoodAnswerTheKeysEnd) {
  Provider provider;
  JwksSource source("idp", provider.fetch(),
                    {.every = 1ms, .after_failure = 1ms, .spacing = 1h, .fresh = 1h, .stale = 50ms},
                    provider.tell());
  ASSERT_TRUE(source.first_fetch());
  provider.fail("down");
  provider.wait_for(Kind::stale);
  EXPECT_EQ(source.keys(), nullptr);
  EXPECT_GT(source.failures(), 0U);
  provider.answer(key_set());
  provider.wait_for(Kind::recovered);
  ASSERT_TRUE(source.fetch_anew());
  EXPECT_NE(source.keys(), nullptr) << "a good answer brings them back";
}

TEST(JwksSource, StaleKeysEndThoughTheNextFetchIsFarOff) {
  Provider provider;
  JwksSource source("idp", provider.fetch(),
                    {.every = 1h, .after_failure = 1h, .spacing = 1h, .fresh = 1h, .stale = 100ms},
                    provider.tell());
  ASSERT_TRUE(source.first_fetch());
  provider.fail("down");
  provider.wait_for(Kind::stale);
  EXPECT_EQ(source.keys(), nullptr);
}

TEST(JwksSource, EachFailureIsReportedAndNewsOnce) {
  Provider provider;
  provider.fail("down");
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell());
  EXPECT_FALSE(source.first_fetch());
  EXPECT_FALSE(source.fetch_anew());
  provider.fail("500");
  EXPECT_FALSE(source.fetch_anew());
  provider.answer(key_set());
  EXPECT_TRUE(source.fetch_anew());
  provider.fail("500");
  EXPECT_FALSE(source.fetch_anew());
  std::vector<std::pair<Kind, Report::News>> told;
  for (const Report& report : provider.told()) told.emplace_back(report.kind, report.news);
  using News = Report::News;
  EXPECT_THAT(told, ::testing::ElementsAre(
                        std::pair(Kind::failed, News::fresh), std::pair(Kind::failed, News::same_as_before),
                        std::pair(Kind::failed, News::fresh), std::pair(Kind::recovered, News::fresh),
                        std::pair(Kind::failed, News::fresh)));
  EXPECT_EQ(source.failures(), 4U);
}

TEST(JwksSource, WhatAServerSaysIsPrintable) {
  Provider provider;
  provider.answer(key_set(R"(,{"kty":"\u001b[31m\n2026 gatehouse: reloaded","kid":"\u202e"})"));
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell());
  ASSERT_TRUE(source.first_fetch());
  const Report skipped = provider.wait_for(Kind::skipped);
  EXPECT_THAT(skipped.text, ::testing::Not(::testing::HasSubstr("\x1b")));
  EXPECT_THAT(skipped.text, ::testing::Not(::testing::HasSubstr("\n")));
  EXPECT_THAT(skipped.text, ::testing::Not(::testing::HasSubstr("\u202e")));
}

TEST(JwksSource, AnUnknownKeyDoesNotWaitWhileTheKeysAreFresh) {
  Provider provider;
  JwksSource source("idp", provider.fetch(),
                    {.every = 1h, .after_failure = 1h, .spacing = 0ms, .fresh = 1h, .stale = 2h},
                    provider.tell());
  ASSERT_TRUE(source.first_fetch());
  provider.hold();
  EXPECT_EQ(source.refresh(), Worth::nothing);
  provider.wait_for_asked(2);  // in the background
  EXPECT_EQ(source.refresh(), Worth::nothing) << "nor for the fetch that is under way";
  provider.let_go();
}

TEST(JwksSource, AnUnknownKeyWaitsForOneFetchWhenTheKeysAreOld) {
  Provider provider;
  JwksSource source("idp", provider.fetch(),
                    {.every = 1h, .after_failure = 1h, .spacing = 0ms, .fresh = 0ms, .stale = 2h},
                    provider.tell());
  ASSERT_TRUE(source.first_fetch());
  EXPECT_EQ(source.refresh(), Worth::waiting);
}

TEST(JwksSource, AFetchAnewDoesNotTakeTheAnswerOfOneThatBeganBefore) {
  Provider provider;
  provider.hold();
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell());
  provider.wait_for_asked(1);
  std::thread operator_thread([&] { EXPECT_TRUE(source.fetch_anew()); });
  provider.let_go();
  operator_thread.join();
  EXPECT_GE(provider.asked(), 2);
}

TEST(JwksSource, ARequestThatWaitsGoesOnWhenTheFetchHasEnded) {
  for (const bool retires : {false, true}) {
    Provider provider;
    JwksSource source("idp", provider.fetch(),
                      {.every = 1h, .after_failure = 1h, .spacing = 0ms, .fresh = 0ms, .stale = 2h},
                      provider.tell());
    ASSERT_TRUE(source.first_fetch());
    provider.hold();
    ASSERT_EQ(source.refresh(), Worth::waiting);
    provider.wait_for_asked(2);
    // By a clock that stands still: no time passes in which it could look again.
    const ManualClock clock;
    net::Loop loop(clock);
    bool settled = false;
    net::spawn(loop, [](JwksSource& of, net::Loop& on, bool& out) -> net::Task<void> {
      co_await of.settled(on, net::Timer::kNever);
      out = true;
      on.stop();
    }(source, loop, settled));
    loop.poll();
    EXPECT_FALSE(settled);
    if (retires) source.retire();
    provider.let_go();
    loop.run();
    EXPECT_TRUE(settled);
  }
}

TEST(JwksSource, ARetiredSourceFetchesNoMoreAndKeepsNobodyWaiting) {
  Provider provider;
  JwksSource source("idp", provider.fetch(),
                    {.every = 1ms, .after_failure = 1ms, .spacing = 0ms, .fresh = 0ms, .stale = 2h},
                    provider.tell());
  ASSERT_TRUE(source.first_fetch());
  source.retire();
  static_cast<void>(source.fetch_anew());  // returns
  const int asked = provider.asked();
  std::this_thread::sleep_for(30ms);
  EXPECT_LE(provider.asked(), asked + 1) << "the one that was under way";
  EXPECT_EQ(source.refresh(), Worth::nothing);
}

// As where a statement that nothing stops holds it to the end of the process.
TEST(JwksSource, AnEndedSourceTellsNothingMoreThoughItsKeysAreHeld) {
  std::shared_ptr<JwksSource> source;
  {
    Provider provider;
    source = std::make_shared<JwksSource>(
        "idp", provider.fetch(),
        JwksSchedule{.every = 1ms, .after_failure = 1ms, .spacing = 0ms, .fresh = 0ms, .stale = 2h},
        provider.tell());
    ASSERT_TRUE(source->first_fetch());
    source->end();
    const int asked = provider.asked();
    source->fetch_soon();
    static_cast<void>(source->fetch_anew());  // returns
    EXPECT_EQ(provider.asked(), asked);
  }
  EXPECT_NE(source->keys(), nullptr);
}

}  // namespace
}  // namespace gatehouse::server
