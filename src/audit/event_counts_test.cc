#include "audit/event_counts.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/journal.h"
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

TEST(EventCounts, AreWhatTheEventsSayAsValidText) {
  EventCounts counts;
  Event event;
  event.operation = "getOrder";
  event.outcome = Outcome::allowed;
  event.status = 200;
  event.duration = std::chrono::milliseconds{3};
  counts.count(event);
  counts.count(event);
  event.outcome = Outcome::refused;
  event.stage = Stage::authorise;
  event.reason = "permission_missing";
  event.status = 403;
  event.duration = std::chrono::seconds{60};
  counts.count(event);
  event.operation = "say \"hi\"\\\n";
  event.outcome = Outcome::failed;
  event.stage = Stage::call;
  event.reason = "upstream_late";
  event.upstream = "orders";
  counts.count(event);
  event.name = "key";
  counts.count(event);
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
    EventCounts counts;
    counts.count(event);
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

class CountingJournals : public Journals {
 protected:
  std::unique_ptr<Journal> journal(Counts counts) {
    JournalOptions options;
    options.counts = counts;
    return std::make_unique<Journal>(list(store()), clock_, std::move(options));
  }
  static std::string text_of(const Journal& journal) {
    std::string text;
    journal.render(text);
    return text;
  }
};

TEST_F(CountingJournals, HaveTheEventsOfAllWorkersAlsoOfThoseThatAreGone) {
  const auto counting = journal(Counts::of_events);
  const auto first = counting->worker(nullptr);
  auto second = counting->worker(nullptr);
  for (int i = 0; i < 1000; ++i) {
    first->record(event("x", "getOrder"));
    second->record(event("x", i % 2 == 0 ? "getOrder" : "listOrders"));
  }
  Event refused = event("x", "getOrder");
  refused.outcome = Outcome::refused;
  refused.stage = Stage::limit;
  refused.reason = "rate_limited";
  first->record(refused);
  second->record(refused);
  second.reset();
  counting->flush();
  counting->flush();  // the lane of the second is gone
  const std::string text = text_of(*counting);
  EXPECT_THAT(text, HasSubstr(R"({operation="getOrder",outcome="allowed",status="200"} 1500)"));
  EXPECT_THAT(text, HasSubstr(R"({operation="listOrders",outcome="allowed",status="200"} 500)"));
  EXPECT_THAT(text, HasSubstr(R"(gatehouse_refusals_total{stage="limit",reason="rate_limited"} 2)"));
  EXPECT_THAT(text, HasSubstr("gatehouse_events_total{name=\"request\"} 2002\n"));
}

TEST_F(CountingJournals, CountNothingUnlessTheyAreTold) {
  const auto silent = journal(Counts::none);
  const auto worker = silent->worker(nullptr);
  worker->record(event("x"));
  silent->flush();
  EXPECT_THAT(text_of(*silent), Not(HasSubstr("gatehouse_requests_total")));
}

}  // namespace
}  // namespace gatehouse::audit
