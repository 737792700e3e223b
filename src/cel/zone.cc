// Time zones: fixed offsets, and the TZif files of the system (RFC 8536).
#include <algorithm>
#include <charconv>
#include <chrono>
#include <vector>

#include "base/file.h"
#include "base/text_map.h"
#include "cel/time.h"

namespace gatehouse::cel {
namespace {

constexpr std::size_t kLargestZoneFile = std::size_t{64} << 10U;  // the system's have up to 4 KiB

struct Transition {
  std::int64_t at;
  std::int64_t offset;
};

// A rule of the footer's TZ string: "M3.2.0/2", "J60", "59".
struct Rule {
  enum class Form : std::uint8_t { month_week_day, julian, zero_based } form = Form::month_week_day;
  int month = 0, week = 0, day = 0;
  std::int64_t seconds = 7200;  // of the day, local time
};

struct Zone {
  std::int64_t first_offset = 0;  // before the first transition
  std::vector<Transition> transitions;
  bool has_rule = false;  // the rule after the last transition
  bool has_daylight = false;
  std::int64_t standard = 0;
  std::int64_t daylight = 0;
  Rule start, end;
};

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
  if (bytes.size() == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

// --- the TZ string

class RuleParser {
 public:
  explicit RuleParser(std::string_view text) : rest_(text) {}
  bool run(Zone& zone) {
    if (!abbreviation() || !time(zone.standard)) return false;
    zone.standard = -zone.standard;
    zone.has_rule = true;
    if (rest_.empty()) return true;
    if (!abbreviation()) return false;
    zone.daylight = zone.standard + 3600;
    if (!rest_.empty() && rest_[0] != ',') {
      if (!time(zone.daylight)) return false;
      zone.daylight = -zone.daylight;
    }
    zone.has_daylight = rule(zone.start) && rule(zone.end) && rest_.empty();
    return zone.has_daylight;
  }

 private:
  bool abbreviation() {
    const bool quoted = !rest_.empty() && rest_[0] == '<';
    const std::size_t end = quoted ? rest_.find('>') : rest_.find_first_of("+-0123456789,");
    if (end == 0 || (quoted && end == std::string_view::npos)) return false;
    rest_.remove_prefix(std::min(quoted ? end + 1 : end, rest_.size()));
    return true;
  }
  bool number(int& out) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), out);
    if (error != std::errc() || out > 100'000) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }
  bool accept(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool time(std::int64_t& out) {
    const bool negative = accept('-');
    if (!negative) accept('+');
    int hours = 0, minutes = 0, seconds = 0;
    if (!number(hours) || (accept(':') && !number(minutes)) || (accept(':') && !number(seconds)))
      return false;
    out = (hours * 3600 + minutes * 60 + seconds) * (negative ? -1 : 1);
    return true;
  }
  bool rule(Rule& out) {
    if (!accept(',')) return false;
    if (accept('M')) {
      out.form = Rule::Form::month_week_day;
      if (!number(out.month) || !accept('.') || !number(out.week) || !accept('.') || !number(out.day))
        return false;
      if (out.month < 1 || out.month > 12 || out.week < 1 || out.week > 5 || out.day < 0 || out.day > 6)
        return false;
    } else {
      out.form = accept('J') ? Rule::Form::julian : Rule::Form::zero_based;
      if (!number(out.day) || out.day < 0 || out.day > 366) return false;
    }
    return !accept('/') || time(out.seconds);
  }
  std::string_view rest_;
};

// Seconds since 1970 in local standard terms at which the rule strikes in that year.
std::int64_t strikes(const Rule& rule, int year) {
  namespace chrono = std::chrono;
  const auto january = chrono::sys_days(chrono::year(year) / chrono::January / 1);
  chrono::sys_days day;
  if (rule.form == Rule::Form::month_week_day) {
    const auto month = chrono::year(year) / chrono::month(static_cast<unsigned>(rule.month));
    const chrono::weekday weekday(static_cast<unsigned>(rule.day));
    day = rule.week == 5 ? chrono::sys_days(month / weekday[chrono::last])
                         : chrono::sys_days(month / weekday[static_cast<unsigned>(rule.week)]);
  } else {
    const bool skip_leap_day =
        rule.form == Rule::Form::julian && chrono::year(year).is_leap() && rule.day >= 60;
    day = january +
          chrono::days(rule.form == Rule::Form::julian ? rule.day - (skip_leap_day ? 0 : 1) : rule.day);
  }
  return static_cast<std::int64_t>(day.time_since_epoch().count()) * 86'400 + rule.seconds;
}

std::int64_t offset_by_rule(const Zone& zone, std::int64_t seconds) {
  if (!zone.has_daylight) return zone.standard;
  const auto year = static_cast<int>(civil(seconds + zone.standard).year);
  const std::int64_t start = strikes(zone.start, year) - zone.standard;
  const std::int64_t end = strikes(zone.end, year) - zone.daylight;
  const bool daylight = start < end ? seconds >= start && seconds < end : seconds >= start || seconds < end;
  return daylight ? zone.daylight : zone.standard;
}

// --- the file

struct Counts {
  std::size_t isut, isstd, leap, times, types, characters;
};

std::optional<Counts> read_header(std::string_view file) {
  if (file.size() < 44 || !file.starts_with("TZif")) return std::nullopt;
  const auto count = [&](std::size_t i) {
    return static_cast<std::size_t>(big_endian(file.substr(20 + i * 4, 4)));
  };
  const Counts counts{count(0), count(1), count(2), count(3), count(4), count(5)};
  for (std::size_t i = 0; i < 6; ++i) {
    if (count(i) > 100'000) return std::nullopt;
  }
  return counts;
}

std::optional<Zone> read_zone(std::string_view file) {
  auto counts = read_header(file);
  if (!counts) return std::nullopt;
  std::size_t width = 4;
  const auto block_size = [&] {
    return counts->times * width + counts->times + counts->types * 6 + counts->characters +
           counts->leap * (width + 4) + counts->isstd + counts->isut;
  };
  std::size_t start = 44;
  if (file[4] >= '2') {  // version 2 and up: a second block with 64-bit times
    start += block_size();
    if (file.size() < start) return std::nullopt;
    counts = read_header(file.substr(start));
    if (!counts) return std::nullopt;
    start += 44;
    width = 8;
  }
  if (counts->types == 0 || file.size() < start + block_size()) return std::nullopt;
  const std::string_view times = file.substr(start, counts->times * width);
  const std::string_view indices = file.substr(start + times.size(), counts->times);
  const std::string_view types = file.substr(start + times.size() + indices.size(), counts->types * 6);
  const auto offset = [&](std::size_t type) { return big_endian(types.substr(type * 6, 4)); };

  Zone zone;
  zone.first_offset = offset(0);
  for (std::size_t i = 0; i < counts->times; ++i) {
    const auto type = static_cast<unsigned char>(indices[i]);
    if (type >= counts->types) return std::nullopt;
    zone.transitions.push_back({big_endian(times.substr(i * width, width)), offset(type)});
  }
  if (width == 8) {
    std::string_view footer = file.substr(start + block_size());
    if (footer.size() > 2 && footer.front() == '\n') {
      footer = footer.substr(1, footer.find('\n', 1) - 1);
      Zone with_rule = zone;
      if (RuleParser(footer).run(with_rule)) zone = std::move(with_rule);
    }
  }
  return zone;
}

bool is_zone_name(std::string_view name) {
  // One zone has one name: `posix/` and `right/` are the whole folder again, and a path has many spellings.
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.back() == '/' || name.contains("//") ||
      name.starts_with("posix/") || name.starts_with("right/")) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '_' || c == '-' || c == '+';
  });
}

// The zones of the system that conditions have used. A name may come with a request, so an unknown name
// leaves nothing behind, and there are at most as many names as the system has zones.
const Zone* find_zone(std::string_view name) {
  thread_local TextMap<Zone> zones;
  if (const auto found = zones.find(name); found != zones.end()) return &found->second;
  if (!is_zone_name(name)) return nullptr;
  // The folder has other entries too: folders ("America"), and files of 100 KB that are not zones.
  const auto content = read_file("/usr/share/zoneinfo/" + std::string(name), kLargestZoneFile);
  if (!content) return nullptr;
  auto zone = read_zone(*content);
  if (!zone) return nullptr;
  return &zones.emplace(std::string(name), std::move(*zone)).first->second;
}

// [+-]h[h]:mm
std::optional<std::int64_t> fixed_offset(std::string_view text) {
  const bool west = text.starts_with('-');
  if (west || text.starts_with('+')) text.remove_prefix(1);
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon > 2 || text.size() != colon + 3) return std::nullopt;
  const auto two = [&](std::string_view part) -> std::optional<int> {
    int value = 0;
    for (const char c : part) {
      if (c < '0' || c > '9') return std::nullopt;
      value = value * 10 + (c - '0');
    }
    return value;
  };
  const auto hours = two(text.substr(0, colon));
  const auto minutes = two(text.substr(colon + 1));
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (*hours * 3600 + *minutes * 60) * (west ? -1 : 1);
}

}  // namespace

std::optional<std::int64_t> zone_offset(std::string_view name, std::int64_t seconds) {
  if (name == "UTC" || name == "Z") return 0;
  if (const auto fixed = fixed_offset(name)) return fixed;
  const Zone* const zone = find_zone(name);
  if (zone == nullptr) return std::nullopt;
  const auto& transitions = zone->transitions;
  const auto next = std::upper_bound(transitions.begin(), transitions.end(), seconds,
                                     [](std::int64_t time, const Transition& t) { return time < t.at; });
  if (next == transitions.end() && zone->has_rule) return offset_by_rule(*zone, seconds);
  return next == transitions.begin() ? zone->first_offset : std::prev(next)->offset;
}

}  // namespace gatehouse::cel
