// What schemas have to do with one another, kept over all that a compiler compiles: an input is asked about
// once for each operation, and most reach the same schemas.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "json/document.h"
#include "schema/documents.h"
#include "schema/extensions.h"
#include "schema/keywords.h"
#include "schema/traits.h"

namespace gatehouse::schema {

class TraitGraph {
 public:
  TraitGraph(Documents& documents, Extensions& extensions) : documents_(documents), extensions_(extensions) {}

  // Linear in the schemas that are new, and in those on the ways from this one to what is secret.
  Traits of(json::Value schema, SchemaResource& around);

 private:
  enum class To : std::uint8_t { same_value, inside, property };
  struct Edge {
    std::uint32_t to = 0;
    To kind = To::same_value;
    std::string_view name;  // of the property
  };
  struct Place {
    json::Value schema;
    SchemaResource* resource = nullptr;
    bool formed = false;
    bool secret_here = false;  // itself, or what no property's name stands for in it
    bool leads = false;        // anything inside it, too
    std::uint32_t asked = 0;   // by which question it was reached last
    std::vector<Edge> edges = {};
    std::vector<std::uint32_t> from = {};          // the other ends of edges that lead here
    std::vector<std::uint32_t> from_unnamed = {};  // of those that are no property's
  };

  std::uint32_t place_of(json::Value schema, SchemaResource& around);
  void look(std::uint32_t at);
  void look_at_references(std::uint32_t at, const Keywords& keywords);
  void enter(SchemaResource& resource);
  void add(std::uint32_t from, std::uint32_t to, To kind, std::string_view name = {});
  // What is known of a place is so of every place from where it is reached.
  void spread(std::uint32_t at, bool Place::* flag, std::vector<std::uint32_t> Place::* from);

  Documents& documents_;
  Extensions& extensions_;
  std::vector<Place> places_;
  std::unordered_map<const json::Node*, std::uint32_t> known_;
  std::vector<std::uint32_t> waiting_;  // not looked at yet
  std::uint32_t questions_ = 0;
  // A $dynamicRef may end at its anchor in any resource that is entered on the way; in one that is entered on
  // another way it cannot, but is taken to. The name of a $recursiveAnchor is empty.
  std::vector<SchemaResource*> entered_;
  std::vector<std::pair<std::uint32_t, std::string>> dynamic_;
};

}  // namespace gatehouse::schema
