// Schemas that extend another by `allOf`, where a discriminator on that other one chooses between them
// (OpenAPI 3.0.3 section 4.7.24.2: "all schemas comprising the parent schema in an allOf construct may be
// used as an alternate schema").
#pragma once

#include <cstddef>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "json/document.h"
#include "schema/documents.h"

namespace gatehouse::schema {

struct Extension {
  std::string_view name;  // its key under components/schemas
  json::Value schema;
  SchemaResource* resource = nullptr;
};

// Only references within one document are followed.
class Extensions {
 public:
  explicit Extensions(Documents& documents) : documents_(documents) {}

  // Those of a schema object, in the order of its document; none where no discriminator is in force there:
  // its own, or that of a schema that it extends.
  const std::vector<Extension>& of(json::Value schema, SchemaResource& around);
  // Its own, or the inherited one. Precondition: of() has some.
  json::Value discriminator(json::Value schema) const { return found_.at(schema.node()).discriminator; }
  // The discriminator that is in force in a schema which it extends; none: it extends none such.
  json::Value inherited(json::Value schema, SchemaResource& around);

 private:
  struct Found {
    json::Value discriminator;
    std::vector<Extension> list;
    json::Value inherited;
  };
  const Found* find(json::Value schema, SchemaResource& around);
  void read(const SourceDocument& document, SchemaResource& around);
  // Calls visit(ancestor) for each schema that `schema` has by allOf, itself left out.
  template <typename Visit>
  static void for_each_ancestor(json::Value root, json::Value schema, Visit visit);

  Documents& documents_;
  std::unordered_map<const json::Node*, Found> found_;
  std::unordered_map<const SourceDocument*, bool> read_;
};

}  // namespace gatehouse::schema
