#include "audit/threaded_sink.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::audit {
namespace {

using namespace std::chrono_literals;

Batch batch_of(std::string line) {
  Batch batch;
  batch.lines = std::move(line) + "\n";
  LineFacts facts;
  facts.size = static_cast<std::uint32_t>(batch.lines.size());
  batch.facts.push_back(facts);
  return batch;
}

// What the tests and the sink's thread share; the thread may outlive the sink.
struct Outside {
  std::mutex mutex;
  std::condition_variable changed;
  std::string written;
  int writes = 0;
  int failures = 0;  // of the next writes
  bool hangs = false;
  std::vector<std::string> told;

  void release() {
    const std::lock_guard lock(mutex);
    hangs = false;
    changed.notify_all();
  }
  template <typename Condition>
  bool wait_for(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 10s, condition);
  }
};

class Pipe final : public Sink {
 public:
  explicit Pipe(std::shared_ptr<Outside> outside) : outside_(std::move(outside)) {}
  std::string_view name() const override { return "pipe"; }
  bool can_be_durable() const override { return true; }
  Result<> write(const Batch& batch, Durable) override {
    std::unique_lock lock(outside_->mutex);
    ++outside_->writes;
    outside_->changed.notify_all();
    outside_->changed.wait(lock, [&] { return !outside_->hangs; });
    if (outside_->failures > 0) {
      --outside_->failures;
      return failure(ErrorCode::unavailable, "the disk is full", Retry::yes);
    }
    outside_->written += batch.lines;
    outside_->changed.notify_all();
    return {};
  }

 private:
  std::shared_ptr<Outside> outside_;
};

class ThreadedSinks : public ::testing::Test {
 protected:
  std::unique_ptr<Sink> make(ThreadedSinkOptions options = {}) {
    options.on_problem = [outside = outside_](std::string_view text) {
      const std::lock_guard lock(outside->mutex);
      outside->told.emplace_back(text);
      outside->changed.notify_all();
    };
    return threaded_sink(std::make_unique<Pipe>(outside_), std::move(options));
  }
  bool is_told(std::string_view text) {
    return outside_->wait_for([&] {
      return std::ranges::any_of(outside_->told, [&](const std::string& one) { return one.contains(text); });
    });
  }
  std::shared_ptr<Outside> outside_ = std::make_shared<Outside>();
};

TEST_F(ThreadedSinks, GiveEverythingOnInOrder) {
  {
    const auto sink = make();
    EXPECT_FALSE(sink->can_be_durable());
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(sink->write(batch_of(std::to_string(i)), Durable::later));
  }
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(outside_->written, expected);
  EXPECT_TRUE(outside_->told.empty());
}

TEST_F(ThreadedSinks, ThatStandStillHoldUpNobodyAndCountWhatIsLeftOut) {
  outside_->hangs = true;
  const auto sink = make({.most = ByteCount{100}, .stall = 20ms});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(sink->write(batch_of("123456789"), Durable::later));
  EXPECT_EQ(sink->state().lost, 40U) << "ten fit";
  EXPECT_EQ(sink->state().pending_bytes, 100U);
  EXPECT_TRUE(is_told("takes no more events"));
  ASSERT_TRUE(outside_->wait_for([&] { return outside_->writes == 1; }));
  while (!sink->state().stalled) std::this_thread::yield();
  ASSERT_TRUE(sink->tidy({}));
  EXPECT_TRUE(is_told("has taken nothing for"));
  outside_->release();
  EXPECT_TRUE(outside_->wait_for([&] { return outside_->written.size() == 100; }));
  EXPECT_TRUE(is_told("takes events again; 40 are left out"));
  EXPECT_FALSE(sink->state().stalled);
  ASSERT_TRUE(sink->write(batch_of("more"), Durable::later));
  EXPECT_TRUE(outside_->wait_for([&] { return outside_->written.ends_with("more\n"); }));
}

TEST_F(ThreadedSinks, ThatFailAreTriedAgain) {
  outside_->failures = 2;
  const auto sink = make();
  ASSERT_TRUE(sink->write(batch_of("a"), Durable::later));
  EXPECT_TRUE(outside_->wait_for([&] { return outside_->written == "a\n"; }));
  EXPECT_TRUE(is_told("the disk is full; it is tried again"));
}

TEST_F(ThreadedSinks, DoNotKeepTheProcessFromItsEnd) {
  outside_->hangs = true;
  {
    const auto sink = make({.at_end = 20ms});
    ASSERT_TRUE(sink->write(batch_of("a"), Durable::later));
    ASSERT_TRUE(sink->write(batch_of("b"), Durable::later));
    ASSERT_TRUE(outside_->wait_for([&] { return outside_->writes == 1; }));
  }
  EXPECT_TRUE(is_told("stands still at the end; 2 events are left out"));
  outside_->release();
}

}  // namespace
}  // namespace gatehouse::audit
