#include "openapi/bracket_reader.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "openapi/style_reader.h"

namespace gatehouse::openapi {
namespace {

// qs takes what is beyond five brackets for one name, and more than 20 items for an object. qs and PHP drop
// what is beyond 1,000 pairs.
constexpr int kDeepestBrackets = 5;
constexpr std::size_t kMostItems = 20;
constexpr std::size_t kMostPairs = 1000;

// `0`, or digits that do not begin with 0.
bool is_index(std::string_view name) {
  return !name.empty() && name.size() <= 4 && (name == "0" || name.front() != '0') &&
         std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

bool is_read_otherwise(std::string_view name, const TextType& object) {
  constexpr std::string_view kOfEveryObject[] = {
      "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__",     "__proto__",
      "constructor",      "hasOwnProperty",   "isPrototypeOf",    "propertyIsEnumerable", "toLocaleString",
      "toString",         "valueOf"};
  const bool otherwise =
      name == " " || is_index(name) || std::ranges::find(kOfEveryObject, name) != std::end(kOfEveryObject);
  return otherwise &&
         std::ranges::none_of(object.properties, [&](const auto& known) { return known.first == name; });
}

std::string_view BracketReader::write(std::span<const Pair> pairs, std::uint32_t first, const Codec& codec,
                                      StyleReader& scalars, json::Builder& out) {
  parts_.clear();
  groups_.clear();
  if (pairs.size() > kMostPairs) {
    out.null();
    return "maxProperties";
  }
  for (std::uint32_t i = first; i != Pair::kEnd; i = pairs[i].next) {
    parts_.push_back({pairs[i].property, i});
  }
  // Names that begin alike stand together then; items of `[]` keep their order.
  std::ranges::sort(parts_, [](const Part& a, const Part& b) {
    return a.rest != b.rest ? a.rest < b.rest : a.pair < b.pair;
  });
  return value({pairs, codec, scalars, out}, 0, parts_.size(), codec.type, 0);
}

std::string_view BracketReader::scalar(const Site& site, const Part& part, const TextType& type,
                                       std::string_view parting) {
  const Pair& pair = site.pairs[part.pair];
  if (pair.has_value && part.rest.empty())
    return site.scalars.scalar(pair.value, site.codec, type.kinds & TextType::kScalars, site.out, parting);
  site.out.null();
  return pair.has_value ? "style" : "empty";
}

bool BracketReader::group(std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    std::string_view& rest = parts_[i].rest;
    const std::size_t close = rest.find(']');
    if (!rest.starts_with('[') || close == rest.npos) return false;
    const std::string_view name = rest.substr(1, close - 1);
    if (name.contains('[')) return false;
    rest.remove_prefix(close + 1);
    if (i == begin || groups_.back().name != name) {
      groups_.push_back({name, i, i + 1, 0});
    } else {
      groups_.back().end = i + 1;
    }
  }
  return true;
}

std::string_view BracketReader::value(const Site& site, std::size_t begin, std::size_t end,
                                      const TextType& type, int depth) {
  // What has no brackets comes first.
  if (parts_[begin].rest.empty()) {
    if (end - begin == 1) return scalar(site, parts_[begin], type);
    site.out.null();
    return parts_[begin + 1].rest.empty() ? "repeated" : "style";
  }
  const std::size_t first_group = groups_.size();
  const bool grouped = depth < kDeepestBrackets && group(begin, end);
  std::string_view broken = "style";
  if (!grouped) {
    site.out.null();
  } else {
    const std::string_view name = groups_[first_group].name;
    const bool is_item = name.empty() || is_index(name);
    const bool both = type.has(TextType::kArray) && type.has(TextType::kObject);
    if (both && is_index(name)) {
      site.out.null();
      broken = "ambiguous";
    } else if (type.has(TextType::kArray) && (is_item || !type.has(TextType::kObject))) {
      broken = array(site, first_group, type, depth);
    } else if (type.has(TextType::kObject)) {
      broken = object(site, first_group, type, depth);
    } else {
      site.out.null();
    }
  }
  groups_.resize(first_group);
  return broken;
}

std::string_view BracketReader::array(const Site& site, std::size_t first_group, const TextType& type,
                                      int depth) {
  const TextType& items = type.items ? *type.items : plain_text();
  const std::size_t count = groups_.size() - first_group;
  std::string_view broken;
  site.out.begin_array();
  if (groups_[first_group].name.empty()) {
    if (count > 1) broken = "style";
    const auto [name, begin, end, index] = groups_[first_group];
    if (end - begin > kMostItems) broken = "maxItems";
    const std::string_view parting = end - begin == 1 ? site.scalars.parting_lone_item_ : std::string_view();
    for (std::size_t i = begin; i < end && broken.empty(); ++i)
      broken = scalar(site, parts_[i], items, parting);
  } else {
    if (count > kMostItems) broken = "maxItems";
    for (std::size_t i = first_group; i < groups_.size() && broken.empty(); ++i) {
      const std::string_view name = groups_[i].name;
      if (!is_index(name)) broken = "style";
      std::from_chars(name.data(), name.data() + name.size(), groups_[i].index);
    }
    std::sort(groups_.begin() + static_cast<std::ptrdiff_t>(first_group), groups_.end(),
              [](const Group& a, const Group& b) { return a.index < b.index; });
    for (std::size_t i = 0; i < count && broken.empty(); ++i) {
      const Group item = groups_[first_group + i];
      broken = item.index == i ? value(site, item.begin, item.end, items, depth + 1) : "style";
    }
  }
  site.out.end_array();
  return broken;
}

std::string_view BracketReader::object(const Site& site, std::size_t first_group, const TextType& type,
                                       int depth) {
  const std::size_t count = groups_.size() - first_group;
  std::string_view broken;
  site.out.begin_object();
  for (std::size_t i = 0; i < count && broken.empty(); ++i) {
    const Group member = groups_[first_group + i];
    if (member.name.empty()) {
      broken = "style";
    } else if (is_read_otherwise(member.name, type)) {
      broken = "ambiguous";
    }
    if (!broken.empty()) break;
    site.out.key(member.name);
    broken = value(site, member.begin, member.end, type.property(member.name), depth + 1);
  }
  site.out.end_object();
  return broken;
}

}  // namespace gatehouse::openapi
