#include "schema/documents.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "schema/keywords.h"
#include "schema/metaschema.h"
#include "schema/path.h"
#include "schema/uri.h"

namespace gatehouse::schema {
namespace {

constexpr int kMostNesting = 600;

struct KnownDialect {
  std::string_view uri;
  Draft draft;
};
constexpr KnownDialect kDialects[] = {
    {"https://json-schema.org/draft/2020-12/schema", Draft::draft_2020_12},
    {"https://spec.openapis.org/oas/3.1/dialect/base", Draft::draft_2020_12},
    {"https://spec.openapis.org/oas/3.2/dialect/2025-09-17", Draft::draft_2020_12},
    {"https://json-schema.org/draft/2019-09/schema", Draft::draft_2019_09},
    {"http://json-schema.org/draft-07/schema", Draft::draft_7},
    {"http://json-schema.org/draft-06/schema", Draft::draft_7},
};

std::string_view without_empty_fragment(std::string_view uri) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  return uri;
}

// Core, section 8.2.2.
bool is_plain_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto other = [](char c) { return (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  return !text.empty() && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || other(c); });
}

}  // namespace

SchemaResource& Documents::new_resource(std::string uri, json::Value root, const SchemaResource& like) {
  SchemaResource& resource = resources_.emplace_back();
  resource.document = like.document;
  resource.draft = like.draft;
  resource.openapi = like.openapi;
  resource.validates = like.validates;
  resource.applies = like.applies;
  resource.unevaluated = like.unevaluated;
  resource.asserts_formats = like.asserts_formats;
  resource.uri = std::move(uri);
  resource.root = root;
  return resource;
}

SchemaResource& Documents::add(std::string_view uri, json::Value root, Contents contents) {
  const SourceDocument& document = documents_.emplace_back(std::string(without_fragment(uri)), root);
  SchemaResource like;
  like.document = &document;
  like.openapi = options_.dialect != Dialect::json_schema_2020_12;
  like.draft = options_.dialect == Dialect::openapi_3_0 ? Draft::openapi_3_0 : Draft::draft_2020_12;
  like.asserts_formats = options_.formats == Formats::assert;
  SchemaResource& resource = new_resource(document.uri, root, like);
  by_uri_.insert_or_assign(document.uri, &resource);
  // OpenAPI 3.2: what the document may be called in references.
  if (const auto self = root.find_string("$self"); self && contents == Contents::openapi)
    by_uri_.try_emplace(std::string(*self), &resource);
  if (contents == Contents::schema) {
    index(root, resource, 0);
  } else {
    if (const auto dialect = root.find_string("jsonSchemaDialect");
        dialect && resource.draft != Draft::openapi_3_0) {
      apply_dialect(resource, *dialect, root);
    }
    if (const auto schemas = root.pointer("/components/schemas"); schemas && schemas->is_object()) {
      for (const json::Member member : schemas->members()) index(member.value, resource, 0);
    }
  }
  return resource;
}

SchemaResource* Documents::find(std::string_view uri) {
  if (const auto known = by_uri_.find(uri); known != by_uri_.end()) return known->second;
  auto root = find_metaschema(uri);
  if (!root && fetch_) root = fetch_(uri);
  if (!root) return nullptr;
  SchemaResource& resource = add(uri, *root, Contents::schema);
  const auto known = by_uri_.find(uri);
  return known != by_uri_.end() ? known->second : &resource;
}

SchemaResource& Documents::resource_of(json::Value schema, SchemaResource& around) {
  if (const auto known = places_.find(schema.node()); known != places_.end()) return *known->second;
  index(schema, around, 0);
  return *places_.at(schema.node());
}

