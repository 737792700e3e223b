// Facts about a schema before it is compiled, from itself and everything that applies to the same value
// ($ref, allOf, anyOf, …): the basis for sealing, for default caps and for readOnly and writeOnly.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "schema/documents.h"
#include "schema/extensions.h"
#include "schema/keywords.h"
#include "schema/program.h"

namespace gatehouse::schema {

struct Facts {
  std::uint8_t types = kAllTypes;  // which kinds of values it can accept
  bool integers_only = false;
  bool asserts = false;             // it says anything at all about values
  bool describes_object = false;    // it has keywords for objects, or says that it is one
  bool describes_elements = false;  // it says something about the elements of arrays
  bool lists_elements = false;      // … about the first ones: prefixItems
  bool is_listed = false;           // by enum or const
  // The bounded sizes, by the schema itself or by every alternative.
  bool length = false;
  bool items = false;
  bool properties = false;
  bool minimum = false;
  bool maximum = false;
  bool read_only = false;
  bool write_only = false;
  std::vector<std::string_view> read_only_names;  // properties, here or in a schema that applies here
  std::vector<std::string_view> write_only_names;
  // The members that every object must have, and the schema objects that allow only the members they declare.
  std::vector<std::string_view> required_names;
  std::vector<json::Value> closed;
  int height = 0;  // how many schemas deep it applies to the same value
};

class FactFinder {
 public:
  FactFinder(Documents& documents, Extensions& extensions, const Documents::Report& report)
      : documents_(documents), extensions_(extensions), report_(report) {}

  // Reports schemas that apply to the same value for ever ("$ref": "#").
  const Facts& of(json::Value schema, SchemaResource& resource);

 private:
  enum class State : std::uint8_t { open, done };
  struct Entry {
    State state = State::open;
    Facts facts;
  };

  void find(Facts& facts, json::Value schema, SchemaResource& resource);
  void own(Facts& facts, const Keywords& keywords, const SchemaResource& resource);
  void in_place(Facts& facts, const Keywords& keywords, SchemaResource& resource);
  void alternatives(Facts& facts, json::Value list, SchemaResource& resource);

  Documents& documents_;
  Extensions& extensions_;
  const Documents::Report& report_;
  std::unordered_map<const json::Node*, Entry> known_;
  int depth_ = 0;
};

}  // namespace gatehouse::schema
