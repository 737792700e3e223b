// The keywords of the dialects, sorted out of a schema object in one pass.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
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

// Calls visit(subschema) for each value at a place where the dialects have a schema.
template <typename Visit>
void for_each_subschema(const Keywords& keywords, Visit visit) {
  using enum Keyword;
  for (const Keyword one :
       {negation, condition, then, otherwise, items, additional_items, contains, additional_properties,
        property_names, unevaluated_items, unevaluated_properties, content_schema}) {
    const json::Value value = keywords[one];
    if (value && (value.is_object() || value.is_boolean())) visit(value);
  }
  for (const Keyword list : {all_of, any_of, one_of, prefix_items, items}) {
    const json::Value value = keywords[list];
    if (!value || !value.is_array()) continue;
    for (const json::Value element : value.elements()) visit(element);
  }
  for (const Keyword map :
       {properties, pattern_properties, defs, definitions, dependent_schemas, dependencies}) {
    const json::Value value = keywords[map];
    if (!value || !value.is_object()) continue;
    for (const json::Member member : value.members()) {
      if (member.value.is_object() || member.value.is_boolean()) visit(member.value);
    }
  }
}

}  // namespace gatehouse::schema