void Documents::index(json::Value schema, SchemaResource& around, int depth) {
  if (const auto [at, added] = places_.try_emplace(schema.node(), &around); !added) return;
  if (!schema.is_object()) return;
  if (depth > kMostNesting) return report_(around, schema, "schemas are nested too deeply");
  const Keywords keywords(schema);
  SchemaResource* here = &around;
  if (around.draft != Draft::openapi_3_0) {
    if (const json::Value id = keywords[Keyword::id]; id && id.is_string()) {
      const std::string uri = resolve_uri(around.uri, without_empty_fragment(id.string()));
      const bool names_here =
          around.ref_stands_alone() && (keywords.has(Keyword::ref) || uri.find('#') != uri.npos);
      if (uri.find('#') != uri.npos && !names_here)
        report_(around, id, "$id must not have a fragment; use $anchor");
      if (!names_here) {
        const bool document_root = around.root.node() == schema.node();
        here = document_root ? &around : &new_resource(uri, schema, around);
        here->uri = uri;
        by_uri_.try_emplace(uri, here);
      }
      if (names_here && !keywords.has(Keyword::ref))
        around.anchors.emplace(uri.substr(uri.find('#') + 1), schema);
      places_[schema.node()] = here;
    }
    if (const json::Value dialect = keywords[Keyword::schema];
        dialect && here->root.node() == schema.node()) {
      if (dialect.is_string()) {
        apply_dialect(*here, dialect.string(), dialect);
      } else {
        report_(*here, dialect, "$schema must be a URI");
      }
    }
    for (const Keyword keyword : {Keyword::anchor, Keyword::dynamic_anchor}) {
      const json::Value anchor = keywords[keyword];
      if (!anchor || here->draft == Draft::draft_7) continue;
      if (!anchor.is_string() || !is_plain_name(anchor.string())) {
        report_(*here, anchor, fmt::format("{} must be a name: letters, digits, -, _ and .", name(keyword)));
        continue;
      }
      if (here->anchors.try_emplace(std::string(anchor.string()), schema).first->second.node() !=
          schema.node())
        report_(*here, anchor, fmt::format("two schemas have the {} \"{}\"", name(keyword), anchor.string()));
      if (keyword == Keyword::dynamic_anchor) here->dynamic_anchors.emplace(anchor.string(), schema);
    }
    if (const json::Value defs = keywords[Keyword::defs]; defs && !defs.is_object())
      report_(*here, defs, "$defs must be an object");
    if (const json::Value anchor = keywords[Keyword::recursive_anchor];
        anchor && anchor.is_boolean() && anchor.boolean() && here->draft == Draft::draft_2019_09) {
      here->dynamic_anchors.emplace("", schema);
    }
  }
  for_each_subschema(keywords, [&](json::Value subschema) { index(subschema, *here, depth + 1); });
}

void Documents::apply_dialect(SchemaResource& resource, std::string_view dialect, json::Value at) {
  const std::string_view uri = without_empty_fragment(dialect);
  for (const KnownDialect& known : kDialects) {
    if (known.uri != uri) continue;
    resource.draft = known.draft;
    resource.validates = resource.applies = resource.unevaluated = true;
    return;
  }
  if (uri == resource.uri) return;  // a metaschema that describes itself
  SchemaResource* metaschema = find(uri);
  if (!metaschema) {
    return report_(resource, at, fmt::format("the dialect {} is not known; use 2020-12's", uri));
  }
  const auto vocabulary = metaschema->root.find("$vocabulary");
  if (!vocabulary || !vocabulary->is_object()) return;
  resource.draft = Draft::draft_2020_12;
  apply_vocabulary(resource, *vocabulary, at);
}

void Documents::apply_vocabulary(SchemaResource& resource, json::Value vocabulary, json::Value at) {
  constexpr std::string_view kPrefixes[] = {"https://json-schema.org/draft/2020-12/vocab/",
                                            "https://json-schema.org/draft/2019-09/vocab/"};
  resource.validates = resource.applies = resource.unevaluated = false;
  for (const json::Member member : vocabulary.members()) {
    std::string_view name = member.key();
    for (const std::string_view prefix : kPrefixes) {
      if (!name.starts_with(prefix)) continue;
      name.remove_prefix(prefix.size());
      if (prefix != kPrefixes[0]) resource.draft = Draft::draft_2019_09;
      break;
    }
    if (name == "validation") {
      resource.validates = true;
    } else if (name == "applicator") {
      resource.applies = true;
      if (resource.draft == Draft::draft_2019_09) resource.unevaluated = true;
    } else if (name == "unevaluated") {
      resource.unevaluated = true;
    } else if (name == "format-assertion") {
      resource.asserts_formats = true;  // known here, and so in force even where it is optional
    } else if (name != "core" && name != "format-annotation" && name != "format" && name != "content" &&
               name != "meta-data" && name != "https://spec.openapis.org/oas/3.1/vocab/base" &&
               member.value.is_boolean() && member.value.boolean()) {
      report_(resource, at, fmt::format("the vocabulary {} is required, but not known", member.key()));
    }
  }
}

