#include "schema/keywords.h"

#include <unordered_map>

namespace gatehouse::schema {
namespace {

constexpr std::string_view kNames[] = {
    "$id",
    "$schema",
    "$ref",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$defs",
    "definitions",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependencies",
    "prefixItems",
    "items",
    "additionalItems",
    "contains",
    "properties",
    "patternProperties",
    "additionalProperties",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
    "type",
    "enum",
    "const",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "required",
    "dependentRequired",
    "format",
    "nullable",
    "discriminator",
    "readOnly",
    "writeOnly",
    "contentSchema",
};
static_assert(std::size(kNames) == static_cast<std::size_t>(Keyword::count));

}  // namespace

std::optional<Keyword> find_keyword(std::string_view name) {
  static const auto known = [] {
    std::unordered_map<std::string_view, Keyword> map;
    for (std::size_t i = 0; i < std::size(kNames); ++i) map.emplace(kNames[i], static_cast<Keyword>(i));
    return map;
  }();
  const auto found = known.find(name);
  if (found == known.end()) return std::nullopt;
  return found->second;
}

std::string_view name(Keyword keyword) { return kNames[static_cast<std::size_t>(keyword)]; }

Keywords::Keywords(json::Value schema) {
  if (!schema.is_object()) return;
  for (const json::Member member : schema.members()) {
    if (const auto keyword = find_keyword(member.key())) {
      nodes_[static_cast<std::size_t>(*keyword)] = member.value.node();
    }
  }
}

bool Keywords::only(Keyword keyword) const {
  using enum Keyword;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i]) continue;
    const auto found = static_cast<Keyword>(i);
    const bool silent = found == id || found == schema || found == anchor || found == dynamic_anchor ||
                        found == recursive_anchor || found == defs || found == definitions ||
                        found == read_only || found == write_only || found == content_schema ||
                        found == nullable;
    if (!silent && found != keyword) return false;
  }
  return has(keyword);
}

}  // namespace gatehouse::schema
