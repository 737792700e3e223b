#include "schema/traits.h"

#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "schema/compiler_implementation.h"

namespace gatehouse::schema {
namespace {

enum class Depth : std::uint8_t { same_value, inside };

struct Visit {
  json::Value schema;
  SchemaResource* resource;
  Depth depth;
  std::string_view member;  // the nearest property by name; empty: the value itself
};

bool says_true(json::Value value) { return value && value.is_boolean() && value.boolean(); }

}  // namespace

Traits Compiler::Implementation::traits(SchemaResource& around, json::Value schema) {
  Traits traits;
  std::set<std::tuple<const json::Node*, Depth, std::string_view>> seen;
  std::set<std::string_view> secret_members;
  std::vector<Visit> waiting{{schema, &documents_.resource_of(schema, around), Depth::same_value, {}}};
  // A $dynamicRef may end at its anchor in any resource that is entered on the way; in one that is entered in
  // another order it cannot, but is taken to.
  std::set<SchemaResource*> entered;
  std::set<std::tuple<std::string, Depth, std::string_view>> anchors;
  const auto visit_anchor = [&](SchemaResource& resource, const std::string& name, Depth depth,
                                std::string_view member) {
    const auto anchor = resource.dynamic_anchors.find(name);
    if (anchor != resource.dynamic_anchors.end())
      waiting.push_back({anchor->second, &resource, depth, member});
  };
  while (!waiting.empty()) {
    const Visit here = waiting.back();
    waiting.pop_back();
    if (entered.insert(here.resource).second) {
      for (const auto& [name, depth, member] : anchors) visit_anchor(*here.resource, name, depth, member);
    }
    if (!here.schema.is_object() || !seen.emplace(here.schema.node(), here.depth, here.member).second)
      continue;
    const Keywords keywords(here.schema);
    const auto sensitive = here.schema.find("x-sensitive");
    if (says_true(keywords[Keyword::write_only]) || (sensitive && says_true(*sensitive)) ||
        here.schema.find_string("format") == "password") {
      traits.secret = true;
      secret_members.insert(here.member);
    }
    if (here.depth == Depth::same_value) {
      for (const Keyword form : {Keyword::pattern, Keyword::enumeration, Keyword::constant, Keyword::format})
        traits.formed |= keywords.has(form);
    }
    for (const Keyword reference : {Keyword::ref, Keyword::dynamic_ref, Keyword::recursive_ref}) {
      const json::Value text = keywords[reference];
      if (!text || !text.is_string()) continue;
      if (const auto target = documents_.resolve(*here.resource, text.string(), text)) {
        waiting.push_back({target->schema, target->resource, here.depth, here.member});
        // A $recursiveAnchor is kept under the empty name.
        const std::string name(reference == Keyword::recursive_ref ? std::string_view() : target->anchor);
        if (reference == Keyword::ref || !anchors.emplace(name, here.depth, here.member).second) continue;
        for (SchemaResource* const resource : std::set(entered))
          visit_anchor(*resource, name, here.depth, here.member);
      }
    }
    const auto next = [&](json::Value inner, Depth depth, std::string_view member) {
      waiting.push_back({inner, &documents_.resource_of(inner, *here.resource), depth, member});
    };
    for_each_applied(keywords, [&](json::Value inner) { next(inner, here.depth, here.member); });
    for_each_inside_unnamed(keywords, [&](json::Value inner) { next(inner, Depth::inside, here.member); });
    const json::Value properties = keywords[Keyword::properties];
    if (!properties || !properties.is_object()) continue;
    for (const json::Member property : properties.members()) {
      if (property.value.is_object()) next(property.value, Depth::inside, property.key());
    }
  }
  traits.secret_members.assign(secret_members.begin(), secret_members.end());
  return traits;
}

}  // namespace gatehouse::schema