std::optional<Documents::Target> Documents::resolve(SchemaResource& from, std::string_view reference,
                                                    json::Value at) {
  const std::string uri = resolve_uri(from.uri, reference);
  const std::string_view place = without_fragment(uri);
  SchemaResource* const resource = place == from.uri ? &from : find(place);
  if (!resource) {
    report_(from, at,
            fmt::format("\"{}\" refers to a document that is not there; save it beside this one, "
                        "and refer to that",
                        reference));
    return std::nullopt;
  }
  const std::string fragment = place.size() < uri.size()
                                   ? percent_decoded(std::string_view(uri).substr(place.size() + 1))
                                   : std::string();
  std::optional<Target> target;
  if (fragment.empty()) {
    target = Target{resource->root, resource, {}};
  } else if (fragment.front() == '/') {
    target = follow_pointer(*resource, fragment);
  } else if (const auto anchor = resource->anchors.find(fragment); anchor != resource->anchors.end()) {
    target = Target{anchor->second, resource, anchor->first};
  }
  if (!target) {
    report_(from, at, fmt::format("\"{}\" has no target; add it, or correct the reference", reference));
    return std::nullopt;
  }
  target->resource = &resource_of(target->schema, *target->resource);
  return target;
}

// A document's "schemas" may have thousands of members, and as many references to them.
std::optional<json::Value> Documents::step(json::Value here, std::string_view token) {
  constexpr std::size_t kLarge = 16;
  if (!here.is_object() || here.size() <= kLarge || token.find('~') != token.npos) return here.pointer(token);
  auto& members = large_[here.node()];
  if (members.empty()) {
    for (const json::Member member : here.members()) members.emplace(member.key(), member.value);
  }
  const auto found = members.find(token.substr(1));
  if (found == members.end()) return std::nullopt;
  return found->second;
}

std::optional<Documents::Target> Documents::follow_pointer(SchemaResource& from, std::string_view pointer) {
  json::Value here = from.root;
  SchemaResource* resource = &from;
  while (!pointer.empty()) {
    const std::size_t end = std::min(pointer.find('/', 1), pointer.size());
    const auto next = step(here, pointer.substr(0, end));
    if (!next) return std::nullopt;
    pointer.remove_prefix(end);
    here = *next;
    if (const auto known = places_.find(here.node()); known != places_.end()) resource = known->second;
  }
  return Target{here, resource, {}};
}

std::string Documents::pointer_to(const SourceDocument& document, json::Value at) {
  std::string out;
  json::Value here = document.root;
  if (at.node() < here.node() || at.node() >= here.node() + here.node()->span) return out;
  while (here.node() != at.node()) {
    const std::vector<const json::Node*>& nodes = children(here);
    const auto after = std::upper_bound(nodes.begin(), nodes.end(), at.node());
    if (after == nodes.begin()) break;
    const json::Node* const node = *std::prev(after);
    if (at.node() >= node + node->span) break;  // a key
    append_token(out, here.is_object() ? json::Value(node - 1).string()
                                       : std::to_string(std::prev(after) - nodes.begin()));
    here = json::Value(node);
  }
  return out;
}

// In the order of their addresses, which is that of the document.
const std::vector<const json::Node*>& Documents::children(json::Value container) {
  std::vector<const json::Node*>& nodes = children_[container.node()];
  if (!nodes.empty()) return nodes;
  if (container.is_object()) {
    for (const json::Member member : container.members()) nodes.push_back(member.value.node());
  } else if (container.is_array()) {
    for (const json::Value element : container.elements()) nodes.push_back(element.node());
  }
  return nodes;
}

}  // namespace gatehouse::schema
