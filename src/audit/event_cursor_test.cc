#include "audit/event_cursor.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "audit/testing.h"

namespace gatehouse::audit {
namespace {

class Cursors : public Journals {
 protected:
  std::unique_ptr<EventCursor> cursor(const std::string& name = "a") const {
    auto opened = EventCursor::open(open(), name);
    if (!opened) throw std::runtime_error(opened.error().text);
    return *std::move(opened);
  }
  std::unique_ptr<EventCursor> claimed(const std::string& name = "a") const {
    auto opened = cursor(name);
    if (const auto mine = opened->claim(); !mine || !*mine) throw std::runtime_error("not claimed");
    return opened;
  }
  // A batch of one line each, so that the index has a run for each.
  static void write(Sink& sink, const std::string& text, WallTime time = kNow) {
    Batch batch = batch_of(0);
    LineFacts& facts = batch.facts.emplace_back();
    batch.lines = "{\"" + text + "\"}\n";
    facts.size = static_cast<std::uint32_t>(batch.lines.size());
    facts.time = time;
    ASSERT_TRUE(sink.write(batch, Durable::later));
  }
  // Everything behind the place, without its punctuation; each piece ends with a bar.
  static std::string rest(EventCursor& from, ByteCount most = kibibytes(64)) {
    std::string all;
    for (std::string lines;;) {
      const auto piece = from.next(most, lines);
      if (!piece || piece->events == 0) return all;
      lost_ += piece->lost;
      std::erase_if(lines, [](char c) { return std::string_view("{\"}\n").contains(c); });
      all += lines + "|";
      from.advance();
    }
  }

