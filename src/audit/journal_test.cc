#include "audit/journal.h"

#include <algorithm>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/query.h"
#include "audit/testing.h"

namespace gatehouse::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A sink that a test holds in its hands.
class TestSink final : public Sink {
 public:
  struct Shared {
    std::mutex mutex;
    std::condition_variable changed;
    bool blocked = false;
    int failing = 0;  // so many times
    int writes = 0;
    std::vector<std::string> lines;
    std::vector<Durable> durable;
  };
  TestSink(std::shared_ptr<Shared> shared, bool can_be_durable)
      : shared_(std::move(shared)), durable_(can_be_durable) {}
  std::string_view name() const override { return "test"; }
  bool can_be_durable() const override { return durable_; }
  Result<> write(const Batch& batch, Durable durable) override {
    std::unique_lock lock(shared_->mutex);
    ++shared_->writes;
    shared_->changed.notify_all();
    shared_->changed.wait(lock, [&] { return !shared_->blocked; });
    if (shared_->failing > 0) {
      --shared_->failing;
      return failure(ErrorCode::unavailable, "the test says so");
    }
    for (const LineFacts& facts : batch.facts) shared_->lines.emplace_back(batch.line(facts));
    shared_->durable.push_back(durable);
    return {};
  }

 private:
  std::shared_ptr<Shared> shared_;
  bool durable_;
};

TEST_F(Journals, EveryEventReachesEverySinkInOrder) {
  {
    Journal journal(list(file(), store()), clock_);
    auto worker = journal.worker(nullptr);
    for (int i = 0; i < 500; ++i) worker->record(event("id-" + std::to_string(i)));
    journal.flush();
    EXPECT_EQ(lines(path_), 500);
    worker->record(event("the-last"));
  }
  const std::string text = read(path_);
  EXPECT_LT(text.find("\"id-7\""), text.find("\"id-8\""));
  EXPECT_NE(text.find("the-last"), std::string::npos);
  std::vector<std::string> stored;
  auto connection = open();
  ASSERT_TRUE(read_events(connection, {}, [&](const StoredEvent& one) {
    stored.emplace_back(one.line);
    return true;
  }));
  std::string joined;
  for (const auto& line : stored) joined += line + "\n";
  EXPECT_TRUE(joined == text);
}

TEST_F(Journals, ManyWorkersLoseNothing) {
  {
    Journal journal(list(file()), clock_, {.buffer = kibibytes(64)});
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        auto worker = journal.worker(nullptr);
        for (int i = 0; i < 5000; ++i) worker->record(event("x"));
      });
    }
    for (auto& thread : threads) thread.join();
  }
  EXPECT_EQ(lines(path_), 20'000);
}

TEST_F(Journals, ADurableEventIsFlushedBeforeItsCoroutineGoesOn) {
  auto shared = std::make_shared<TestSink::Shared>();
  Journal journal(list(std::make_unique<TestSink>(shared, true)), clock_);
  net::Loop loop(clock_);
  auto worker = journal.worker(&loop);
  bool done = false;
  const auto task = [](Journal::Worker& to, TestSink::Shared& sink, net::Loop& on,
                       bool& finished) -> net::Task<void> {
    const Event one = event("durable");
    auto result = co_await to.record_durably(one, MonotonicTime::max());
    EXPECT_TRUE(result);
    const std::lock_guard lock(sink.mutex);
    EXPECT_EQ(sink.lines.size(), 1U);
    EXPECT_THAT(sink.durable, ElementsAre(Durable::now));
    finished = true;
    on.stop();
  };
  net::spawn(loop, task(*worker, *shared, loop, done));
  loop.run();
  EXPECT_TRUE(done);
}

TEST_F(Journals, ADurableEventFailsAtOnceWhenItsSinkDoesAndIsWrittenLater) {
  auto shared = std::make_shared<TestSink::Shared>();
  shared->failing = 1;
  std::atomic<int> problems{0};
  {
    Journal journal(list(std::make_unique<TestSink>(shared, true)), clock_,
                    {.on_problem = [&](std::string_view) { ++problems; }});
    net::Loop loop(clock_);
    auto worker = journal.worker(&loop);
    const auto task = [](Journal::Worker& to, net::Loop& on) -> net::Task<void> {
      const Event one = event("durable");
      auto result = co_await to.record_durably(one, MonotonicTime::max());
      EXPECT_EQ(result.error().code, ErrorCode::unavailable);
      to.record(event("refused"));
      on.stop();
    };
    net::spawn(loop, task(*worker, loop));
    loop.run();
    journal.flush();
    EXPECT_THAT(shared->lines, ElementsAre(HasSubstr("durable"), HasSubstr("refused")));
  }
  EXPECT_EQ(problems.load(), 2) << "the failure, and its end";
}

