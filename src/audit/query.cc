#include "audit/query.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "audit/event_files.h"
#include "audit/event_line.h"
#include "base/ip.h"
#include "base/strings.h"
#include "base/uuid.h"
#include "json/parser.h"

namespace gatehouse::audit {

namespace {

// `2026-11-23T10:15:04.182913Z`, as the encoder writes it.
std::optional<WallTime> parse_time(std::string_view text) {
  if (text.size() != 27) return std::nullopt;
  const auto digits = [&](std::size_t at, std::size_t count) {
    int number = 0;
    std::from_chars(text.data() + at, text.data() + at + count, number);
    return number;
  };
  const std::chrono::year_month_day day{std::chrono::year{digits(0, 4)},
                                        std::chrono::month{static_cast<unsigned>(digits(5, 2))},
                                        std::chrono::day{static_cast<unsigned>(digits(8, 2))}};
  if (!day.ok()) return std::nullopt;
  return std::chrono::sys_days{day} + std::chrono::hours{digits(11, 2)} +
         std::chrono::minutes{digits(14, 2)} + std::chrono::seconds{digits(17, 2)} +
         std::chrono::microseconds{digits(20, 6)};
}

// The lines of the runs that a reader is given, one at a time.
class StoredLine {
 public:
  bool parse(std::string_view line) {
    known_ = line_.read(line);
    return known_ || parser_.parse(line, document_).has_value();  // another version has other fields
  }
  bool says(const MemberFilter& wanted) const {
    if (wanted.network) {
      const auto address = IpAddress::parse(text_of(wanted.field));
      return address && wanted.network->contains(*address);
    }
    if (kFieldFacts[wanted.field.index()].form == Form::number) {
      const std::string number = number_of(wanted.field);
      if (wanted.hundred) return number.size() == 3 && number[0] == *wanted.hundred;
      return number == wanted.value;
    }
    if (!known_) return document_.root().find_string(wanted.field) == wanted.value;
    const std::string_view text = line_.text(wanted.field);
    return text.contains('\\') ? unescaped(text) == wanted.value : !text.empty() && text == wanted.value;
  }
  std::optional<WallTime> time() const {
    if (known_) return parse_time(line_.text("time"));
    const auto text = document_.root().find_string("time");
    return text ? parse_time(*text) : std::nullopt;
  }

 private:
  // Empty where it has none.
  std::string text_of(FieldName field) const {
    if (known_) return unescaped(line_.text(field));
    return std::string(document_.root().find_string(field).value_or(std::string_view()));
  }
  std::string number_of(FieldName field) const {
    if (known_) return std::string(line_.raw(field));
    const auto value = document_.root().find(field);
    return value && value->is_number() ? std::string(value->literal()) : std::string();
  }

  EventLine line_;
  bool known_ = false;  // else the document has it
  json::Parser parser_;
  json::Document document_;
};

template <typename Each>
bool for_each_line(std::string_view lines, Each each) {
  while (!lines.empty()) {
    const auto end = std::min(lines.find('\n'), lines.size());
    if (!each(lines.substr(0, end))) return false;
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return true;
}

// When a request began, to the millisecond: its id says it (UUIDv7).
std::optional<WallTime> time_of(std::string_view request_id) {
  if (!Uuid::parse(request_id) || request_id[14] != '7') return std::nullopt;
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  std::from_chars(request_id.data(), request_id.data() + 8, high, 16);
  std::from_chars(request_id.data() + 9, request_id.data() + 13, low, 16);
  return WallTime{std::chrono::milliseconds{static_cast<std::int64_t>((high << 16U) | low)}};
}

}  // namespace

Result<MemberFilter> filter_by(FieldName field, std::string_view value) {
  const auto refused = [&](std::string_view what) {
    return failure(ErrorCode::invalid, fmt::format("must be {}, not `{}`", what, value));
  };
  const FieldFacts& facts = kFieldFacts[field.index()];
  if (facts.filter.allows != nullptr && !facts.filter.allows(value)) return refused(facts.filter.allowed);
  if (facts.form == Form::number) {
    const bool digits = value.size() == 3 && value[0] >= '1' && value[0] <= '5' &&
                        ((is_digit(value[1]) && is_digit(value[2])) || value.substr(1) == "xx");
    if (!digits) return refused("a status such as 404, or all of a class such as 4xx");
    MemberFilter filter{field, std::string(value)};
    if (value.ends_with("xx")) filter.hundred = value[0];
    return filter;
  }
  if (facts.form != Form::address) return MemberFilter{field, std::string(value)};
  const auto network = IpNetwork::parse(value);
  if (!network) return refused("an address such as 203.0.113.9, or a network such as 10.0.0.0/8");
  return MemberFilter{field, std::string(value), network};
}

namespace {

// The events that an order of time holds back until no earlier one can come.
class Waiting {
 public:
  explicit Waiting(const std::function<bool(const StoredEvent&)>& each) : each_(each) {}
  bool add(const StoredEvent& event) {
    lines_.emplace(std::pair{event.time, event.position}, event.line);
    return lines_.size() <= kMostWaiting || pass_first();
  }
  // Those that began before.
  bool pass(WallTime before) {
    while (!lines_.empty() && lines_.begin()->first.first < before) {
      if (!pass_first()) return false;
    }
    return true;
  }

