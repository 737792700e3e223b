// A key of the configuration, as people see it: its type, bounds, default, meaning and an example. The list
// is keys_server.h and keys_api.h. The readers take names, bounds and defaults from it (key_reader.h), and
// docs/reference.md and `gatehouse reference` are written from it (reference.h).
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "base/units.h"

namespace gatehouse::policy {

struct Section;

// The form of a value. Bounds are inclusive: a count, nanoseconds or bytes.
struct ValueType {
  enum class Kind : std::uint8_t { other, boolean, choice, count, duration, size };
  std::string_view words;
  Kind kind = Kind::other;
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();  // this: there is no upper bound
  const Section* members =
      nullptr;  // the keys of an object, of each value of a map or of each entry of a list
};

// What holds where a key is absent.
struct Otherwise {
  enum class Kind : std::uint8_t { required, nothing, value, words };
  Kind kind = Kind::nothing;
  std::string_view text;  // of a value: YAML
};

struct Key {
  std::string_view name;
  ValueType type;
  Otherwise otherwise;
  std::string_view sentence;  // Markdown
  // The inside of a map in flow style, with the key and the others that it needs; tests run it through
  // `check`.
  std::string_view example;
};

// The keys of one kind of object. `path` leads to it: `upstreams.NAME`, `log[]`. Words in capitals stand for
// names that the operator chooses.
struct Section {
  std::string_view path;
  std::span<const Key> keys;
  std::string_view note = {};  // Markdown, for docs/reference.md
};

namespace keys {

// For the entries of the list.

constexpr ValueType form(std::string_view words) { return {.words = words}; }
constexpr ValueType boolean() { return {.words = "`true` or `false`", .kind = ValueType::Kind::boolean}; }
// The words as a message about a wrong one lists them.
constexpr ValueType choice(std::string_view words) {
  return {.words = words, .kind = ValueType::Kind::choice};
}
constexpr ValueType count(std::int64_t least, std::int64_t most) {
  return {.words = "whole number", .kind = ValueType::Kind::count, .least = least, .most = most};
}
constexpr ValueType duration(Nanoseconds least, Nanoseconds most) {
  return {
      .words = "duration", .kind = ValueType::Kind::duration, .least = least.count(), .most = most.count()};
}
// Longer than a clock's resolution, and shorter than a typing error. The sum with the time of day stays in
// range.
constexpr ValueType wait() { return duration(std::chrono::milliseconds(1), std::chrono::hours(24)); }
constexpr ValueType duration() { return duration(Nanoseconds(0), Nanoseconds::max()); }
constexpr ValueType size(ByteCount least, ByteCount most) {
  return {.words = "size",
          .kind = ValueType::Kind::size,
          .least = static_cast<std::int64_t>(least.bytes),
          .most = static_cast<std::int64_t>(most.bytes)};
}
constexpr ByteCount kNoBound{static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())};
constexpr ValueType object(const Section& members, std::string_view words = "map") {
  return {.words = words, .members = &members};
}
constexpr ValueType names_to(const Section& members) { return object(members, "map of names to maps"); }

constexpr Otherwise kRequired{Otherwise::Kind::required, {}};
constexpr Otherwise kNothing{Otherwise::Kind::nothing, {}};
// The reader reads it in place of an absent key.
constexpr Otherwise value(std::string_view yaml) { return {Otherwise::Kind::value, yaml}; }
constexpr Otherwise words(std::string_view text) { return {Otherwise::Kind::words, text}; }

}  // namespace keys
}  // namespace gatehouse::policy