TEST_F(Journals, ADurableEventIsWaitedForUntilItsDeadlineWhileTheDiskHangs) {
  auto shared = std::make_shared<TestSink::Shared>();
  shared->blocked = true;
  Journal journal(list(std::make_unique<TestSink>(shared, true)), clock_);
  net::Loop loop(clock_);
  auto worker = journal.worker(&loop);
  const auto task = [](Journal::Worker& to, net::Loop& on) -> net::Task<void> {
    const Event one = event("durable");
    auto result = co_await to.record_durably(one, on.now() + std::chrono::milliseconds(20));
    EXPECT_EQ(result.error().code, ErrorCode::timeout);
    on.stop();
  };
  net::spawn(loop, task(*worker, loop));
  loop.run();
  {
    const std::lock_guard lock(shared->mutex);
    shared->blocked = false;
  }
  shared->changed.notify_all();
  journal.flush();
  loop.poll();  // the writer's result comes too late, without a waiter
  EXPECT_EQ(shared->lines.size(), 1U);
}

TEST_F(Journals, TheEventOfASensitiveOperationIsFlushedThoughNobodyWaits) {
  auto shared = std::make_shared<TestSink::Shared>();
  Journal journal(list(std::make_unique<TestSink>(shared, true)), clock_);
  auto worker = journal.worker(nullptr);
  worker->record(event("ordinary"));
  journal.flush();
  Event sensitive = event("sensitive");
  sensitive.sensitive = "export";
  worker->record(sensitive);
  journal.flush();
  worker->record(event("ordinary"));
  journal.flush();
  EXPECT_THAT(shared->durable, ElementsAre(Durable::later, Durable::now, Durable::later));
}

TEST_F(Journals, WithoutADurableSinkADurableEventIsRefused) {
  auto shared = std::make_shared<TestSink::Shared>();
  Journal journal(list(std::make_unique<TestSink>(shared, false)), clock_);
  net::Loop loop(clock_);
  auto worker = journal.worker(&loop);
  const auto task = [](Journal::Worker& to, net::Loop& on) -> net::Task<void> {
    const Event one = event("durable");
    auto result = co_await to.record_durably(one, MonotonicTime::max());
    EXPECT_EQ(result.error().code, ErrorCode::denied);
    on.stop();
  };
  net::spawn(loop, task(*worker, loop));
  loop.run();
  journal.flush();
  EXPECT_TRUE(shared->lines.empty());
}

TEST_F(Journals, ACancelledWaitIsForgotten) {
  auto shared = std::make_shared<TestSink::Shared>();
  shared->blocked = true;
  Journal journal(list(std::make_unique<TestSink>(shared, true)), clock_);
  net::Loop loop(clock_);
  auto worker = journal.worker(&loop);
  const auto task = [](Journal::Worker& to) -> net::Task<void> {
    const Event one = event("durable");
    auto result = co_await to.record_durably(one, MonotonicTime::max());
    ADD_FAILURE() << "resumed" << result.has_value();
  };
  net::spawn(loop, task(*worker));
  loop.cancel_tasks();
  {
    const std::lock_guard lock(shared->mutex);
    shared->blocked = false;
  }
  shared->changed.notify_all();
  journal.flush();
  loop.poll();
  EXPECT_EQ(shared->lines.size(), 1U);
}

// The client left while its event was being made durable, and the disk failed: where is the failure reported?
class AbandonedJournals : public Journals {
 protected:
  AbandonedJournals() { sink_->failing = 1; }

  void begin(Journal::Worker& worker) {
    const auto task = [](Journal::Worker& to) -> net::Task<void> {
      const Event one = event("durable");
      auto result = co_await to.record_durably(one, MonotonicTime::max());
      ADD_FAILURE() << "resumed" << result.has_value();
    };
    net::spawn(loop_, task(worker));
  }
  void block(bool blocked) {
    const std::lock_guard lock(sink_->mutex);
    sink_->blocked = blocked;
    sink_->changed.notify_all();
  }
  void expect_one_line() {
    EXPECT_THAT(sink_->lines, ElementsAre(HasSubstr("durable")));
    EXPECT_EQ(sink_->failing, 0);
  }

  net::Loop loop_{clock_};
  std::shared_ptr<TestSink::Shared> sink_ = std::make_shared<TestSink::Shared>();
};

TEST_F(AbandonedJournals, RecordTheEventOfACoroutineThatWentBeforeItsSinkFailed) {
  Journal journal(list(std::make_unique<TestSink>(sink_, true)), clock_);
  auto worker = journal.worker(&loop_);
  block(true);
  begin(*worker);
  loop_.cancel_tasks();
  block(false);
  journal.flush();
  loop_.poll();
  journal.flush();
  expect_one_line();
}

