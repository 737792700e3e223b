#include "audit/journal.h"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/file_sink.h"
#include "audit/query.h"
#include "audit/store_sink.h"

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

std::vector<std::unique_ptr<Sink>> list(std::unique_ptr<Sink> one, std::unique_ptr<Sink> two = nullptr) {
  std::vector<std::unique_ptr<Sink>> sinks;
  sinks.push_back(std::move(one));
  if (two) sinks.push_back(std::move(two));
  return sinks;
}

class Journals : public ::testing::Test {
 protected:
  Journals() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-audit-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = (folder_ / "events.jsonl").string();
    store_ = (folder_ / "events.db").string();
  }
  ~Journals() override { std::filesystem::remove_all(folder_); }

  static Event event(std::string_view id, std::string_view operation = "getOrder") {
    Event made;
    made.time = WallTime{std::chrono::seconds{1'760'000'000}};
    made.request_id = id;
    made.client = *IpAddress::parse("203.0.113.9");
    made.method = "GET";
    made.operation = operation;
    made.user_id = "partner:acme";
    made.outcome = Outcome::allowed;
    made.status = 200;
    made.duration = std::chrono::milliseconds{3};
    return made;
  }
  static std::string read(const std::string& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }
  static std::ptrdiff_t lines(const std::string& path) { return std::ranges::count(read(path), '\n'); }
  std::unique_ptr<Sink> file(ByteCount rotate = mebibytes(100), unsigned keep = 14) const {
    auto sink = file_sink({path_, rotate, keep});
    if (!sink) throw std::runtime_error(sink.error().text);
    return *std::move(sink);
  }
  db::Connection open() const {
    auto connection = db::Connection::open({.path = store_});
    if (!connection || !prepare_event_tables(*connection)) throw std::runtime_error("store");
    return *std::move(connection);
  }
  std::unique_ptr<Sink> store(Retention retention = {}) const { return store_sink(open(), retention); }
  static Batch batch_of(int count, WallTime time = WallTime{std::chrono::seconds{1'760'000'000}}) {
    Batch batch;
    for (int i = 0; i < count; ++i) {
      LineFacts& facts = batch.facts.emplace_back();
      facts.offset = static_cast<std::uint32_t>(batch.lines.size());
      batch.lines += "{\"n\":" + std::to_string(i) + "}\n";
      facts.size = static_cast<std::uint32_t>(batch.lines.size()) - facts.offset;
      facts.time = time;
    }
    return batch;
  }

  std::filesystem::path folder_;
  std::string path_, store_;
  SystemClock clock_;
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
    std::string text;
    journal.render(text);
    EXPECT_THAT(text, HasSubstr("gatehouse_events_total{name=\"request\"} 20000"));
  }
  EXPECT_EQ(lines(path_), 20'000);
}

TEST_F(Journals, ADurableEventIsFlushedBeforeItsCoroutineGoesOn) {
  auto shared = std::make_shared<TestSink::Shared>();
  Journal journal(list(std::make_unique<TestSink>(shared, true)), clock_);
  net::Loop loop(clock_);
  auto worker = journal.worker(loop.mailbox());
  bool done = false;
  const auto task = [](Journal::Worker& to, TestSink::Shared& sink, net::Loop& on,
                       bool& finished) -> net::Task<void> {
    const Event one = event("durable");
    auto result = co_await to.record_durably(one);
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

TEST_F(Journals, ADurableEventFailsAtOnceWhenItsSinkDoesAndIsRecordedNowhere) {
  auto shared = std::make_shared<TestSink::Shared>();
  shared->failing = 1;
  std::atomic<int> problems{0};
  {
    Journal journal(list(std::make_unique<TestSink>(shared, true)), clock_,
                    {.on_problem = [&](std::string_view) { ++problems; }});
    net::Loop loop(clock_);
    auto worker = journal.worker(loop.mailbox());
    const auto task = [](Journal::Worker& to, net::Loop& on) -> net::Task<void> {
      const Event one = event("durable");
      auto result = co_await to.record_durably(one);
      EXPECT_FALSE(result);
      to.record(event("refused"));
      on.stop();
    };
    net::spawn(loop, task(*worker, loop));
    loop.run();
    journal.flush();
    ASSERT_EQ(shared->lines.size(), 1U);
    EXPECT_THAT(shared->lines.front(), HasSubstr("refused"));
  }
  EXPECT_EQ(problems.load(), 1);
}

TEST_F(Journals, WithoutADurableSinkADurableEventIsRefused) {
  auto shared = std::make_shared<TestSink::Shared>();
  Journal journal(list(std::make_unique<TestSink>(shared, false)), clock_);
  net::Loop loop(clock_);
  auto worker = journal.worker(loop.mailbox());
  const auto task = [](Journal::Worker& to, net::Loop& on) -> net::Task<void> {
    const Event one = event("durable");
    auto result = co_await to.record_durably(one);
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
  auto worker = journal.worker(loop.mailbox());
  const auto task = [](Journal::Worker& to) -> net::Task<void> {
    const Event one = event("durable");
    auto result = co_await to.record_durably(one);
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

TEST_F(Journals, DurableEventsSurviveTheProcess) {
  {
    auto tables = open();
  }
  int said[2];
  ASSERT_EQ(::pipe(said), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto sink = store();
    for (std::int64_t i = 1;; ++i) {
      if (!sink->write(batch_of(3), Durable::now)) ::_exit(1);
      if (::write(said[1], &i, sizeof i) != sizeof i) ::_exit(1);
    }
  }
  ::close(said[1]);
  std::int64_t batches = 0;
  for (int i = 0; i < 20; ++i)
    ASSERT_EQ(::read(said[0], &batches, sizeof batches), static_cast<ssize_t>(sizeof batches));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  std::int64_t more = 0;
  while (::read(said[0], &more, sizeof more) == static_cast<ssize_t>(sizeof more)) batches = more;
  ::close(said[0]);
  auto connection = open();
  std::int64_t found = 0;
  ASSERT_TRUE(read_events(connection, {}, [&](const StoredEvent&) { return ++found, true; }));
  EXPECT_GE(found, 3 * batches);
  EXPECT_EQ(found % 3, 0);
  EXPECT_TRUE(connection.check_integrity());
}

TEST_F(Journals, EventsAreFoundByWhatTheySay) {
  {
    Journal journal(list(store()), clock_);
    auto worker = journal.worker(nullptr);
    Event one = event("one");
    worker->record(one);
    Event two = event("two", "listOrders");
    two.user_id = "o'brien\"; DROP TABLE gatehouse_events; --";
    two.outcome = Outcome::refused;
    two.client = *IpAddress::parse("2001:db8::1");
    two.time = one.time + std::chrono::hours{1};
    worker->record(two);
  }
  auto connection = open();
  const auto ids = [&](const EventFilter& filter) {
    std::vector<std::int64_t> positions;
    const auto done = read_events(connection, filter, [&](const StoredEvent& found) {
      positions.push_back(found.position);
      return true;
    });
    EXPECT_TRUE(done) << done.error().text;
    return positions;
  };
  const WallTime start{std::chrono::seconds{1'760'000'000}};
  EXPECT_THAT(ids({}), ElementsAre(1, 2));
  EXPECT_THAT(ids({.after = 1}), ElementsAre(2));
  EXPECT_THAT(ids({.since = start + std::chrono::seconds{1}}), ElementsAre(2));
  EXPECT_THAT(ids({.until = start + std::chrono::seconds{1}}), ElementsAre(1));
  EXPECT_THAT(ids({.user = "o'brien\"; DROP TABLE gatehouse_events; --"}), ElementsAre(2));
  EXPECT_THAT(ids({.user = "' OR 1=1 --"}), ElementsAre());
  EXPECT_THAT(ids({.operation = "getOrder"}), ElementsAre(1));
  EXPECT_THAT(ids({.address = IpAddress::parse("2001:db8::1")}), ElementsAre(2));
  EXPECT_THAT(ids({.operation = "listOrders", .outcome = Outcome::allowed}), ElementsAre());
}

TEST_F(Journals, WhyShowsTheEventAndTheOriginalCutAtItsBound) {
  {
    Journal journal(list(store()), clock_, {.longest_body = ByteCount{10}});
    auto worker = journal.worker(nullptr);
    worker->record(event("the-id"));
    worker->keep_original("the-id", 500, "HTTP/1.1 500\r\n", std::string("stack\0trace at line 7", 21));
    worker->record(event("another"));
  }
  auto connection = open();
  const auto why = explain(connection, "the-id");
  ASSERT_TRUE(why);
  EXPECT_EQ(why->lines.size(), 1U);
  ASSERT_EQ(why->originals.size(), 1U);
  EXPECT_EQ(why->originals[0].status, 500U);
  EXPECT_EQ(why->originals[0].body, std::string("stack\0trac", 10));
  EXPECT_EQ(explain(connection, "nothing").error().code, ErrorCode::not_found);
  EXPECT_EQ(explain(connection, "' OR 1=1 --").error().code, ErrorCode::not_found);
}

TEST_F(Journals, AnOriginalThatRepeatsACredentialIsKeptWithoutIt) {
  const std::string key = "gh_abcdefghijkl_0123456789ABCDEFGHIJKLMNOPQRSTUVWx6Zt1Q";
  const std::string_view credentials[] = {key};
  {
    Journal journal(list(store()), clock_, {.longest_body = ByteCount{40}});
    auto worker = journal.worker(nullptr);
    worker->keep_original("inside", 500, "X-Echo: " + key + "\r\n", key, credentials);
    worker->keep_original("over-the-cut", 500, "", std::string(20, '.') + key + "end", credentials);
  }
  auto connection = open();
  EXPECT_EQ(explain(connection, "inside")->originals.at(0).head, "X-Echo: [redacted]\r\n");
  EXPECT_EQ(explain(connection, "inside")->originals.at(0).body, "[redacted]");
  EXPECT_EQ(explain(connection, "over-the-cut")->originals.at(0).body,
            std::string(20, '.') + "[redacted]end");
}

TEST_F(Journals, OldEventsGoByAgeAndBySize) {
  const WallTime now{std::chrono::seconds{1'760'000'000}};
  const auto count = [&] {
    auto connection = open();
    int found = 0;
    static_cast<void>(read_events(connection, {}, [&](const StoredEvent&) { return ++found, true; }));
    return found;
  };
  {
    auto sink = store({.age = std::chrono::hours{1}});
    ASSERT_TRUE(sink->write(batch_of(10, now - std::chrono::hours{2}), Durable::later));
    ASSERT_TRUE(sink->write(batch_of(7, now), Durable::later));
    ASSERT_TRUE(sink->tidy(now));
    EXPECT_EQ(count(), 7);
  }
  auto sink = store({.size = kibibytes(64), .file = kibibytes(8)});
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sink->write(batch_of(1000, now), Durable::later));
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(store_ + "-events"), {});
  };
  EXPECT_EQ(files(), 10);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sink->tidy(now));
  EXPECT_EQ(files(), 6);
  EXPECT_EQ(count(), 6000);
}

TEST_F(Journals, TwoProcessesMayWriteToOneStore) {
  auto one = store();
  auto two = store();
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(one->write(batch_of(3), Durable::later));
    ASSERT_TRUE(two->write(batch_of(5), Durable::now));
  }
  auto connection = open();
  std::vector<std::int64_t> positions;
  ASSERT_TRUE(read_events(connection, {}, [&](const StoredEvent& found) {
    positions.push_back(found.position);
    EXPECT_THAT(std::string(found.line), testing::MatchesRegex("\\{\"n\":[0-4]\\}"));
    return true;
  }));
  EXPECT_EQ(positions.size(), 80U);
  EXPECT_TRUE(std::ranges::is_sorted(positions));
}

TEST_F(Journals, AStoreIsForItsOwnerOnlyAndGoesOnWhereItsFileWasRemoved) {
  auto sink = store();
  ASSERT_TRUE(sink->write(batch_of(3), Durable::now));
  const std::string file = store_ + "-events/1.jsonl";
  struct stat status{};
  ASSERT_EQ(::stat((store_ + "-events").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700);
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600);
  std::filesystem::remove(file);
  ASSERT_TRUE(sink->write(batch_of(2), Durable::now));
  auto connection = open();
  std::vector<std::string> found;
  ASSERT_TRUE(read_events(connection, {}, [&](const StoredEvent& one) {
    found.emplace_back(one.line);
    return true;
  }));
  EXPECT_THAT(found, ElementsAre("{\"n\":0}", "{\"n\":1}"));
}

TEST_F(Journals, WhatALossOfPowerTookIsNoEvent) {
  auto sink = store();
  ASSERT_TRUE(sink->write(batch_of(3), Durable::later));
  std::filesystem::resize_file(store_ + "-events/1.jsonl", 12);
  ASSERT_TRUE(sink->write(batch_of(2), Durable::later));
  auto connection = open();
  std::vector<std::int64_t> positions;
  ASSERT_TRUE(read_events(connection, {}, [&](const StoredEvent& one) {
    positions.push_back(one.position);
    return true;
  }));
  EXPECT_THAT(positions, ElementsAre(1, 4, 5));
}

TEST_F(Journals, ReadersAndTheWriterDoNotDisturbEachOther) {
  Journal journal(list(store()), clock_);
  auto worker = journal.worker(nullptr);
  std::atomic<bool> done{false};
  std::atomic<int> failed{0};
  std::thread reader([&] {
    auto connection = open();
    std::int64_t last = 0;
    while (!done.load()) {
      const auto read_on = read_events(connection, {.after = last}, [&](const StoredEvent& one) {
        if (one.position <= last) ++failed;
        last = one.position;
        return true;
      });
      if (!read_on) ++failed;
    }
  });
  for (int i = 0; i < 2000; ++i) worker->record(event("x"));
  journal.flush();
  done = true;
  reader.join();
  EXPECT_EQ(failed.load(), 0);
}

TEST(Metrics, CountersOfWorkersAddUpAndAreValidText) {
  Counters one, two, sum;
  Event event;
  event.operation = "getOrder";
  event.outcome = Outcome::allowed;
  event.status = 200;
  event.duration = std::chrono::milliseconds{3};
  one.count(event);
  two.count(event);
  event.outcome = Outcome::refused;
  event.stage = Stage::authorise;
  event.reason = "permission_missing";
  event.status = 403;
  event.duration = std::chrono::seconds{60};
  two.count(event);
  event.operation = "say \"hi\"\\\n";
  event.outcome = Outcome::failed;
  event.stage = Stage::call;
  event.reason = "upstream_late";
  event.upstream = "orders";
  one.count(event);
  sum.add(one);
  sum.add(two);
  std::string text;
  sum.render(text);
  EXPECT_THAT(
      text, HasSubstr(R"(gatehouse_requests_total{operation="getOrder",outcome="allowed",status="200"} 2)"));
  EXPECT_THAT(text,
              HasSubstr(R"(gatehouse_refusals_total{stage="authorise",reason="permission_missing"} 1)"));
  EXPECT_THAT(text,
              HasSubstr(R"(gatehouse_request_duration_seconds_bucket{operation="getOrder",le="0.0025"} 0)"));
  EXPECT_THAT(text,
              HasSubstr(R"(gatehouse_request_duration_seconds_bucket{operation="getOrder",le="0.005"} 2)"));
  EXPECT_THAT(text,
              HasSubstr(R"(gatehouse_request_duration_seconds_bucket{operation="getOrder",le="+Inf"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(gatehouse_request_duration_seconds_count{operation="getOrder"} 3)"));
  EXPECT_THAT(text, HasSubstr(R"(gatehouse_upstream_errors_total{upstream="orders"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(operation="say \"hi\"\\\n")"));
}

}  // namespace
}  // namespace gatehouse::audit
