#include "audit/sink_reader.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "audit/event_cursor.h"
#include "audit/testing.h"

namespace gatehouse::audit {
namespace {

using namespace std::chrono_literals;

// The shared data of the tests and the sink's thread; the thread may outlive the reader.
struct Outside {
  std::mutex mutex;
  std::condition_variable changed;
  std::string written;
  std::vector<std::string> attempts;
  int failures = 0;  // of the next writes
  int flushes = 0;
  bool hangs = false;
  std::vector<std::string> told;
  std::uint64_t reported = 0;  // events that are lost

  void release() {
    const std::lock_guard lock(mutex);
    hangs = false;
    changed.notify_all();
  }
  template <typename Condition>
  bool wait_for(Condition condition) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, 30s, condition);
  }
};

class PipeOfTest final : public Sink {
 public:
  explicit PipeOfTest(std::shared_ptr<Outside> outside) : outside_(std::move(outside)) {}
  std::string_view name() const override { return "pipe"; }
  bool can_be_durable() const override { return true; }
  Result<> write(const Batch& batch, Durable) override {
    std::unique_lock lock(outside_->mutex);
    outside_->attempts.push_back(batch.lines);
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
  Result<> flush() override {
    const std::lock_guard lock(outside_->mutex);
    ++outside_->flushes;
    return {};
  }

 private:
  std::shared_ptr<Outside> outside_;
};

class SinkReaders : public Journals {
 protected:
  // A hanging thread has the store open: it ends before the folder goes.
  ~SinkReaders() override {
    outside_->release();
    while (outside_.use_count() > 1) std::this_thread::yield();
  }
  std::unique_ptr<SinkReader> make(SinkReaderOptions options = {}) {
    options.on_problem = [outside = outside_](std::string_view text) {
      const std::lock_guard lock(outside->mutex);
      outside->told.emplace_back(text);
      outside->changed.notify_all();
    };
    options.on_loss = [outside = outside_](std::string_view sink, std::uint64_t events) {
      EXPECT_EQ(sink, "pipe");
      const std::lock_guard lock(outside->mutex);
      outside->reported += events;
      outside->changed.notify_all();
    };
    auto cursor = EventCursor::open(open(), "pipe");
    if (!cursor) throw std::runtime_error(cursor.error().text);
    return std::make_unique<SinkReader>(std::make_unique<PipeOfTest>(outside_), *std::move(cursor), options);
  }
  // Writes one line to the store and notifies readers.
  void write(SinkReader& reader, int number) {
    const std::string line = line_of(number);
    Batch batch;
    batch.lines = line;
    batch.facts.emplace_back().size = static_cast<std::uint32_t>(line.size());
    ASSERT_TRUE(sink_->write(batch, Durable::later));
    reader.wake(line.size());
  }
  static std::string line_of(int number) { return "{\"n\":" + std::to_string(number) + "}\n"; }
  static std::string lines_of(int from, int to) {
    std::string all;
    for (int i = from; i < to; ++i) all += line_of(i);
    return all;
  }
  bool is_told(std::string_view text) {
    return outside_->wait_for([&] {
      return std::ranges::any_of(outside_->told, [&](const std::string& one) { return one.contains(text); });
    });
  }
  bool is_written(const std::string& text) {
    return outside_->wait_for([&] { return outside_->written == text; });
  }

