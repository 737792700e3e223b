#include "audit/store_sink.h"

#include <csignal>
#include <filesystem>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "audit/query.h"
#include "audit/testing.h"

namespace gatehouse::audit {
namespace {

using ::testing::ElementsAre;
using Stores = Journals;

TEST_F(Stores, DurableEventsSurviveTheProcess) {
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

TEST_F(Stores, EventsAreFoundByWhatTheySay) {
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
  EXPECT_THAT(ids({.members = {{"user.id", "o'brien\"; DROP TABLE gatehouse_events; --"}}}), ElementsAre(2));
  EXPECT_THAT(ids({.members = {{"user.id", "' OR 1=1 --"}}}), ElementsAre());
  EXPECT_THAT(ids({.members = {{"operation", "getOrder"}}}), ElementsAre(1));
  EXPECT_THAT(ids({.members = {*filter_by("client.address", "2001:DB8:0::1")}}), ElementsAre(2));
  EXPECT_THAT(ids({.members = {{"operation", "listOrders"}, {"outcome", "allowed"}}}), ElementsAre());
}

TEST_F(Stores, WhyShowsTheEventAndTheOriginalCutAtItsBound) {
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

TEST_F(Stores, AnOriginalThatRepeatsACredentialIsKeptWithoutIt) {
  const std::string key = "gh_abcdefghijkl_0123456789ABCDEFGHIJKLMNOPQRSTUVWx6Zt1Q";
  const std::string_view credentials[] = {key};
  {
    Journal journal(list(store()), clock_, {.longest_body = ByteCount{40}});
    auto worker = journal.worker(nullptr);
    worker->keep_original("inside", 500, "X-Echo: " + key + "\r\n", key, credentials);
    worker->keep_original("over-the-cut", 500, "", std::string(20, '.') + key + "end", credentials);
    // The text shrinks so much that a part far after the cut is then before it.
    std::string shrinking;
    for (int i = 0; i < 40; ++i) shrinking += key;
    worker->keep_original("shrinks", 500, shrinking.substr(0, 39 * key.size() + 30), shrinking, credentials);
  }
  auto connection = open();
  EXPECT_EQ(explain(connection, "inside")->originals.at(0).head, "X-Echo: [redacted]\r\n");
  EXPECT_EQ(explain(connection, "inside")->originals.at(0).body, "[redacted]");
  EXPECT_EQ(explain(connection, "over-the-cut")->originals.at(0).body,
            std::string(20, '.') + "[redacted]end");
  EXPECT_FALSE(explain(connection, "shrinks")->originals.at(0).head.contains("gh_"));
  EXPECT_FALSE(explain(connection, "shrinks")->originals.at(0).body.contains("gh_"));
}

TEST_F(Stores, OldEventsGoByAgeAndBySize) {
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
  EXPECT_EQ(files(), 7) << "six, and the one that is begun";
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(sink->tidy(now));
  EXPECT_EQ(files(), 6);
  EXPECT_EQ(count(), 6000);
}

// Between two tidyings, seconds apart, sixteen workers write three times the smallest size that can be
// configured.
TEST_F(Stores, HoldTheirSizeAtAnyRateOfWriting) {
  const WallTime now{std::chrono::seconds{1'760'000'000}};
  auto sink = store({.size = kibibytes(256), .file = kibibytes(16)});
  std::uintmax_t most = 0;
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE(sink->write(batch_of(200, now), Durable::later));
    std::uintmax_t bytes = 0;
    for (const auto& file : std::filesystem::directory_iterator(store_ + "-events"))
      bytes += std::filesystem::file_size(file);
    most = std::max(most, bytes);
  }
  EXPECT_LE(most, kibibytes(256).bytes);
  EXPECT_GE(most, kibibytes(128).bytes);
}

TEST_F(Stores, SayThatTheyFillLongBeforeAnythingGoes) {
  WallTime now{std::chrono::seconds{1'760'000'000}};
  std::vector<std::string> told;
  auto sink = store({.size = kibibytes(640), .file = kibibytes(8), .on_filling = [&](std::string_view text) {
                       told.emplace_back(text);
                     }});
  const auto kept = [&] {
    auto connection = open();
    std::size_t found = 0;
    EXPECT_TRUE(read_events(connection, {}, [&](const StoredEvent&) { return ++found, true; }));
    return found;
  };
  std::size_t written = 0;
  for (; told.empty() && written < 100'000; written += 100) {
    ASSERT_TRUE(sink->write(batch_of(100, now), Durable::later));
    ASSERT_TRUE(sink->tidy(now));
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(kept(), written) << "nothing has gone";
  EXPECT_THAT(told[0], ::testing::HasSubstr("of keep_size"));
  EXPECT_GT(sink->state().used_bytes, kibibytes(640).bytes / 2);
  EXPECT_EQ(sink->state().most_bytes, kibibytes(640).bytes);
  ASSERT_TRUE(sink->tidy(now + std::chrono::minutes{59}));
  EXPECT_EQ(told.size(), 1U) << "not every five seconds";
  ASSERT_TRUE(sink->tidy(now + std::chrono::minutes{60}));
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(Stores, AnAgeOfMinutesIsOfMinutes) {
  const WallTime now{std::chrono::seconds{1'760'000'000}};
  auto sink = store({.age = std::chrono::minutes{30}});
  for (const int minutes : {40, 29, 1}) {
    ASSERT_TRUE(sink->write(batch_of(1, now - std::chrono::minutes{minutes}), Durable::later));
  }
  ASSERT_TRUE(sink->tidy(now));
  auto connection = open();
  int found = 0;
  ASSERT_TRUE(read_events(connection, {}, [&](const StoredEvent&) { return ++found, true; }));
  EXPECT_EQ(found, 2);
}

// Sixteen workers write fifty runs a second each: a tidy() every five seconds must remove as many.
TEST_F(Stores, RetentionKeepsUpWithSixteenWorkers) {
  WallTime now{std::chrono::seconds{1'760'000'000}};
  auto sink = store({.age = std::chrono::seconds{10}, .size = kibibytes(256), .file = kibibytes(8)});
  auto connection = open();
  const auto runs = [&] {
    auto rows = connection.query("SELECT count(*) FROM gatehouse_runs");
    return rows && *rows->next() ? rows->integer(0) : -1;
  };
  for (int turn = 0; turn < 6; ++turn) {
    for (int run = 0; run < 4000; ++run) ASSERT_TRUE(sink->write(batch_of(1, now), Durable::later));
    now += Journal::kTidy;
    ASSERT_TRUE(sink->tidy(now));
    EXPECT_LE(runs(), 12'001) << turn;
  }
  ASSERT_TRUE(sink->tidy(now + std::chrono::hours{1}));
  EXPECT_EQ(runs(), 0);
}

// The cost of finding an event does not grow with the store: a request that took minutes is among young ones.
TEST_F(Stores, WhyReadsTheRunsOfOneSecondHoweverManyThereAre) {
  const auto id_of = [](WallTime time, int number) {
    const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
    return fmt::format("{:08x}-{:04x}-7000-8000-{:012x}", milliseconds >> 16, milliseconds & 0xffff, number);
  };
  const WallTime start{std::chrono::seconds{1'760'000'000}};
  std::string late;
  {
    Journal journal(list(store()), clock_);
    auto worker = journal.worker(nullptr);
    for (int second = 0; second < 300; ++second) {
      for (int i = 0; i < 4; ++i) {
        Event one = event("");
        one.time = start + std::chrono::seconds{second} + std::chrono::milliseconds{i};
        const std::string id = id_of(one.time, second * 4 + i);
        one.request_id = id;
        worker->record(one);
      }
      Event slow = event("");
      slow.time = start + std::chrono::seconds{second / 2};
      late = id_of(slow.time, 100'000 + second);
      slow.request_id = late;
      worker->record(slow);
      if (second % 10 == 0) journal.flush();
    }
  }
  auto connection = open();
  EXPECT_EQ(explain(connection, id_of(start, 0))->lines.size(), 1U);
  EXPECT_EQ(explain(connection, id_of(start + std::chrono::seconds{299}, 299 * 4))->lines.size(), 1U);
  EXPECT_EQ(explain(connection, late)->lines.size(), 1U) << "it ended long after it began";
  EXPECT_EQ(explain(connection, id_of(start + std::chrono::seconds{7}, 999'999)).error().code,
            ErrorCode::not_found);
  auto plan = connection.query(
      "SELECT count(*), max(latest - earliest) FROM gatehouse_runs WHERE earliest BETWEEN "
      "1760000007000000000 - "
      "1000000000 AND 1760000007001000000");
  ASSERT_TRUE(plan && *plan->next());
  EXPECT_LE(plan->integer(0), 8);
  auto widest = connection.query("SELECT max(latest - earliest), count(*) FROM gatehouse_runs");
  ASSERT_TRUE(widest && *widest->next());
  EXPECT_LT(widest->integer(0), 1'000'000'000);
  EXPECT_LE(widest->integer(1), 900) << "the events of a second are kept together";
}

TEST_F(Stores, WhatIsTooOldIsNotOnTheDiskEither) {
  const WallTime now{std::chrono::seconds{1'760'000'000}};
  auto sink = store({.age = std::chrono::hours{1}});
  ASSERT_TRUE(sink->write(batch_of(1000, now - std::chrono::hours{2}), Durable::later));
  const std::string file = store_ + "-events/1.jsonl";
  EXPECT_NE(read(file).find("{\"n\":500}"), std::string::npos);
  ASSERT_TRUE(sink->write(batch_of(3, now), Durable::later));
  ASSERT_TRUE(sink->tidy(now));
  EXPECT_EQ(read(file).find("{\"n\":500}"), std::string::npos);
  EXPECT_NE(read(file).find("{\"n\":2}"), std::string::npos);
  ASSERT_TRUE(sink->tidy(now + std::chrono::hours{2}));
  EXPECT_EQ(read(file).find("{\"n\":2}"), std::string::npos) << "also where nothing is left";
}

TEST_F(Stores, TwoProcessesMayWriteToOneStore) {
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

TEST_F(Stores, AStoreIsForItsOwnerOnlyAndGoesOnWhereItsFileWasRemoved) {
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

TEST_F(Stores, TakeNoEventWhileTheirFileIsGoneAndGoOnInTheOneThatTakesItsPlace) {
  const auto move = [&](std::string_view from, std::string_view to) {
    for (const std::string_view ending : {"", "-wal", "-shm", "-events"})
      std::filesystem::rename(folder_ / (std::string(from) + std::string(ending)),
                              folder_ / (std::string(to) + std::string(ending)));
  };
  const auto found = [&] {
    auto connection = open();
    int events = 0;
    EXPECT_TRUE(read_events(connection, {}, [&](const StoredEvent&) { return ++events, true; }));
    return events;
  };
  auto sink = store();
  ASSERT_TRUE(sink->write(batch_of(3), Durable::now));
  move("events.db", "moved.db");
  const auto refused = sink->write(batch_of(1), Durable::now);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::not_found);
  EXPECT_EQ(refused.error().retry, Retry::yes);
  EXPECT_FALSE(sink->tidy(WallTime{}));
  move("moved.db", "events.db");
  ASSERT_TRUE(sink->write(batch_of(1), Durable::now)) << "it is back";
  EXPECT_EQ(found(), 4);
  move("events.db", "moved.db");
  EXPECT_EQ(found(), 0) << "an empty one takes its place";
  ASSERT_TRUE(sink->write(batch_of(2), Durable::now));
  ASSERT_TRUE(sink->write(batch_of(2), Durable::now));
  EXPECT_EQ(found(), 4);
  auto other = store();
  ASSERT_TRUE(other->write(batch_of(1), Durable::now));
  std::filesystem::remove_all(store_ + "-events");
  ASSERT_TRUE(sink->write(batch_of(2), Durable::now));
  EXPECT_EQ(found(), 2) << "the lines of the others were removed with their folder";
}

TEST_F(Stores, OverwriteNoBytesOfAnotherProcessWhereAllWasRemoved) {
  auto first = store();
  auto second = store();
  ASSERT_TRUE(second->write(batch_of(1), Durable::now));
  ASSERT_TRUE(first->write(batch_of(3), Durable::now));
  for (const std::string_view ending : {"", "-wal", "-shm"})
    std::filesystem::remove(store_ + std::string(ending));
  {
    auto tables = open();
  }
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(second->write(batch_of(1), Durable::now));
  ASSERT_TRUE(first->write(batch_of(3), Durable::now));
  auto connection = open();
  std::int64_t events = 0;
  std::int64_t last = 0;
  ASSERT_TRUE(read_events(connection, {}, [&](const StoredEvent& found) {
    EXPECT_GT(found.position, last);
    last = found.position;
    EXPECT_TRUE(found.line.starts_with("{\"n\":") && found.line.ends_with("}")) << found.line;
    return ++events, true;
  }));
  EXPECT_EQ(events, 23);
}

TEST_F(Stores, WhatALossOfPowerTookIsNoEvent) {
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

TEST_F(Stores, ReadersAndTheWriterDoNotDisturbEachOther) {
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

}  // namespace
}  // namespace gatehouse::audit
