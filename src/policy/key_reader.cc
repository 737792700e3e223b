#include "policy/key_reader.h"

#include <algorithm>

#include <fmt/format.h>

#include "doc/source.h"

namespace gatehouse::policy {
namespace {

constexpr std::int64_t kUnbounded = std::numeric_limits<std::int64_t>::max();

// Adds the problem of a value outside the bounds of its key.
bool is_within(const doc::Field& field, const Key& key, std::int64_t value) {
  if (value >= key.type.least && value <= key.type.most) return true;
  field.problem(fmt::format("must be {}", bounds(key.type)));
  return false;
}

// The first key that is required is the shortest whole object.
std::string_view example_of(const Section& section) {
  for (const Key& key : section.keys) {
    if (key.otherwise.kind == Otherwise::Kind::required) return key.example;
  }
  return section.keys.front().example;
}

// The sections that have this key; empty: none has it, or another type of the same object.
std::string other_places(std::string_view key, std::string_view path) {
  std::string places;
  for (const Section* const section : keys::kSections) {
    if (std::ranges::find(section->keys, key, &Key::name) == section->keys.end()) continue;
    if (section->path == path) return {};
    // Of other objects only those around this one and those in it: `path` is a key of many.
    if (!section->path.starts_with(path) && !path.starts_with(section->path)) continue;
    if (section == &keys::kParameter) continue;  // stands in a document
    const std::string place =
        section->path.empty() ? "the top of gatehouse.yaml" : fmt::format("`{}`", section->path);
    if (places.contains(place)) continue;
    places += (places.empty() ? "" : ", ") + place;
  }
  return places.empty() ? places : "it is a key of " + places;
}

}  // namespace

std::string bounds(const ValueType& type) {
  const auto written = [&](std::int64_t value) {
    switch (type.kind) {
      case ValueType::Kind::duration: return to_text(Nanoseconds(value));
      case ValueType::Kind::size: return to_text(ByteCount{static_cast<std::uint64_t>(value)});
      default: return fmt::to_string(value);
    }
  };
  if (type.least == 0 && type.most == kUnbounded) return {};
  if (type.most == kUnbounded) return "at least " + written(type.least);
  if (type.least == 0 && type.kind != ValueType::Kind::count) return "at most " + written(type.most);
  return fmt::format("from {} to {}", written(type.least), written(type.most));
}

ConfiguredObject::ConfiguredObject(doc::Field object, const Section& section)
    : in_(std::move(object), example_of(section)) {}

std::optional<doc::Field> ConfiguredObject::member_or_default(const Key& key) {
  auto member = in_.take(key.name);
  if (member || key.otherwise.kind != Otherwise::Kind::value) return member;
  const doc::Field& object = in_.field();
  const auto source = doc::parse(fmt::format("{}: {}", key.name, key.otherwise.text),
                                 fmt::format("default of {}", key.name), object.problems());
  if (!source) return std::nullopt;
  defaults_.push_back(source);
  const std::string path =
      object.path().empty() ? std::string(key.name) : fmt::format("{}.{}", object.path(), key.name);
  return doc::Field(*source, *source->root().find(key.name), path, object.problems());
}

std::optional<std::uint32_t> read_count(const doc::Field& field, const Key& key) {
  const auto number = field.integer(key.type.least, key.type.most);
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::optional<Nanoseconds> read_duration(const doc::Field& field, const Key& key) {
  const auto duration = field.duration();
  if (!duration || !is_within(field, key, duration->count())) return std::nullopt;
  return duration;
}

std::optional<ByteCount> read_size(const doc::Field& field, const Key& key) {
  const auto size = field.size();
  if (!size ||
      !is_within(field, key, static_cast<std::int64_t>(std::min<std::uint64_t>(size->bytes, kUnbounded))))
    return std::nullopt;
  return size;
}

std::string help_with(std::string_view key, const Section& section) {
  constexpr std::size_t kFew = 12;
  const std::string places = other_places(key, section.path);
  if (!places.empty() || section.keys.size() <= kFew) return places;
  const std::string_view top = section.path.substr(0, section.path.find('.'));
  return fmt::format("`gatehouse reference{}{}` lists those that there are", top.empty() ? "" : " ", top);
}

}  // namespace gatehouse::policy
