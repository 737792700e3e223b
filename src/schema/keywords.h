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

// Each keyword with its name, and whether it constrains instances; `nothing`: it has the place or name of
// schemas, or is only an annotation.
#define GATEHOUSE_KEYWORDS(X)                                   \
  /* Core */                                                    \
  X(id, "$id", nothing)                                         \
  X(schema, "$schema", nothing)                                 \
  X(ref, "$ref", instances)                                     \
  X(anchor, "$anchor", nothing)                                 \
  X(dynamic_ref, "$dynamicRef", instances)                      \
  X(dynamic_anchor, "$dynamicAnchor", nothing)                  \
  X(recursive_ref, "$recursiveRef", instances)                  \
  X(recursive_anchor, "$recursiveAnchor", nothing)              \
  X(defs, "$defs", nothing)                                     \
  X(definitions, "definitions", nothing)                        \
  /* Applicators */                                             \
  X(all_of, "allOf", instances)                                 \
  X(any_of, "anyOf", instances)                                 \
  X(one_of, "oneOf", instances)                                 \
  X(negation, "not", instances)                                 \
  X(condition, "if", instances)                                 \
  X(then, "then", instances)                                    \
  X(otherwise, "else", instances)                               \
  X(dependent_schemas, "dependentSchemas", instances)           \
  X(dependencies, "dependencies", instances)                    \
  X(prefix_items, "prefixItems", instances)                     \
  X(items, "items", instances)                                  \
  X(additional_items, "additionalItems", instances)             \
  X(contains, "contains", instances)                            \
  X(properties, "properties", instances)                        \
  X(pattern_properties, "patternProperties", instances)         \
  X(additional_properties, "additionalProperties", instances)   \
  X(property_names, "propertyNames", instances)                 \
  X(unevaluated_items, "unevaluatedItems", instances)           \
  X(unevaluated_properties, "unevaluatedProperties", instances) \
  /* Validation */                                              \
  X(type, "type", instances)                                    \
  X(enumeration, "enum", instances)                             \
  X(constant, "const", instances)                               \
  X(multiple_of, "multipleOf", instances)                       \
  X(maximum, "maximum", instances)                              \
  X(exclusive_maximum, "exclusiveMaximum", instances)           \
  X(minimum, "minimum", instances)                              \
  X(exclusive_minimum, "exclusiveMinimum", instances)           \
  X(max_length, "maxLength", instances)                         \
  X(min_length, "minLength", instances)                         \
  X(pattern, "pattern", instances)                              \
  X(max_items, "maxItems", instances)                           \
  X(min_items, "minItems", instances)                           \
  X(unique_items, "uniqueItems", instances)                     \
  X(max_contains, "maxContains", instances)                     \
  X(min_contains, "minContains", instances)                     \
  X(max_properties, "maxProperties", instances)                 \
  X(min_properties, "minProperties", instances)                 \
  X(required, "required", instances)                            \
  X(dependent_required, "dependentRequired", instances)         \
  X(format, "format", instances)                                \
  /* OpenAPI, and annotations that count for it */              \
  X(nullable, "nullable", nothing)                              \
  X(discriminator, "discriminator", instances)                  \
  X(read_only, "readOnly", nothing)                             \
  X(write_only, "writeOnly", nothing)                           \
  X(content_schema, "contentSchema", nothing)

enum class Keyword : std::uint8_t {
#define GATEHOUSE_KEYWORD(keyword, name, about) keyword,
  GATEHOUSE_KEYWORDS(GATEHOUSE_KEYWORD)
#undef GATEHOUSE_KEYWORD
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
  // Whether no other keyword constrains instances.
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

// Calls visit(subschema) for each that may constrain the same value. The schema of `not` states the opposite.
template <typename Visit>
void for_each_applied(const Keywords& keywords, Visit visit) {
  using enum Keyword;
  for_each_schema_of(keywords, {condition, then, otherwise}, visit);
  for_each_schema_in_list(keywords, {all_of, any_of, one_of}, visit);
  for_each_schema_in_map(keywords, {dependent_schemas, dependencies}, visit);
}
// … for each about its parts, except those of properties that it names.
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
// … for each about its parts.
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
