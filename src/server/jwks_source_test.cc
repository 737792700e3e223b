#include "server/jwks_source.h"

#include <condition_variable>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "crypto/signer.h"
#include "net/loop_thread.h"

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

// A key server whose answers the test decides, with a background loop whose time the test passes.
class Provider {
 public:
  net::LoopThread& background() { return background_; }
  // Timers that are due run soon.
  void pass(std::chrono::nanoseconds time) {
    clock_.advance(time);
    turned_ = background_.start([](net::Loop&) -> net::Task<void> { co_return; });
  }
  JwksSource::Fetch fetch() {
    return [this](net::Loop& loop) { return give(loop); };
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
  void break_down() {
    const std::lock_guard lock(mutex_);
    throws_ = true;
  }
  void repair() {
    const std::lock_guard lock(mutex_);
    throws_ = false;
  }
  void hold() {
    const std::lock_guard lock(mutex_);
    held_ = true;
  }
  void let_go() {
    const std::lock_guard lock(mutex_);
    held_ = false;
    let_go_.notify();
  }
  int asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
  }
  void wait_for_asked(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 10s, [&] { return asked_ >= count; }));
  }
  void wait_for_told(int count) {
    std::unique_lock lock(mutex_);
    ASSERT_TRUE(changed_.wait_for(lock, 10s, [&] { return std::ssize(told_) >= count; }));
  }
  // Returns when the loop has handled everything that is due.
  void turn() {
    for (int i = 0; i < 3; ++i) {
      turned_ = background_.start([](net::Loop&) -> net::Task<void> { co_return; });
      turned_.end();
    }
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
  net::Task<Result<std::string>> give(net::Loop& loop) {
    {
      const std::lock_guard lock(mutex_);
      ++asked_;
      changed_.notify_all();
    }
    for (;;) {
      const std::uint64_t seen = let_go_.version();
      {
        const std::lock_guard lock(mutex_);
        if (throws_) throw std::runtime_error("a bug");
        if (!held_) co_return answer_;
      }
      co_await let_go_.wait(loop, seen);
    }
  }

  ManualClock clock_;
  std::mutex mutex_;
  std::condition_variable changed_;
  net::Notifier let_go_;
  Result<std::string> answer_ = key_set();
  std::vector<Report> told_;
  int asked_ = 0;
  bool held_ = false;
  bool throws_ = false;
  net::LoopThread background_{clock_};
  net::LoopThread::Job turned_;
};

constexpr JwksSchedule kSeldom{
    .every = 1h, .after_failure = 1h, .longest_after_failure = 1h, .spacing = 1h, .fresh = 1h, .stale = 2h};

TEST(JwksSource, KeysThatAreNoLongerServedEndAtTheNextFetch) {
  Provider provider;
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell(), provider.background());
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
                    {.every = 10s, .after_failure = 10s, .spacing = 1h, .fresh = 1h, .stale = 50s},
                    provider.tell(), provider.background());
  ASSERT_TRUE(source.first_fetch());
  provider.fail("down");
  provider.pass(10s);
  provider.wait_for(Kind::failed);
  EXPECT_NE(source.keys(), nullptr) << "for a while";
  provider.pass(40s);
  provider.wait_for(Kind::stale);
  EXPECT_EQ(source.keys(), nullptr);
  EXPECT_EQ(source.age(), 50s);
  EXPECT_GT(source.failures(), 0U);
  provider.answer(key_set());
  ASSERT_TRUE(source.fetch_anew());
  provider.wait_for(Kind::recovered);
  EXPECT_NE(source.keys(), nullptr) << "a good answer brings them back";
}

TEST(JwksSource, StaleKeysEndThoughTheNextFetchIsFarOff) {
  Provider provider;
  JwksSource source("idp", provider.fetch(),
                    {.every = 1h, .after_failure = 1h, .spacing = 1h, .fresh = 1h, .stale = 100s},
                    provider.tell(), provider.background());
  ASSERT_TRUE(source.first_fetch());
  provider.fail("down");
  provider.pass(100s);
  provider.wait_for(Kind::stale);
  EXPECT_EQ(source.keys(), nullptr);
}

TEST(JwksSource, WaitsLongerAfterEachFailureInARow) {
  Provider provider;
  provider.fail("down");
  JwksSource source("idp", provider.fetch(),
                    {.every = 1h, .after_failure = 10s, .longest_after_failure = 30s, .stale = 2h},
                    provider.tell(), provider.background());
  EXPECT_FALSE(source.first_fetch());
  int asked = 1;
  for (const auto wait : {10s, 20s, 30s, 30s}) {
    provider.pass(wait - 1s);
    provider.turn();
    EXPECT_EQ(provider.asked(), asked) << wait.count();
    provider.pass(1s);
    provider.wait_for_asked(++asked);
    provider.wait_for_told(asked);
  }
  provider.answer(key_set());
  provider.pass(30s);
  provider.wait_for_asked(++asked);
  provider.wait_for(Kind::recovered);
  provider.fail("down");
  ASSERT_FALSE(source.fetch_anew());
  provider.pass(10s);
  provider.wait_for_asked(asked + 2);
}