  static constexpr WallTime kNow{std::chrono::seconds{1'760'000'000}};
  static inline std::uint64_t lost_ = 0;
};

TEST_F(Cursors, ReadInOrderInPiecesOfWholeRuns) {
  auto reader = claimed();
  auto sink = store({.file = ByteCount{16}});
  for (const char* text : {"1", "2", "3", "4", "5"}) write(*sink, text);
  EXPECT_EQ(*reader->bytes_behind(), 30U);
  EXPECT_EQ(rest(*reader, ByteCount{12}), "12|34|5|") << "each line has six bytes";
  EXPECT_EQ(rest(*reader), "");
  write(*sink, "6");
  EXPECT_EQ(rest(*reader, ByteCount{1}), "6|") << "never less than a run";
  EXPECT_EQ(*reader->bytes_behind(), 0U);
}

TEST_F(Cursors, GoOnWhereTheyWereKept) {
  auto sink = store();
  write(*sink, "before");
  {
    auto reader = claimed();
    write(*sink, "1");
    write(*sink, "2");
    EXPECT_EQ(rest(*reader), "12|") << "a new name begins with what is new";
    EXPECT_FALSE(reader->is_kept());
    ASSERT_TRUE(reader->keep());
    EXPECT_TRUE(reader->is_kept());
    write(*sink, "3");
    EXPECT_EQ(rest(*reader), "3|");
  }
  write(*sink, "4");
  EXPECT_EQ(rest(*claimed()), "34|") << "as after a process that was killed";
}

// A place inside a run: another program version wrote larger ones.
TEST_F(Cursors, MayStandInsideARun) {
  auto sink = store();
  auto reader = claimed();
  ASSERT_TRUE(sink->write(batch_of(3), Durable::later));
  auto connection = open();
  ASSERT_TRUE(connection.execute("UPDATE gatehouse_cursors SET position = 3"));
  ASSERT_TRUE(*reader->claim());
  EXPECT_EQ(rest(*reader), "n:2|");
}

TEST_F(Cursors, HoldBackRetentionByAgeUntilTheyHaveReadOrAreForgotten) {
  const auto runs = [&] {
    auto connection = open();
    auto rows = connection.query("SELECT count(*) FROM gatehouse_runs");
    return rows && *rows->next() ? rows->integer(0) : -1;
  };
  auto sink = store({.age = std::chrono::hours{1}});
  auto fast = claimed("fast");
  auto slow = cursor("slow");
  for (const char* text : {"1", "2", "3"}) write(*sink, text, kNow - std::chrono::hours{2});
  EXPECT_EQ(rest(*fast), "123|");
  ASSERT_TRUE(fast->keep());
  ASSERT_TRUE(sink->tidy(kNow));
  EXPECT_EQ(runs(), 3) << "the slow one has had none";
  ASSERT_TRUE(*slow->claim());
  std::string lines;
  ASSERT_TRUE(slow->next(ByteCount{1}, lines));
  slow->advance();
  ASSERT_TRUE(sink->tidy(kNow));
  EXPECT_EQ(runs(), 3) << "its place is not kept yet";
  ASSERT_TRUE(slow->keep());
  ASSERT_TRUE(sink->tidy(kNow));
  EXPECT_EQ(runs(), 2);
  const std::string names[] = {"fast"};
  auto connection = open();
  ASSERT_TRUE(EventCursor::forget_others(connection, names));
  ASSERT_TRUE(sink->tidy(kNow));
  EXPECT_EQ(runs(), 2) << "it is being read by";
  slow.reset();
  ASSERT_TRUE(EventCursor::forget_others(connection, names));
  ASSERT_TRUE(sink->tidy(kNow));
  EXPECT_EQ(runs(), 0);
}

TEST_F(Cursors, CountWhatTheStoreLetGoForItsSize) {
  lost_ = 0;
  auto sink = store({.size = kibibytes(64), .file = kibibytes(8)});
  auto reader = claimed();
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(sink->write(batch_of(100, kNow), Durable::later));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(sink->tidy(kNow));
  const std::string all = rest(*reader);
  const auto had = static_cast<std::uint64_t>(std::ranges::count(all, 'n'));
  EXPECT_GT(lost_, 0U);
  EXPECT_GT(had, 0U);
  EXPECT_EQ(lost_ + had, 20'000U);
}

TEST_F(Cursors, TakeNothingForALineThatIsNone) {
  lost_ = 0;
  auto sink = store();
  auto reader = claimed();
  for (const char* text : {"1", "2", "3"}) write(*sink, text);
  const std::string file = store_ + "-events/1.jsonl";
  std::filesystem::resize_file(file, 6);
  std::filesystem::resize_file(file, 12);  // zeros, as after a loss of power
  {
    std::ofstream more(file, std::ios::app);
    more << "{\"3\"} {\"an unfinished";  // longer than the run that the index names
  }
  EXPECT_EQ(rest(*reader), "1|");
  EXPECT_EQ(lost_, 2U);
  write(*sink, "4");
  EXPECT_EQ(rest(*reader), "4|") << "nothing behind the last run was read";
}

TEST_F(Cursors, PassOverNothingWhenAnEmptyStoreBeginsAgain) {
  {
    auto sink = store({.age = std::chrono::hours{1}});
    auto reader = claimed();
    for (const char* text : {"1", "2", "3"}) write(*sink, text, kNow - std::chrono::hours{2});
    EXPECT_EQ(rest(*reader), "123|");
    ASSERT_TRUE(reader->keep());
    ASSERT_TRUE(sink->tidy(kNow));
  }
  auto sink = store();
  write(*sink, "4");
  EXPECT_EQ(rest(*claimed()), "4|");
}

TEST_F(Cursors, OfOneNameReadOneAtATime) {
  auto sink = store();
  auto first = claimed();
  auto second = cursor();
  EXPECT_FALSE(*second->claim());
  EXPECT_TRUE(*claimed("b")->claim()) << "another name";
  write(*sink, "1");
  EXPECT_EQ(rest(*first), "1|");
  ASSERT_TRUE(first->keep());
  first.reset();
  write(*sink, "2");
  ASSERT_TRUE(*second->claim());
  EXPECT_EQ(rest(*second), "2|") << "what the first had is not read again";
}

TEST_F(Cursors, OfANameThatWasForgottenBeginAgainAtTheEnd) {
  auto sink = store();
  auto reader = cursor();
  write(*sink, "1");
  auto connection = open();
  ASSERT_TRUE(EventCursor::forget_others(connection, {}));
  EXPECT_FALSE(*reader->claim());
  ASSERT_TRUE(*reader->claim());
  write(*sink, "2");
  EXPECT_EQ(rest(*reader), "2|");
}

TEST_F(Cursors, GoOnInAFileThatTakesTheStoresPlace) {
  auto sink = store();
  auto reader = claimed();
  for (const char* text : {"1", "2", "3"}) write(*sink, text);
  EXPECT_EQ(rest(*reader), "123|");
  ASSERT_TRUE(reader->keep());
  for (const std::string_view ending : {"", "-wal", "-shm"})
    std::filesystem::remove(store_ + std::string(ending));
  std::filesystem::remove_all(store_ + "-events");
  std::string lines;
  EXPECT_EQ(reader->next(kibibytes(64), lines).error().code, ErrorCode::not_found);
  {
    auto tables = open();
  }
  write(*sink, "4");
  EXPECT_EQ(reader->next(kibibytes(64), lines).error().code, ErrorCode::conflict);
  ASSERT_TRUE(*reader->claim());
  EXPECT_FALSE(*cursor()->claim()) << "the lock is in the other folder too";
  write(*sink, "5");
  EXPECT_EQ(rest(*reader), "45|") << "no event was passed over";
  ASSERT_TRUE(reader->keep());
  reader.reset();
  write(*sink, "6");
  EXPECT_EQ(rest(*claimed()), "6|");
}

}  // namespace
}  // namespace gatehouse::audit
