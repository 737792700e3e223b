// The keywords of the dialects, sorted out of a schema object in one pass.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "json/document.h"

namespace gatehouse::schema {

enum class Keyword : std::uint8_t {
  // Core
  id,
  schema,
  ref,
  anchor,
  dynamic_ref,
  dynamic_anchor,
  recursive_ref,
  recursive_anchor,
  defs,
  definitions,
  // Applicators
  all_of,
  any_of,
  one_of,
  negation,
  condition,
  then,
  otherwise,
  dependent_schemas,
  dependencies,
  prefix_items,
  items,
  additional_items,
  contains,
  properties,
  pattern_properties,
  additional_properties,
  property_names,
  unevaluated_items,
  unevaluated_properties,
  // Validation
  type,
  enumeration,
  constant,
  multiple_of,
  maximum,
  exclusive_maximum,
  minimum,
  exclusive_minimum,
  max_length,
  min_length,
  pattern,
  max_items,
  min_items,
  unique_items,
  max_contains,
  min_contains,
  max_properties,
  min_properties,
  required,
  dependent_required,
  format,
  // OpenAPI, and annotations that count for it
  nullable,
  discriminator,
  read_only,
  write_only,
  content_schema,
  count,
};

std::optional<Keyword> find_keyword(std::string_view name);
std::string_view name(Keyword keyword);

class Keywords {
 public:
  explicit Keywords(json::Value schema);  // of something else than an object: none

  json::Value operator[](Keyword keyword) const {
    return json::Value(nodes_[static_cast<std::size_t>(keyword)]);
  }
  bool has(Keyword keyword) const { return nodes_[static_cast<std::size_t>(keyword)] != nullptr; }
  // Whether there is no keyword that says anything about instances but this one.
  bool only(Keyword keyword) const;

 private:
  std::array<const json::Node*, static_cast<std::size_t>(Keyword::count)> nodes_{};
};

// The values of these keywords that are schemas: of each, of each in its list, of each in its map.
template <typename Visit>
void for_each_schema_of(const Keywords& keywords, std::initializer_list<Keyword> names, Visit visit) {
  const auto is_schema = [](json::Value value) { return value.is_object() || value.is_boolean(); };
  for (const Keyword name : names) {
    const json::Value value = keywords[name];
    if (value && is_schema(value)) visit(value);
  }
}
template <typename Visit>
void for_each_schema_in_list(const Keywords& keywords, std::initializer_list<Keyword> names, Visit visit) {
  for (const Keyword name : names) {
    const json::Value value = keywords[name];
    if (!value || !value.is_array()) continue;
    for (const json::Value element : value.elements()) visit(element);
  }
}
template <typename Visit>
void for_each_schema_in_map(const Keywords& keywords, std::initializer_list<Keyword> names, Visit visit) {
  for (const Keyword name : names) {
    const json::Value value = keywords[name];
    if (!value || !value.is_object()) continue;
    for (const json::Member member : value.members()) {
      if (member.value.is_object() || member.value.is_boolean()) visit(member.value);
    }
  }
}

// Calls visit(subschema) for each that may say something about the same value. What `not` has says what it is
// not.
template <typename Visit>
void for_each_applied(const Keywords& keywords, Visit visit) {
  using enum Keyword;
  for_each_schema_of(keywords, {condition, then, otherwise}, visit);
  for_each_schema_in_list(keywords, {all_of, any_of, one_of}, visit);
  for_each_schema_in_map(keywords, {dependent_schemas, dependencies}, visit);
}
// … for each about what is inside it, but for those of properties that it names.
template <typename Visit>
void for_each_inside_unnamed(const Keywords& keywords, Visit visit) {
  using enum Keyword;
  for_each_schema_of(keywords,
                     {items, additional_items, contains, additional_properties, property_names,
                      unevaluated_items, unevaluated_properties, content_schema},
                     visit);
  for_each_schema_in_list(keywords, {prefix_items, items}, visit);
  for_each_schema_in_map(keywords, {pattern_properties}, visit);
}
// … for each about what is inside it.
template <typename Visit>
void for_each_inside(const Keywords& keywords, Visit visit) {
  for_each_inside_unnamed(keywords, visit);
  for_each_schema_in_map(keywords, {Keyword::properties}, visit);
}
// … for each at a place where the dialects have a schema.
template <typename Visit>
void for_each_subschema(const Keywords& keywords, Visit visit) {
  using enum Keyword;
  for_each_applied(keywords, visit);
  for_each_inside(keywords, visit);
  for_each_schema_of(keywords, {negation}, visit);
  for_each_schema_in_map(keywords, {defs, definitions}, visit);
}

}  // namespace gatehouse::schema
