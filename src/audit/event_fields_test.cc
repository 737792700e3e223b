#include "audit/event_fields.h"

#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/encoder.h"
#include "audit/event_line.h"
#include "audit/event_testing.h"
#include "audit/query.h"
#include "audit/testing.h"
#include "base/golden_testing.h"
#include "json/parser.h"

namespace gatehouse::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Attribute kTwo[] = {{"id", "42"}, {"a\"b", "\\\n}"}};
const std::vector<std::string> kNames{"X-A", "cookie:\"]"};
const Proven kOthers[] = {{"machine:robot", "certificate", "CN=\"Partners\"", "ab12"}};

// All that an event can have.
Event full() {
  Event event = refused_event();
  event.name = "request";
  event.caller_trace_id = "1af7651916cd43dd8448eb211c80319c";
  event.host = "api.example.com";
  event.sent_id = "partner-17";
  event.path = "/orders/42";
  event.resource = kTwo;
  event.query = kTwo;
  event.dropped = kNames;
  event.user_id = "partner:\"acme\"";
  event.issuer = "https://idp.example/";
  event.also = kOthers;
  event.sensitive = "export";
  event.effect = Effect::done;
  event.duration = std::chrono::microseconds{4'012};
  event.request_body_size = 5;
  event.upstream = "orders";
  event.upstream_status = 200;
  event.detail = "ours\\";
  event.said = "theirs";
  return event;
}

std::string line_of_fields(const Event& event) {
  std::string line;
  append_event(line, event);
  line.pop_back();  // its line feed
  return line;
}

TEST(EventFields, AreTheMembersOfALineInTheirOrder) {
  json::Parser parser;
  json::Document document;
  ASSERT_TRUE(parser.parse(line_of_fields(full()), document));
  std::vector<std::string> members, fields;
  for (const json::Member member : document.root().members()) members.emplace_back(member.key());
  for (const FieldFacts& facts : kFieldFacts) fields.emplace_back(facts.name);
  EXPECT_EQ(members, fields);
  ASSERT_TRUE(parser.parse(line_of_fields(Event{}), document));
  for (const FieldFacts& facts : kFieldFacts)
    EXPECT_EQ(document.root().find(facts.name).has_value(), facts.presence == Presence::always) << facts.name;
}

// A member of Event that is new makes this not compile: it needs a line in the list, and one here.
TEST(EventFields, LeaveNoMemberOfAnEventOut) {
  Event event = full();
  auto& [name, time, request_id, trace_id, sent_id, caller_trace_id, client, has_client, host, method, route,
         path, operation, resource, query, dropped, user_id, scheme, issuer, credential_id, also, outcome,
         stage, reason, rule, sensitive, effect, status, duration, request_body_size, response_body_size,
         upstream, upstream_status, detail, said, credentials] = event;
  const auto shows = [&](auto& member, auto other, std::string_view what) {
    const std::string before = line_of_fields(event);
    const auto kept = std::exchange(member, other);
    EXPECT_NE(line_of_fields(event), before) << what;
    member = kept;
  };
  using Text = std::string_view;
  for (Text* const text :
       {&name,   &request_id, &trace_id,  &sent_id,  &caller_trace_id, &host,   &method,
        &route,  &path,       &operation, &user_id,  &scheme,          &issuer, &credential_id,
        &reason, &rule,       &sensitive, &upstream, &detail,          &said})
    shows(*text, Text("another"), *text);
  shows(time, WallTime{}, "time");
  shows(client, *IpAddress::parse("::1"), "client");
  shows(has_client, false, "has_client");
  shows(resource, std::span<const Attribute>(), "resource");
  shows(query, std::span<const Attribute>(), "query");
  shows(dropped, std::span<const std::string>(), "dropped");
  shows(also, std::span<const Proven>(), "also");
  shows(outcome, Outcome::failed, "outcome");
  shows(stage, Stage::call, "stage");
  shows(effect, Effect::unknown, "effect");
  shows(status, 0U, "status");
  shows(duration, std::chrono::nanoseconds{1'000}, "duration");
  shows(request_body_size, std::uint64_t{6}, "request_body_size");
  shows(response_body_size, std::uint64_t{6}, "response_body_size");
  shows(upstream_status, 500U, "upstream_status");
  const std::string_view secret[] = {"theirs"};
  shows(credentials, std::span<const std::string_view>(secret), "credentials");
}

TEST(EventLine, HasEveryMemberAsTheDocumentHasIt) {
  for (const Event& event : {full(), Event{}}) {
    const std::string line = line_of_fields(event);
    EventLine read;
    ASSERT_TRUE(read.read(line)) << line;
    json::Parser parser;
    json::Document document;
    ASSERT_TRUE(parser.parse(line, document));
    for (std::size_t i = 0; i < kEventFieldCount; ++i) {
      const FieldName field = FieldName::at(i);
      const auto value = document.root().find(field);
      ASSERT_EQ(value.has_value(), !read.raw(field).empty()) << std::string_view(field);
      if (!value) continue;
      if (value->is_string()) {
        EXPECT_EQ(unescaped(read.text(field)), value->string());
      }
      if (value->is_null()) {
        EXPECT_EQ(read.raw(field), "null");
        EXPECT_EQ(read.text(field), "");
      }
      json::Document alone;
      ASSERT_TRUE(parser.parse(read.raw(field), alone)) << read.raw(field);
    }
  }
}

TEST(EventLine, IsNothingWhereAByteIsMissingOrTooMany) {
  const std::string line = line_of_fields(full());
  EventLine read;
  for (std::size_t size = 0; size < line.size(); ++size) {
    EXPECT_FALSE(read.read(line.substr(0, size))) << size;
    EXPECT_EQ(read.raw("time"), "");
  }
  EXPECT_FALSE(read.read(line + " "));
  EXPECT_FALSE(read.read(line + line));
  EXPECT_FALSE(read.read(R"({"event.name":"request"})")) << "another version's";
}

// ---- what `gatehouse log` may be asked for

class FieldFilters : public Journals {
 protected:
  std::vector<std::string> found(const MemberFilter& filter) {
    std::vector<std::string> ids;
    auto connection = open();
    EXPECT_TRUE(read_events(connection, {.members = {filter}}, [&](const StoredEvent& event) {
      json::Parser parser;
      json::Document document;
      EXPECT_TRUE(parser.parse(event.line, document));
      ids.emplace_back(*document.root().find_string("request.id"));
      return true;
    }));
    return ids;
  }
};

TEST_F(FieldFilters, FindTheEventsWhoseMemberIsTheText) {
  Event other = event("other");  // of another value in every field that can be asked for
  other.client = *IpAddress::parse("2001:db8::1");
  other.user_id = "partner:\"zenith\"\n";
  other.reason = "row_missing";
  other.outcome = Outcome::failed;
  other.operation = "listOrders";
  other.host = "other.example.com";
  other.sent_id = "partner-18";
  other.status = 502;
  Event first = full();
  {
    Journal journal(list(store()), clock_);
    const auto worker = journal.worker(nullptr);
    worker->record(first);
    worker->record(other);
  }
  std::set<std::string_view> options;
  json::Parser parser;
  json::Document one, two;
  ASSERT_TRUE(parser.parse(line_of_fields(first), one));
  ASSERT_TRUE(parser.parse(line_of_fields(other), two));
  for (std::size_t i = 0; i < kEventFieldCount; ++i) {
    const Filter& filter = kFieldFacts[i].filter;
    if (filter.option.empty()) continue;
    EXPECT_TRUE(options.insert(filter.option).second) << filter.option;
    EXPECT_FALSE(filter.help.empty()) << filter.option;
    const FieldName field = FieldName::at(i);
    const auto written = [&](const json::Document& document) {
      const json::Value value = *document.root().find(field);
      return value.is_number() ? value.literal() : value.string();
    };
    const auto by_first = filter_by(field, written(one));
    const auto by_other = filter_by(field, written(two));
    ASSERT_TRUE(by_first && by_other) << filter.option;
    EXPECT_THAT(found(*by_first), ElementsAre(first.request_id)) << filter.option;
    EXPECT_THAT(found(*by_other), ElementsAre("other")) << filter.option;
    EXPECT_THAT(found({field, "nothing"}), IsEmpty()) << filter.option;
  }
  EXPECT_EQ(options, (std::set<std::string_view>{"host", "ip", "operation", "outcome", "reason", "sent-id",
                                                 "status", "user"}));
}

TEST_F(FieldFilters, FindNetworksAndClassesOfStatuses) {
  Event other = event("other");
  other.client = *IpAddress::parse("2001:db8::1");
  other.status = 503;
  Event none = event("none");
  none.has_client = false;
  none.status = 0;
  {
    Journal journal(list(store()), clock_);
    const auto worker = journal.worker(nullptr);
    for (const Event* const one : {&other, &none}) worker->record(*one);
  }
  EXPECT_THAT(found(*filter_by("client.address", "2001:DB8::/32")), ElementsAre("other"));
  EXPECT_THAT(found(*filter_by("client.address", "2001:DB8:0::1")), ElementsAre("other"));
  EXPECT_THAT(found(*filter_by("client.address", "2001:db9::/32")), IsEmpty());
  EXPECT_THAT(found(*filter_by("client.address", "0.0.0.0/0")), IsEmpty());
  EXPECT_THAT(found(*filter_by("http.response.status_code", "5xx")), ElementsAre("other"));
  EXPECT_THAT(found(*filter_by("http.response.status_code", "503")), ElementsAre("other"));
  EXPECT_THAT(found(*filter_by("http.response.status_code", "4xx")), IsEmpty());
}

TEST_F(FieldFilters, RefuseWhatNoEventCanHave) {
  EXPECT_THAT(filter_by("http.response.status_code", "4x").error().text,
              HasSubstr("must be a status such as"));
  EXPECT_FALSE(filter_by("http.response.status_code", "700"));
  EXPECT_THAT(filter_by("client.address", "localhost").error().text, HasSubstr("must be an address such as"));
  EXPECT_THAT(filter_by("outcome", "open").error().text,
              HasSubstr("must be allowed, refused, upstream or failed, not `open`"));
  EXPECT_THAT(filter_by("outcome", "").error().text, HasSubstr("must be"));
  EXPECT_THAT(filter_by("reason", "conditon_false").error().text,
              HasSubstr("must be a reason of docs/events.md"));
  EXPECT_TRUE(filter_by("operation", "anything"));
}

// ---- docs/events.md

std::string fields_as_markdown() {
  std::string out = "| member | what it says | without a value | `gatehouse log` |\n|---|---|---|---|\n";
  for (const FieldFacts& facts : kFieldFacts) {
    const std::string option =
        facts.filter.option.empty() ? std::string() : fmt::format("`--{}`", facts.filter.option);
    out += fmt::format("| `{}` | {} | {} | {} |\n", facts.name, facts.meaning,
                       facts.presence == Presence::always ? "`null`" : "left out", option);
  }
  return out;
}

TEST(EventFields, TheDocumentationIsTheList) {
  expect_golden_part("docs/events.md",
                     "<!-- The members: written from src/audit/event_fields.h by "
                     "GATEHOUSE_WRITE_GOLDEN=1 build/release/audit_test -->\n\n",
                     fields_as_markdown(), GoldenEnd::paragraph);
}

}  // namespace
}  // namespace gatehouse::audit
