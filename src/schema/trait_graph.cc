#include "schema/trait_graph.h"

#include <algorithm>
#include <set>
#include <utility>

namespace gatehouse::schema {
namespace {

bool says_true(json::Value value) { return value && value.is_boolean() && value.boolean(); }

}  // namespace

std::uint32_t TraitGraph::place_of(json::Value schema, SchemaResource& around) {
  const auto next = static_cast<std::uint32_t>(places_.size());
  const auto [at, added] = known_.try_emplace(schema.node(), next);
  if (added) {
    places_.push_back({.schema = schema, .resource = &documents_.resource_of(schema, around)});
    waiting_.push_back(next);
  }
  return at->second;
}

void TraitGraph::spread(std::uint32_t at, bool Place::* flag, std::vector<std::uint32_t> Place::* from) {
  std::vector<std::uint32_t> reached{at};
  while (!reached.empty()) {
    Place& here = places_[reached.back()];
    reached.pop_back();
    if (here.*flag) continue;
    here.*flag = true;
    reached.insert(reached.end(), (here.*from).begin(), (here.*from).end());
  }
}

void TraitGraph::add(std::uint32_t from, std::uint32_t to, To kind, std::string_view name) {
  places_[from].edges.push_back({to, kind, name});
  places_[to].from.push_back(from);
  if (places_[to].leads) spread(from, &Place::leads, &Place::from);
  if (kind == To::property) return;
  places_[to].from_unnamed.push_back(from);
  if (places_[to].secret_here) spread(from, &Place::secret_here, &Place::from_unnamed);
}

void TraitGraph::enter(SchemaResource& resource) {
  if (std::ranges::find(entered_, &resource) != entered_.end()) return;
  entered_.push_back(&resource);
  for (const auto& [from, name] : dynamic_) {
    const auto anchor = resource.dynamic_anchors.find(name);
    if (anchor != resource.dynamic_anchors.end())
      add(from, place_of(anchor->second, resource), To::same_value);
  }
}

void TraitGraph::look_at_references(std::uint32_t at, const Keywords& keywords) {
  SchemaResource& resource = *places_[at].resource;
  for (const Keyword reference : {Keyword::ref, Keyword::dynamic_ref, Keyword::recursive_ref}) {
    const json::Value text = keywords[reference];
    if (!text || !text.is_string()) continue;
    const auto target = documents_.resolve(resource, text.string(), text);
    if (!target) continue;
    add(at, place_of(target->schema, *target->resource), To::same_value);
    if (reference == Keyword::ref) continue;
    const std::string name(reference == Keyword::recursive_ref ? std::string_view() : target->anchor);
    dynamic_.emplace_back(at, name);
    for (SchemaResource* const one : entered_) {
      const auto anchor = one->dynamic_anchors.find(name);
      if (anchor != one->dynamic_anchors.end()) add(at, place_of(anchor->second, *one), To::same_value);
    }
  }
}

void TraitGraph::look(std::uint32_t at) {
  const json::Value schema = places_[at].schema;
  SchemaResource& resource = *places_[at].resource;
  enter(resource);
  if (!schema.is_object()) return;
  const Keywords keywords(schema);
  const auto sensitive = schema.find("x-sensitive");
  if (says_true(keywords[Keyword::write_only]) || (sensitive && says_true(*sensitive)) ||
      schema.find_string("format") == "password") {
    spread(at, &Place::leads, &Place::from);
    spread(at, &Place::secret_here, &Place::from_unnamed);
  }
  for (const Keyword form : {Keyword::pattern, Keyword::enumeration, Keyword::constant, Keyword::format})
    places_[at].formed |= keywords.has(form);
  look_at_references(at, keywords);
  for (const Extension& one : extensions_.of(schema, resource))
    add(at, place_of(one.schema, *one.resource), To::same_value);
  for_each_applied(keywords, [&](json::Value inner) { add(at, place_of(inner, resource), To::same_value); });
  for_each_inside_unnamed(keywords,
                          [&](json::Value inner) { add(at, place_of(inner, resource), To::inside); });
  const json::Value properties = keywords[Keyword::properties];
  if (!properties || !properties.is_object()) return;
  for (const json::Member member : properties.members()) {
    if (member.value.is_object()) add(at, place_of(member.value, resource), To::property, member.key());
  }
}

Traits TraitGraph::of(json::Value schema, SchemaResource& around) {
  const std::uint32_t root = place_of(schema, around);
  while (!waiting_.empty()) {
    const std::uint32_t at = waiting_.back();
    waiting_.pop_back();
    look(at);
  }
  Traits traits;
  traits.secret = places_[root].leads;
  std::set<std::string_view> members;
  if (places_[root].secret_here) members.insert(std::string_view());
  const auto is_new = [this](std::uint32_t at) {
    return std::exchange(places_[at].asked, questions_) != questions_;
  };
  std::vector<std::uint32_t> ways{root};
  ++questions_;
  while (traits.secret && !ways.empty()) {
    const Place& here = places_[ways.back()];
    ways.pop_back();
    for (const Edge& edge : here.edges) {
      if (!places_[edge.to].leads) continue;
      if (edge.kind == To::property && places_[edge.to].secret_here) members.insert(edge.name);
      if (is_new(edge.to)) ways.push_back(edge.to);
    }
  }
  traits.secret_members.assign(members.begin(), members.end());
  std::vector<std::uint32_t> parts{root};
  ++questions_;
  while (!traits.formed && !parts.empty()) {
    const Place& here = places_[parts.back()];
    parts.pop_back();
    traits.formed = here.formed;
    for (const Edge& edge : here.edges) {
      if (edge.kind == To::same_value && is_new(edge.to)) parts.push_back(edge.to);
    }
  }
  return traits;
}

}  // namespace gatehouse::schema