 private:
  bool pass_first() {
    const auto first = lines_.begin();
    const bool goes_on = each_({first->first.second, first->first.first, first->second});
    lines_.erase(first);
    return goes_on;
  }

  const std::function<bool(const StoredEvent&)>& each_;
  std::map<std::pair<WallTime, std::int64_t>, std::string> lines_;
};

struct Run {
  std::int64_t position, earliest;
  Stretch lines;
};

}  // namespace

Result<std::int64_t> read_events(db::Connection& connection, const EventFilter& filter,
                                 const std::function<bool(const StoredEvent&)>& each) {
  const WallTime since = filter.since.value_or(WallTime::min());
  const WallTime until = filter.until.value_or(WallTime::max());
  GATEHOUSE_TRY(db::Rows rows,
                connection.query(
                    "SELECT position, earliest, file, offset, size FROM gatehouse_runs "
                    "WHERE position + events > ?1 + 1 AND latest >= ?2 AND earliest < ?3 ORDER BY position",
                    {filter.after, nanoseconds_of(since), nanoseconds_of(until)}));
  std::vector<Run> runs;
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) break;
    runs.push_back({rows.integer(0), rows.integer(1), {rows.integer(2), rows.integer(3), rows.integer(4)}});
  }
  // When the events behind each run can have begun, at the earliest.
  std::vector<std::int64_t> behind(runs.size() + 1, std::numeric_limits<std::int64_t>::max());
  for (std::size_t i = runs.size(); i-- > 0;) behind[i] = std::min(behind[i + 1], runs[i].earliest);
  EventFileReader files(event_folder(connection));
  StoredLine parsed;
  Waiting waiting(each);
  std::int64_t last = filter.after;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    std::int64_t position = runs[i].position - 1;
    GATEHOUSE_TRY(const std::string_view lines, files.read(runs[i].lines));
    const bool goes_on = for_each_line(lines, [&](std::string_view line) {
      last = std::max(last, ++position);
      if (position <= filter.after || !parsed.parse(line)) return true;
      const WallTime time = parsed.time().value_or(wall_time_from_nanoseconds(runs[i].earliest));
      if (time < since || time >= until) return true;
      if (!std::ranges::all_of(filter.members, [&](const MemberFilter& one) { return parsed.says(one); }))
        return true;
      const StoredEvent event{position, time, line};
      return filter.order == EventOrder::stored ? each(event) : waiting.add(event);
    });
    const bool is_last = i + 1 == runs.size();
    const WallTime before = is_last ? WallTime::max() : wall_time_from_nanoseconds(behind[i + 1]);
    if (!goes_on || !waiting.pass(before)) return last;
  }
  return last;
}

Result<Explanation> explain(db::Connection& connection, std::string_view request_id) {
  Explanation explanation;
  {
    // Without a time in it, an id can be anywhere.
    const auto time = time_of(request_id);
    constexpr std::int64_t kFirst = std::numeric_limits<std::int64_t>::min() / 2;
    const std::int64_t from = time ? nanoseconds_of(*time) : kFirst;
    const std::int64_t to = time ? nanoseconds_of(*time + std::chrono::milliseconds(1))
                                 : std::numeric_limits<std::int64_t>::max();
    // A run spans less than a second, so its earliest event says whether it may have this one. Older versions
    // wrote some that span more.
    GATEHOUSE_TRY(
        db::Rows rows,
        connection.query("SELECT file, offset, size, position FROM gatehouse_runs "
                         "WHERE earliest BETWEEN ?1 - 1000000000 AND ?2 AND latest >= ?1 UNION "
                         "SELECT file, offset, size, position FROM gatehouse_runs "
                         "WHERE latest - earliest >= 1000000000 AND latest >= ?1 AND earliest <= ?2 "
                         "ORDER BY position",
                         {from, to}));
    EventFileReader files(event_folder(connection));
    StoredLine parsed;
    for (;;) {
      GATEHOUSE_TRY(const bool more, rows.next());
      if (!more) break;
      GATEHOUSE_TRY(const std::string_view lines,
                    files.read({rows.integer(0), rows.integer(1), rows.integer(2)}));
      for_each_line(lines, [&](std::string_view line) {
        if (line.contains(request_id) && parsed.parse(line) &&
            parsed.says({.field = "request.id", .value = std::string(request_id)})) {
          explanation.lines.emplace_back(line);
        }
        return true;
      });
    }
  }
  GATEHOUSE_TRY(db::Rows rows, connection.query("SELECT time, status, head, body FROM gatehouse_originals "
                                                "WHERE request_id = ? ORDER BY rowid",
                                                {request_id}));
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) break;
    explanation.originals.push_back({std::string(request_id), wall_time_from_nanoseconds(rows.integer(0)),
                                     static_cast<unsigned>(rows.integer(1)), std::string(rows.blob(2)),
                                     std::string(rows.blob(3))});
  }
  if (explanation.lines.empty() && explanation.originals.empty()) {
    return failure(ErrorCode::not_found, fmt::format("there is no event of the request {}", request_id));
  }
  return explanation;
}

}  // namespace gatehouse::audit
