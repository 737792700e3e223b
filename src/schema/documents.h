// The documents of schemas: the schema resource ($id) of each schema object, its dialect and vocabularies,
// and the target of a reference (JSON Schema 2020-12 Core, sections 8 and 9).
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text_map.h"
#include "json/document.h"
#include "schema/compiler.h"

namespace gatehouse::schema {

enum class Draft : std::uint8_t { draft_7, draft_2019_09, draft_2020_12, openapi_3_0 };

struct SourceDocument {
  std::string uri;
  json::Value root;
};

struct SchemaResource {
  std::string uri;  // absolute, without fragment
  const SourceDocument* document = nullptr;
  json::Value root;
  Draft draft = Draft::draft_2020_12;
  bool openapi = false;   // discriminator, and formats of numbers
  bool validates = true;  // the vocabularies in force
  bool applies = true;
  bool unevaluated = true;
  bool asserts_formats = false;
  TextMap<json::Value> anchors;  // dynamic ones, too
  TextMap<json::Value> dynamic_anchors;

  // Draft 7 and OpenAPI 3.0: members beside $ref are ignored.
  bool ref_stands_alone() const { return draft == Draft::draft_7 || draft == Draft::openapi_3_0; }
};

class Documents {
 public:
  using Report = std::function<void(const SchemaResource& resource, json::Value at, std::string what)>;

  Documents(const Options& options, Compiler::Fetch fetch, Report report)
      : options_(options), fetch_(std::move(fetch)), report_(std::move(report)) {}

  SchemaResource& add(std::string_view uri, json::Value root, Contents contents);
  SchemaResource* find(std::string_view uri);  // by the URI of a document or resource; fetches

  // The resource of a schema object; `around` is the resource of its container, if the object is new.
  SchemaResource& resource_of(json::Value schema, SchemaResource& around);

  struct Target {
    json::Value schema;
    SchemaResource* resource;
    std::string_view anchor;  // the plain name by which it was found, if it was
  };
  // Nothing, and a report at `at`, where the reference leads nowhere.
  std::optional<Target> resolve(SchemaResource& from, std::string_view reference, json::Value at);

  std::string pointer_to(const SourceDocument& document, json::Value at);

 private:
  void index(json::Value schema, SchemaResource& around, int depth);
  SchemaResource& new_resource(std::string uri, json::Value root, const SchemaResource& like);
  void apply_dialect(SchemaResource& resource, std::string_view dialect, json::Value at);
  void apply_vocabulary(SchemaResource& resource, json::Value vocabulary, json::Value at);
  std::optional<json::Value> step(json::Value here, std::string_view token);
  std::optional<Target> follow_pointer(SchemaResource& from, std::string_view pointer);
  const std::vector<const json::Node*>& children(json::Value container);

  const Options& options_;
  Compiler::Fetch fetch_;
  Report report_;
  std::deque<SourceDocument> documents_;
  std::deque<SchemaResource> resources_;
  TextMap<SchemaResource*> by_uri_;
  std::unordered_map<const json::Node*, SchemaResource*> places_;
  // The members of large objects that pointers went through.
  std::unordered_map<const json::Node*, std::unordered_map<std::string_view, json::Value>> large_;
  // The contents of the containers that pointer_to went through: it is called for thousands of places.
  std::unordered_map<const json::Node*, std::vector<const json::Node*>> children_;
};

}  // namespace gatehouse::schema
