#include "audit/event_counts.h"

#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/encoder.h"
#include "audit/event_cursor.h"
#include "audit/sink_reader.h"
#include "audit/testing.h"

namespace gatehouse::audit {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const EventCounts& counts) {
  std::string text;
  counts.render(text);
  return text;
}

TEST(EventCounts, AreWhatTheLinesSayAsValidText) {
  std::string lines;
  Event event;
  event.operation = "getOrder";
  event.outcome = Outcome::allowed;
  event.status = 200;
  event.duration = std::chrono::milliseconds{3};
  append_event(lines, event);
  append_event(lines, event);
  event.outcome = Outcome::refused;
  event.stage = Stage::authorise;
  event.reason = "permission_missing";
  event.status = 403;
  event.duration = std::chrono::seconds{60};
  append_event(lines, event);
  event.operation = "say \"hi\"\\\n";
  event.outcome = Outcome::failed;
  event.stage = Stage::call;
  event.reason = "upstream_late";
  event.upstream = "orders";
  append_event(lines, event);
  event.name = "key";
  append_event(lines, event);
  EventCounts counts;
  counts.count(lines);
  const std::string text = text_of(counts);
  for (const std::string_view line : {
           R"(gatehouse_requests_total{operation="getOrder",outcome="allowed",status="200"} 2)",
           R"(gatehouse_requests_total{operation="getOrder",outcome="refused",status="403"} 1)",
           R"(gatehouse_refusals_total{stage="authorise",reason="permission_missing"} 1)",
           R"(gatehouse_refusals_total{stage="call",reason="upstream_late"} 1)",
           R"(gatehouse_request_duration_seconds_bucket{operation="getOrder",le="0.0025"} 0)",
           R"(gatehouse_request_duration_seconds_bucket{operation="getOrder",le="0.005"} 2)",
           R"(gatehouse_request_duration_seconds_bucket{operation="getOrder",le="+Inf"} 3)",
           R"(gatehouse_request_duration_seconds_sum{operation="getOrder"} 60.006)",
           R"(gatehouse_request_duration_seconds_count{operation="getOrder"} 3)",
           R"(gatehouse_upstream_errors_total{upstream="orders"} 1)",
           R"(gatehouse_events_total{name="request"} 4)",
           R"(gatehouse_events_total{name="key"} 1)",
           R"(gatehouse_events_unreadable_total 0)",
       }) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  EXPECT_THAT(text, HasSubstr(R"(operation="say \"hi\"\\\n")"));
  EXPECT_THAT(text, Not(HasSubstr("dropped_names_total{")));
}

TEST(EventCounts, KnowHowManyNamesALongListStandsFor) {
  const auto counted = [](const std::vector<std::string>& names) {
    Event event;
    event.operation = "list";
    event.dropped = names;
    std::string line;
    append_event(line, event);
    EventCounts counts;
    counts.count(line);
    const std::string text = text_of(counts);
    constexpr std::string_view kSample = "gatehouse_dropped_names_total{operation=\"list\"} ";
    const std::size_t at = text.find(kSample);
    return at == std::string::npos ? 0 : std::stoi(text.substr(at + kSample.size()));
  };
  EXPECT_EQ(counted({}), 0);
  EXPECT_EQ(counted({"X-A", "cookie:\"b\\"}), 2);
  std::vector<std::string> many(16, "X-A");
  many.emplace_back("and 24 more");
  EXPECT_EQ(counted(many), 40);
}

TEST(EventCounts, TakeNoValueForAnotherMember) {
  const Attribute resource[] = {{"outcome", "x\",\"outcome\":\"allowed\""}, {"operation", "}"}, {"}]", "{["}};
  Event event;
  event.operation = "getOrder";
  event.resource = resource;
  event.query = resource;
  event.user_id = R"(","outcome":"allowed","status":")";
  event.reason = "permission_missing";
  event.said = R"("operation":"other"\")";
  std::string line;
  append_event(line, event);
  EventCounts counts;
  counts.count(line);
  EXPECT_THAT(text_of(counts),
              HasSubstr(R"(gatehouse_requests_total{operation="getOrder",outcome="refused",status="0"} 1)"));
}

TEST(EventCounts, SayOfWhatIsDamagedThatItIs) {
  std::string line;
  append_event(line, Event{});
  EventCounts counts;
  for (std::size_t size = 0; size + 2 < line.size(); ++size) counts.count(line.substr(0, size) + "\n");
  counts.count("{\"n\":1}\n");
  const std::string text = text_of(counts);
  EXPECT_THAT(text, HasSubstr("gatehouse_events_total{name=\"request\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("gatehouse_events_unreadable_total " + std::to_string(line.size() - 1) + "\n"));
}

// The reader as a server has it: over a store to which others write too.
class CountingReaders : public Journals {
 protected:
  static constexpr LogWriter kOwn{7};
  std::unique_ptr<SinkReader> reader() {
    auto cursor = EventCursor::open_own(open(), kOwn);
    if (!cursor) throw std::runtime_error(cursor.error().text);
    return std::make_unique<SinkReader>(counting_sink(counts_), *std::move(cursor), SinkReaderOptions{});
  }
  void wait_for(const std::string& line) const {
    while (!text_of(*counts_).contains(line)) std::this_thread::yield();
  }
  std::shared_ptr<EventCounts> counts_ = std::make_shared<EventCounts>();
};

TEST_F(CountingReaders, CountEveryEventOfTheirOwnProcessOnceAndNoOther) {
  const auto write = [](Sink& sink, std::string_view operation, int count) {
    Batch batch;
    for (int i = 0; i < count; ++i) {
      LineFacts& facts = batch.facts.emplace_back();
      facts.offset = static_cast<std::uint32_t>(batch.lines.size());
      append_event(batch.lines, event("x", operation));
      facts.size = static_cast<std::uint32_t>(batch.lines.size()) - facts.offset;
    }
    ASSERT_TRUE(sink.write(batch, Durable::later));
  };
  const auto own = store_sink(open(), {}, kOwn);
  const auto other = store_sink(open(), {}, LogWriter{8});
  const auto old = store();
  write(*own, "before", 3);
  const auto reading = reader();
  for (int i = 0; i < 20; ++i) {
    write(*own, "own", 50);
    reading->wake(1);
    write(*other, "other", 50);
    write(*old, "old", 1);
    reading->wake(1);
  }
  write(*own, "last", 1);
  reading->wake(1);
  wait_for("operation=\"last\"");
  const std::string text = text_of(*counts_);
  EXPECT_THAT(text, HasSubstr(R"({operation="own",outcome="allowed",status="200"} 1000)"));
  EXPECT_THAT(text, HasSubstr("gatehouse_events_total{name=\"request\"} 1001\n"));
  EXPECT_EQ(reading->state().lost, 0U);
  auto connection = open();
  auto rows = connection.query("SELECT count(*) FROM gatehouse_cursors");
  ASSERT_TRUE(*rows->next());
  EXPECT_EQ(rows->integer(0), 0) << "no place is kept: retention waits for none";
}

TEST_F(CountingReaders, BeginAgainWithTheirProcess) {
  std::vector<std::unique_ptr<SinkReader>> readers;
  readers.push_back(reader());
  {
    Journal journal(list(store_sink(open(), {}, kOwn)), clock_, {}, std::move(readers));
    const auto worker = journal.worker(nullptr);
    for (int i = 0; i < 5000; ++i) worker->record(event("x"));
  }
  EXPECT_THAT(text_of(*counts_), HasSubstr("gatehouse_events_total{name=\"request\"} 5000\n"))
      << "what was written last is counted before the end";
  counts_ = std::make_shared<EventCounts>();
  {
    const auto next = reader();
  }
  EXPECT_THAT(text_of(*counts_), HasSubstr("gatehouse_events_total{name=\"request\"} 0\n"));
}

}  // namespace
}  // namespace gatehouse::audit
