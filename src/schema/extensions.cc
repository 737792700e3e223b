#include "schema/extensions.h"

#include <set>
#include <string>

#include "schema/keywords.h"
#include "schema/uri.h"

namespace gatehouse::schema {
namespace {

constexpr std::size_t kMostAncestors = 100;
constexpr std::size_t kMostExtensions = 2000;

const std::vector<Extension> kNoExtensions;

}  // namespace

template <typename Visit>
void Extensions::for_each_ancestor(json::Value root, json::Value schema, Visit visit) {
  std::vector<json::Value> waiting{schema};
  std::set<const json::Node*> seen{schema.node()};
  while (!waiting.empty() && seen.size() < kMostAncestors) {
    const Keywords keywords(waiting.back());
    waiting.pop_back();
    const auto follow = [&](json::Value next) {
      if (!next.is_object() || !seen.insert(next.node()).second) return;
      waiting.push_back(next);
      visit(next);
    };
    const json::Value reference = keywords[Keyword::ref];
    if (reference && reference.is_string() && reference.string().starts_with("#/")) {
      if (const auto target = root.pointer(percent_decoded(reference.string().substr(1)))) follow(*target);
    }
    const json::Value list = keywords[Keyword::all_of];
    if (!list || !list.is_array()) continue;
    for (const json::Value branch : list.elements()) follow(branch);
  }
}

void Extensions::read(const SourceDocument& document, SchemaResource& around) {
  const auto schemas = document.root.pointer("/components/schemas");
  if (!schemas || !schemas->is_object()) return;
  const auto discriminator_of = [](json::Value schema) {
    const json::Value own = Keywords(schema)[Keyword::discriminator];
    return own && own.is_object() && own.find_string("propertyName") ? own : json::Value();
  };
  for (const json::Member member : schemas->members()) {
    if (!member.value.is_object() || member.value.find("$ref")) continue;
    // What is in force in each of them: their own, or what they extend.
    std::vector<json::Value> ancestors;
    for_each_ancestor(document.root, member.value, [&](json::Value one) { ancestors.push_back(one); });
    for (const json::Value ancestor : ancestors) {
      json::Value in_force = discriminator_of(ancestor);
      if (!in_force) {
        for_each_ancestor(document.root, ancestor, [&](json::Value one) {
          if (!in_force) in_force = discriminator_of(one);
        });
      }
      if (!in_force) continue;
      json::Value& inherited = found_[member.value.node()].inherited;
      if (!inherited) inherited = in_force;
      Found& found = found_[ancestor.node()];
      found.discriminator = in_force;
      if (found.list.size() < kMostExtensions)
        found.list.push_back({member.key(), member.value, &documents_.resource_of(member.value, around)});
    }
  }
}

const Extensions::Found* Extensions::find(json::Value schema, SchemaResource& around) {
  if (!around.openapi || around.document == nullptr) return nullptr;
  if (bool& known = read_[around.document]; !known) {
    known = true;
    read(*around.document, around);
  }
  const auto found = found_.find(schema.node());
  return found == found_.end() ? nullptr : &found->second;
}

const std::vector<Extension>& Extensions::of(json::Value schema, SchemaResource& around) {
  const Found* const found = find(schema, around);
  return found == nullptr ? kNoExtensions : found->list;
}

json::Value Extensions::inherited(json::Value schema, SchemaResource& around) {
  const Found* const found = find(schema, around);
  return found == nullptr ? json::Value() : found->inherited;
}

}  // namespace gatehouse::schema