  std::shared_ptr<Outside> outside_ = std::make_shared<Outside>();
  std::unique_ptr<Sink> sink_ = store();
};

TEST_F(SinkReaders, BringEveryEventOnceOverManyStarts) {
  for (int start = 0; start < 4; ++start) {
    auto reader = make();
    for (int i = 0; i < 50; ++i) write(*reader, start * 50 + i);
  }
  EXPECT_EQ(outside_->written, lines_of(0, 200));
  EXPECT_TRUE(outside_->told.empty());
  EXPECT_GE(outside_->flushes, 4) << "before each place that is kept";
}

TEST_F(SinkReaders, WaitForTheirSinkAndHoldUpNobody) {
  outside_->hangs = true;
  auto reader = make({.stall = 20ms});
  for (int i = 0; i < 50; ++i) write(*reader, i);
  ASSERT_TRUE(outside_->wait_for([&] { return outside_->attempts.size() == 1; }));
  EXPECT_EQ(reader->state().pending_bytes, lines_of(0, 50).size());
  while (!reader->state().stalled) std::this_thread::yield();
  reader->tidy({});
  EXPECT_TRUE(is_told("has accepted nothing for"));
  outside_->release();
  EXPECT_TRUE(is_written(lines_of(0, 50)));
  EXPECT_TRUE(is_told("goes on"));
  while (reader->state().pending_bytes > 0) std::this_thread::yield();
  EXPECT_FALSE(reader->state().stalled);
  EXPECT_EQ(reader->state().lost, 0U);
}

TEST_F(SinkReaders, TryTheSameBatchAgain) {
  outside_->failures = 2;
  auto reader = make();
  write(*reader, 0);
  EXPECT_TRUE(is_told("the disk is full; retrying"));
  write(*reader, 1);
  EXPECT_TRUE(is_written(lines_of(0, 2)));
  ASSERT_GE(outside_->attempts.size(), 3U);
  EXPECT_EQ(outside_->attempts[1], outside_->attempts[0]);
  EXPECT_EQ(outside_->attempts[2], outside_->attempts[0]);
}

TEST_F(SinkReaders, DoNotKeepTheProcessFromItsEndAndGoOnAtTheNextStart) {
  outside_->hangs = true;
  {
    auto reader = make({.at_end = 20ms});
    write(*reader, 0);
    ASSERT_TRUE(outside_->wait_for([&] { return outside_->attempts.size() == 1; }));
    write(*reader, 1);
  }
  EXPECT_TRUE(is_told("is stalled at the end; 16 bytes of events wait for it in the store"));
  // The process has not ended here: its thread has the name until it lets go.
  auto reader = make();
  EXPECT_TRUE(is_told("another server that shares the store"));
  outside_->release();
  while (outside_->wait_for([] { return true; }) && outside_->written != lines_of(0, 2)) {
    reader->tidy({});
    std::this_thread::yield();
  }
}

TEST_F(SinkReaders, ThatFailUntilTheEndLoseNothing) {
  {
    outside_->failures = 1'000'000;
    auto reader = make();
    write(*reader, 0);
    write(*reader, 1);
    EXPECT_TRUE(is_told("the disk is full"));
  }
  EXPECT_TRUE(is_told("16 bytes of events wait for it in the store, and follow at the next start"));
  outside_->failures = 0;
  auto reader = make();
  EXPECT_TRUE(is_written(lines_of(0, 2)));
}

TEST_F(SinkReaders, CountWhatTheStoreLetGo) {
  outside_->hangs = true;
  sink_ = store({.size = kibibytes(64), .file = kibibytes(8)});
  auto reader = make({.piece = kibibytes(1)});
  constexpr int kAll = 20'000;
  for (int i = 0; i < kAll; ++i) write(*reader, i);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(sink_->tidy({}));
  outside_->release();
  ASSERT_TRUE(outside_->wait_for([&] { return outside_->written.ends_with(line_of(kAll - 1)); }));
  EXPECT_TRUE(is_told("events were deleted from the store before the sink read them"));
  const auto had = static_cast<std::uint64_t>(std::ranges::count(outside_->written, '\n'));
  EXPECT_EQ(had + reader->state().lost, static_cast<std::uint64_t>(kAll));
  EXPECT_GT(reader->state().lost, 0U);
  EXPECT_TRUE(outside_->wait_for([&] { return outside_->reported > 0; }));
  reader.reset();
  EXPECT_EQ(outside_->reported + had, static_cast<std::uint64_t>(kAll));
}

TEST_F(SinkReaders, SeeWhatAnotherProcessWrites) {
  auto reader = make();
  auto other = store();
  ASSERT_TRUE(other->write(batch_of(2), Durable::later));
  reader->tidy({});
  EXPECT_TRUE(is_written("{\"n\":0}\n{\"n\":1}\n"));
}

TEST_F(SinkReaders, GoOnInAFileThatTakesTheStoresPlace) {
  auto reader = make();
  write(*reader, 0);
  ASSERT_TRUE(is_written(line_of(0)));
  for (const std::string_view ending : {"", "-wal", "-shm"})
    std::filesystem::remove(store_ + std::string(ending));
  {
    auto tables = open();
  }
  for (int i = 1; i < 4; ++i) write(*reader, i);
  EXPECT_TRUE(is_written(lines_of(0, 4)));
}

TEST_F(SinkReaders, AreWokenByTheJournal) {
  std::vector<std::unique_ptr<SinkReader>> readers;
  readers.push_back(make());
  {
    Journal journal(list(std::move(sink_)), clock_, {}, std::move(readers));
    auto worker = journal.worker(nullptr);
    worker->record(event("the-first"));
    EXPECT_TRUE(outside_->wait_for([&] { return outside_->written.contains("the-first"); }));
    std::string metrics;
    journal.render(metrics);
    EXPECT_TRUE(metrics.contains("gatehouse_event_sink_stalled{sink=\"pipe\"} 0"));
    worker->record(event("the-last"));
  }
  EXPECT_TRUE(outside_->written.contains("the-last"));
}

}  // namespace
}  // namespace gatehouse::audit