TEST(JwksSource, ABugInAFetchIsAFailureAndTheNextFetchComes) {
  Provider provider;
  provider.break_down();
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell(), provider.background());
  const Result<> first = source.first_fetch();
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().text, "a bug");
  provider.repair();
  EXPECT_TRUE(source.fetch_anew());
  EXPECT_NE(source.keys(), nullptr);
}

TEST(JwksSource, EachFailureIsReportedAndNewsOnce) {
  Provider provider;
  provider.fail("down");
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell(), provider.background());
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
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell(), provider.background());
  ASSERT_TRUE(source.first_fetch());
  const Report skipped = provider.wait_for(Kind::skipped);
  EXPECT_THAT(skipped.text, ::testing::Not(::testing::HasSubstr("\x1b")));
  EXPECT_THAT(skipped.text, ::testing::Not(::testing::HasSubstr("\n")));
  EXPECT_THAT(skipped.text, ::testing::Not(::testing::HasSubstr("\u202e")));
}

TEST(JwksSource, ASetWithoutAKeyIsReported) {
  Provider provider;
  provider.answer(R"({"keys":[]})");
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell(), provider.background());
  ASSERT_TRUE(source.first_fetch());
  EXPECT_EQ(provider.wait_for(Kind::skipped).text, "no key of the set can verify a token: all are refused");
  ASSERT_NE(source.keys(), nullptr);
  EXPECT_TRUE(source.keys()->keys().empty()) << "keys that are not served any more have ended";
}

TEST(JwksSource, AnUnknownKeyDoesNotWaitWhileTheKeysAreFresh) {
  Provider provider;
  JwksSource source("idp", provider.fetch(),
                    {.every = 1h, .after_failure = 1h, .spacing = 0ms, .fresh = 1h, .stale = 2h},
                    provider.tell(), provider.background());
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
                    provider.tell(), provider.background());
  ASSERT_TRUE(source.first_fetch());
  EXPECT_EQ(source.refresh(), Worth::waiting);
}

TEST(JwksSource, AFetchAnewDoesNotTakeTheAnswerOfOneThatBeganBefore) {
  Provider provider;
  provider.hold();
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell(), provider.background());
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
                      provider.tell(), provider.background());
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
                    {.every = 1s, .after_failure = 1s, .spacing = 0ms, .fresh = 0ms, .stale = 2h},
                    provider.tell(), provider.background());
  ASSERT_TRUE(source.first_fetch());
  source.retire();
  static_cast<void>(source.fetch_anew());  // returns
  provider.pass(1h);
  provider.turn();
  EXPECT_EQ(provider.asked(), 1);
  EXPECT_EQ(source.refresh(), Worth::nothing);
}

TEST(JwksSource, ASourceThatEndsWithinAFetchKeepsNobodyWaiting) {
  Provider provider;
  provider.hold();
  JwksSource source("idp", provider.fetch(), kSeldom, provider.tell(), provider.background());
  provider.wait_for_asked(1);
  std::thread operator_thread([&] { EXPECT_FALSE(source.first_fetch()); });
  std::thread another([&] { EXPECT_FALSE(source.fetch_anew()); });
  const ManualClock clock;
  net::Loop loop(clock);
  net::spawn(loop, [](JwksSource& of, net::Loop& on) -> net::Task<void> {
    co_await of.settled(on, net::Timer::kNever);
    on.stop();
  }(source, loop));
  source.end();
  operator_thread.join();
  another.join();
  loop.run();
}

// As where a statement that nothing stops holds it to the end of the process.
TEST(JwksSource, AnEndedSourceTellsNothingMoreThoughItsKeysAreHeld) {
  std::shared_ptr<JwksSource> source;
  {
    Provider provider;
    source = std::make_shared<JwksSource>(
        "idp", provider.fetch(),
        JwksSchedule{.every = 1s, .after_failure = 1s, .spacing = 0ms, .fresh = 0ms, .stale = 2h},
        provider.tell(), provider.background());
    ASSERT_TRUE(source->first_fetch());
    source->end();
    source->fetch_soon();
    static_cast<void>(source->fetch_anew());  // returns
    provider.pass(1h);
    provider.turn();
    EXPECT_EQ(provider.asked(), 1);
  }
  EXPECT_NE(source->keys(), nullptr);
}

}  // namespace
}  // namespace gatehouse::server
