// Compiled schemas: one Rules for each schema object (and way it is used), its keywords sorted by the kind of
// value they examine. The evaluator follows pointers through it and looks up only property names.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/document.h"
#include "schema/format.h"
#include "schema/names.h"
#include "schema/number.h"
#include "schema/pattern.h"
#include "schema/schema.h"

namespace gatehouse::schema {

constexpr std::uint64_t kUnbounded = std::numeric_limits<std::uint64_t>::max();

constexpr std::uint8_t type_bit(json::Kind kind) {
  return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}
constexpr std::uint8_t kAllTypes = 0x3F;
constexpr std::uint8_t kOnlyIntegers = 0x40;  // beside the bit for numbers: they must be integers

enum class Origin : std::uint8_t { schema, default_cap };
struct Bounds {
  std::uint64_t least = 0;
  std::uint64_t most = kUnbounded;
  Origin most_from = Origin::schema;
};
// The findings' rule for a value beyond `most`.
constexpr std::string_view beyond_length(const Bounds& bounds) {
  return bounds.most_from == Origin::schema ? "maxLength" : "maxLength (default cap, defaults.caps.string)";
}
constexpr std::string_view beyond_items(const Bounds& bounds) {
  return bounds.most_from == Origin::schema ? "maxItems" : "maxItems (default cap, defaults.caps.items)";
}
constexpr std::string_view beyond_members(const Bounds& bounds) {
  return bounds.most_from == Origin::schema ? "maxProperties"
                                            : "maxProperties (default cap, defaults.caps.properties)";
}

struct StringRules {
  Bounds length;  // code points
  std::vector<Pattern> patterns;
  std::vector<const Format*> formats;
};

struct NumberBound {
  enum class Is : std::uint8_t { at_least, above, at_most, below };
  Is is = Is::at_least;
  Number limit;
  std::string_view rule;
};

struct NumberRules {
  std::vector<NumberBound> bounds;
  std::vector<Number> multiple_of;
};

// enum or const: the strings by hash, a few others one by one, many (and arrays and objects) in their
// canonical form, sorted.
struct Values {
  static constexpr std::size_t kFew = 8;
  std::string_view rule;
  NameTable strings;
  std::vector<json::Value> others;
  std::vector<std::string>
      sorted;  // canonical.h; empty where `others` are few and neither arrays nor objects
};

struct ArrayRules {
  Bounds items;
  bool unique = false;
  std::vector<const Rules*> prefix;
  const Rules* rest = nullptr;  // "items"
  const Rules* contains = nullptr;
  Bounds contained{1, kUnbounded};
};

// A set of names by their numbers in the object's NameTable.
struct NameSet {
  std::vector<std::uint64_t> words;

  void add(std::uint32_t number) {
    if (words.size() <= number / 64) words.resize(number / 64 + 1);
    words[number / 64] |= std::uint64_t{1} << (number % 64);
  }
  bool empty() const { return words.empty(); }
};

struct ObjectRules {
  Bounds members;
  NameTable names;                       // in properties, required, dependentRequired
  std::vector<const Rules*> properties;  // by number; null: named, but not in properties
  NameSet required;
  std::vector<std::pair<std::uint32_t, NameSet>> dependents;  // when this one is there, so must those be
  std::vector<std::pair<Pattern, const Rules*>> patterns;
  const Rules* additional = nullptr;  // members that neither properties nor patterns name
  const Rules* property_names = nullptr;
};

// An applicator that looks at the same value again.
struct Step {
  enum class Op : std::uint8_t { all, any, one, negation, condition, dynamic, dependents, discriminator };
  Op op = Op::all;
  Op otherwise = Op::any;  // discriminator: the check of values that are not objects
  std::string_view rule;
  std::vector<const Rules*>
      branches;              // condition: if, then or null, else or null; dynamic: the static target
  std::uint32_t anchor = 0;  // dynamic: the name's number
  NameTable names;           // dependents: branch i applies when name i is there; discriminator: its values
  std::vector<std::uint32_t> targets;  // discriminator: value number → branch
  std::string property;                // discriminator
  const Rules* absent = nullptr;       // discriminator: for values without it; null: these are refused
  // discriminator: values whose property names no branch.
  enum class Unnamed : std::uint8_t { refused, otherwise } unnamed = Unnamed::refused;
};

// A schema resource, as far as $dynamicRef needs to know it while evaluating.
struct Resource {
  std::vector<std::pair<std::uint32_t, const Rules*>> dynamic_anchors;
};

struct Rules {
  std::uint8_t types = kAllTypes;
  bool never = false;       // the schema false
  bool tracks = false;      // has one of the two below, and so must know the evaluated members
  bool shared = false;      // more than one way leads here: it may look at the same value again
  bool binds = false;       // its resource has dynamic anchors
  std::uint32_t index = 0;  // in the program
  std::string_view never_rule;
  const Values* enumeration = nullptr;
  const Values* constant = nullptr;
  const StringRules* string = nullptr;
  const NumberRules* number = nullptr;
  const ArrayRules* array = nullptr;
  const ObjectRules* object = nullptr;
  const std::vector<Step>* steps = nullptr;
  const Rules* unevaluated_items = nullptr;
  const Rules* unevaluated_properties = nullptr;
  const Resource* resource = nullptr;
  std::vector<Weakness> weaknesses;
};

struct Program {
  Rules& add_rules(Rules like = {}) {
    like.index = static_cast<std::uint32_t>(rules.size());
    return rules.emplace_back(std::move(like));
  }

  // Deques, because everything points at everything.
  std::deque<Rules> rules;
  std::deque<StringRules> strings;
  std::deque<NumberRules> numbers;
  std::deque<ArrayRules> arrays;
  std::deque<ObjectRules> objects;
  std::deque<Values> values;
  std::deque<std::vector<Step>> steps;
  std::deque<Resource> resources;
  std::deque<std::string> texts;
  std::deque<json::Document> constants;
};

}  // namespace gatehouse::schema