TEST_F(AbandonedJournals, RecordTheEventOfACoroutineThatWentBeforeItWasToldOfTheFailure) {
  Journal journal(list(std::make_unique<TestSink>(sink_, true)), clock_);
  auto worker = journal.worker(&loop_);
  begin(*worker);
  journal.flush();
  loop_.cancel_tasks();
  loop_.poll();
  journal.flush();
  expect_one_line();
}

TEST_F(AbandonedJournals, RecordTheEventWhereTheLoopEndsToo) {
  {
    Journal journal(list(std::make_unique<TestSink>(sink_, true)), clock_);
    auto worker = journal.worker(&loop_);
    block(true);
    begin(*worker);
    loop_.cancel_tasks();
    worker.reset();
    block(false);
  }
  expect_one_line();
}

TEST_F(Journals, ASlowSinkFirstClosesTheDoorAndThenHoldsTheWorkerButLosesNothing) {
  auto shared = std::make_shared<TestSink::Shared>();
  shared->blocked = true;
  Journal journal(list(std::make_unique<TestSink>(shared, false)), clock_, {.buffer = kibibytes(16)});
  auto worker = journal.worker(nullptr);
  EXPECT_TRUE(worker->accepting());
  int recorded = 0;
  while (worker->accepting()) {
    worker->record(event("x"));
    ++recorded;
  }
  EXPECT_LT(recorded, 40);
  std::atomic<int> more{0};
  std::thread stuck([&] {
    for (int i = 0; i < 100; ++i) {
      worker->record(event("y"));
      ++more;
    }
  });
  std::string text;
  while (text.find("gatehouse_event_waits_total 1") == std::string::npos) {
    text.clear();
    journal.render(text);
    std::this_thread::yield();
  }
  EXPECT_LT(more.load(), 100);
  {
    const std::lock_guard lock(shared->mutex);
    shared->blocked = false;
  }
  shared->changed.notify_all();
  stuck.join();
  journal.flush();
  EXPECT_EQ(shared->lines.size(), static_cast<std::size_t>(recorded) + 100);
  EXPECT_TRUE(worker->accepting());
}

TEST_F(Journals, WhatIsLostAtTheEndIsSaid) {
  auto shared = std::make_shared<TestSink::Shared>();
  shared->failing = 1'000'000;
  std::string said;
  {
    Journal journal(list(std::make_unique<TestSink>(shared, false)), clock_,
                    {.on_problem = [&](std::string_view text) { said = text; }});
    auto worker = journal.worker(nullptr);
    worker->record(event("x"));
  }
  EXPECT_THAT(said, HasSubstr("1 events are lost"));
}

TEST_F(Journals, AFileIsRotatedWithWholeLinesAndOldOnesAreRemoved) {
  auto sink = file(ByteCount{100}, 3);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sink->write(batch_of(10), Durable::now));
  for (const char* suffix : {"", ".1", ".2", ".3"}) {
    EXPECT_EQ(lines(path_ + suffix), 10) << suffix;
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + ".4"));
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
}

TEST_F(Journals, AFileThatWasMovedAwayIsMadeAgainOnReopen) {
  Journal journal(list(file()), clock_);
  auto worker = journal.worker(nullptr);
  worker->record(event("before"));
  journal.flush();
  std::filesystem::rename(path_, path_ + ".moved");
  journal.reopen();
  worker->record(event("after"));
  journal.flush();
  EXPECT_THAT(read(path_ + ".moved"), HasSubstr("before"));
  EXPECT_THAT(read(path_), HasSubstr("after"));
}

TEST_F(Journals, ALineThatACrashLeftUnfinishedIsEndedAndKept) {
  std::ofstream(path_) << "{\"whole\":1}\n{\"half\":";
  auto sink = file();
  ASSERT_TRUE(sink->write(batch_of(1), Durable::later));
  EXPECT_EQ(read(path_), "{\"whole\":1}\n{\"half\":\n{\"n\":0}\n");
}

TEST_F(Journals, ABatchThatDoesNotFitOnTheDiskIsTakenBackAndWrittenOnce) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    auto sink = file();
    rlimit small{600, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &small);
    const Batch batch = batch_of(50);  // about 450 bytes
    if (!sink->write(batch, Durable::later)) ::_exit(1);
    if (sink->write(batch, Durable::later)) ::_exit(2);
    if (lines(path_) != 50) ::_exit(3);
    small.rlim_cur = RLIM_INFINITY;
    ::setrlimit(RLIMIT_FSIZE, &small);
    if (!sink->write(batch, Durable::later)) ::_exit(4);
    ::_exit(lines(path_) == 100 ? 42 : 5);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 42);
}

}  // namespace
}  // namespace gatehouse::audit
