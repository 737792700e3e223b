#include "doc/reader.h"

#include <algorithm>
#include <limits>

#include "base/strings.h"

namespace gatehouse::doc {
namespace {

std::string_view noun(json::Kind kind) {
  switch (kind) {
    case json::Kind::null: return "nothing (null)";
    case json::Kind::boolean: return "a boolean";
    case json::Kind::number: return "a number";
    case json::Kind::string: return "a text";
    case json::Kind::array: return "a list";
    case json::Kind::object: return "a map";
  }
  return "something else";
}

// Levenshtein's distance, with a swap of neighbours as one step; at most `most` + 1.
std::size_t distance(std::string_view a, std::string_view b, std::size_t most) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return most + 1;
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

std::string child(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

}  // namespace

std::string_view nearest(std::string_view written, std::span<const std::string> names) {
  const std::size_t most = written.size() <= 3 ? 1 : written.size() <= 7 ? 2 : 3;
  std::string_view best;
  std::size_t least = most + 1;
  for (const std::string& name : names) {
    const std::size_t d = distance(written, name, most);
    if (d < least) {
      least = d;
      best = name;
    }
  }
  return best;
}

void Field::problem(std::string_view what) const {
  problems_->add(place(), path_.empty() ? std::string(what) : path_ + ": " + std::string(what));
}

void Field::wanted(std::string_view what) const {
  problem("must be " + std::string(what) + ", not " + std::string(noun(value_.kind())));
}

void Field::no_choice(const std::vector<std::string_view>& names) const {
  std::string text = "must be ";
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    (text += '`') += names[i];
    text += '`';
  }
  if (value_.is_string()) {
    (text += ", not `") += value_.string();
    text += '`';
  } else {
    (text += ", not ") += noun(value_.kind());
  }
  problem(text);
}

std::optional<std::string> Field::text() const {
  if (value_.is_string() && !value_.string().empty()) return std::string(value_.string());
  if (value_.is_string()) {
    problem("must not be empty");
  } else if (value_.is_number() || value_.is_boolean()) {
    wanted("a text (put it in quotes)");
  } else {
    wanted("a text");
  }
  return std::nullopt;
}

std::optional<bool> Field::boolean() const {
  if (value_.is_boolean()) return value_.boolean();
  if (value_.is_string()) {
    problem("must be `true` or `false`, not `" + std::string(value_.string()) + "`");
  } else {
    wanted("`true` or `false`");
  }
  return std::nullopt;
}

std::optional<std::int64_t> Field::integer(std::int64_t least, std::int64_t most) const {
  std::string range = "a whole number";
  if (most != std::numeric_limits<std::int64_t>::max()) {
    range += " from " + std::to_string(least) + " to " + std::to_string(most);
  } else if (least != std::numeric_limits<std::int64_t>::min()) {
    range += " of at least " + std::to_string(least);
  }
  if (!value_.is_number()) {
    wanted(range);
    return std::nullopt;
  }
  const std::optional<std::int64_t> number = value_.integer();
  if (number && *number >= least && *number <= most) return number;
  problem("must be " + range + ", not " + std::string(value_.literal()));
  return std::nullopt;
}

namespace {

// A spelling that people write for a unit, in small letters, and the unit.
struct Spelling {
  std::string_view written;
  std::string_view unit;
};
constexpr Spelling kSizeSpellings[] = {{"", "B"},      {"b", "B"},    {"k", "KiB"},  {"kb", "KiB"},
                                       {"kib", "KiB"}, {"m", "MiB"},  {"mb", "MiB"}, {"mib", "MiB"},
                                       {"g", "GiB"},   {"gb", "GiB"}, {"gib", "GiB"}};
constexpr Spelling kDurationSpellings[] = {{"sec", "s"}, {"secs", "s"}, {"second", "s"}, {"seconds", "s"},
                                           {"min", "m"}, {"mins", "m"}, {"minute", "m"}, {"minutes", "m"},
                                           {"hr", "h"},  {"hrs", "h"},  {"hour", "h"},   {"hours", "h"},
                                           {"day", "d"}, {"days", "d"}, {"msec", "ms"},  {"millis", "ms"},
                                           {"s", "s"},   {"m", "m"},    {"h", "h"},      {"d", "d"}};
constexpr Spelling kRateSpellings[] = {
    {"/sec", "/s"},  {"/second", "/s"},    {"/m", "/min"},         {"/minute", "/min"}, {"/hour", "/h"},
    {"/hr", "/h"},   {"/day", "/d"},       {"rps", "/s"},          {"rpm", "/min"},     {"r/s", "/s"},
    {"r/m", "/min"}, {"per second", "/s"}, {"per minute", "/min"}, {"per hour", "/h"},  {"per day", "/d"}};

// The text with the unit that it means; empty: it is not a whole number and one of these units.
std::string respelled(std::string_view text, std::span<const Spelling> spellings) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string unit;
  for (const char c : text.substr(digits)) unit += ascii_lower(c);
  while (unit.starts_with(' ')) unit.erase(0, 1);
  if (digits == 0) return {};
  for (const Spelling& one : spellings) {
    if (one.written == unit) return std::string(text.substr(0, digits)) + std::string(one.unit);
  }
  return {};
}

template <typename Parsed>
Parsed parse_with(const Field& field, Parsed (*parse)(std::string_view), std::string_view what,
                  std::span<const Spelling> spellings) {
  const json::Value value = field.value();
  if (value.is_string()) {
    if (Parsed parsed = parse(value.string())) return parsed;
  }
  const std::string meant = value.is_string()   ? respelled(value.string(), spellings)
                            : value.is_number() ? respelled(value.literal(), spellings)
                                                : std::string();
  std::string text = "must be " + std::string(what) + ", not ";
  text += value.is_string() ? "`" + std::string(value.string()) + "`" : std::string(noun(value.kind()));
  if (const Parsed parsed = parse(meant)) text += "; write `" + to_text(*parsed) + "`";
  field.problem(text);
  return std::nullopt;
}

// A value as it can stand in a list on one line; empty: it is too long, or needs quotes.
std::string_view listable(json::Value value) {
  const std::string_view text = value.is_string() ? value.string() : value.is_number() ? value.literal() : "";
  const bool is_plain = text.size() <= 40 && std::ranges::all_of(text, [](char c) {
                          return is_digit(c) || c == '_' || c == '-' || c == '.' || c == '/' ||
                                 (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
                        });
  return is_plain ? text : std::string_view();
}

}  // namespace

std::optional<Nanoseconds> Field::duration() const {
  return parse_with(*this, parse_duration, "a duration such as `500ms`, `10s`, `15m` or `30d`",
                    kDurationSpellings);
}
std::optional<ByteCount> Field::size() const {
  return parse_with(*this, parse_size, "a size such as `64KiB` or `10MiB`", kSizeSpellings);
}
std::optional<Rate> Field::rate() const {
  return parse_with(*this, parse_rate, "a rate such as `60/min` or `5/s`", kRateSpellings);
}

std::vector<Field> Field::list() const {
  std::vector<Field> fields;
  if (!value_.is_array()) {
    const std::string_view one = listable(value_);
    problem("must be a list, not " + std::string(noun(value_.kind())) +
            (one.empty() ? std::string() : "; write `[" + std::string(one) + "]`"));
    return fields;
  }
  fields.reserve(value_.size());
  for (const json::Value element : value_.elements()) {
    fields.emplace_back(*source_, element, path_ + "[" + std::to_string(fields.size()) + "]", *problems_);
  }
  return fields;
}

std::vector<Field> Field::list_or_one() const {
  return value_.is_array() ? list() : std::vector<Field>{*this};
}

std::vector<std::string> Field::texts() const {
  std::vector<std::string> texts;
  for (const Field& field : list()) {
    if (std::optional<std::string> text = field.text()) texts.push_back(*std::move(text));
  }
  return texts;
}

std::vector<std::pair<std::string, Field>> Field::map() const {
  std::vector<std::pair<std::string, Field>> fields;
  if (!value_.is_object()) {
    wanted("a map");
    return fields;
  }
  fields.reserve(value_.size());
  for (const json::Member member : value_.members()) {
    fields.emplace_back(member.key(), Field(*source_, member.value, child(path_, member.key()), *problems_));
  }
  return fields;
}

Reader::Reader(Field object, std::string_view example) : object_(std::move(object)) {
  if (object_.is_object()) return;
  object_.problem("must be a map" +
                  (example.empty() ? std::string() : " such as `{" + std::string(example) + "}`") + ", not " +
                  std::string(noun(object_.value().kind())));
}

bool Reader::has(std::string_view key) const { return object_.value().find(key).has_value(); }

std::optional<Field> Reader::take(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  const std::optional<json::Value> value = object_.value().find(key);
  if (!value) return std::nullopt;
  return Field(object_.source(), *value, child(object_.path(), key), object_.problems());
}

std::optional<Field> Reader::required_field(std::string_view key) {
  std::optional<Field> member = take(key);
  if (!member) missing(key);
  return member;
}

void Reader::missing(std::string_view key) const {
  if (object_.is_object()) object_.problem("`" + std::string(key) + "` is missing");
}

void Reader::problem(std::string_view key, std::string_view what) const {
  const std::optional<json::Value> value = object_.value().find(key);
  Field(object_.source(), value.value_or(object_.value()), child(object_.path(), key), object_.problems())
      .problem(what);
}

void Reader::ignore(std::initializer_list<std::string_view> keys) {
  known_.insert(known_.end(), keys.begin(), keys.end());
}

void Reader::finish(Extensions extensions, std::string (*elsewhere)(std::string_view key)) {
  if (!object_.is_object()) return;
  for (const json::Member member : object_.value().members()) {
    if (std::ranges::find(known_, member.key()) != known_.end()) continue;
    if (extensions == Extensions::allowed && member.key().starts_with("x-")) continue;
    std::string what = "there is no key `" + std::string(member.key()) + "` here";
    if (const std::string_view meant = nearest(member.key(), known_); !meant.empty()) {
      what += "; did you mean `" + std::string(meant) + "`?";
    } else if (const std::string places = elsewhere ? elsewhere(member.key()) : ""; !places.empty()) {
      what += "; " + places;
    } else if (!known_.empty()) {
      std::vector<std::string_view> names(known_.begin(), known_.end());
      std::ranges::sort(names);
      what += "; there are";
      for (std::size_t i = 0; i < names.size(); ++i)
        what += (i > 0 ? ", `" : " `") + std::string(names[i]) + "`";
    }
    Field(object_.source(), member.key_node, object_.path(), object_.problems()).problem(what);
  }
}

}  // namespace gatehouse::doc
