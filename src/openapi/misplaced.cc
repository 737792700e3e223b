#include "openapi/misplaced.h"

#include <algorithm>
#include <string_view>

#include "json/document.h"

namespace gatehouse::openapi {
namespace {

// Keys of OpenAPI's objects whose members are names that an author chose, and keys that have values and no
// parts of the document.
constexpr std::string_view kMapsOfNames[] = {"properties", "patternProperties", "dependentSchemas",
                                             "$defs",      "definitions",       "schemas",
                                             "headers",    "mapping",           "variables"};
constexpr std::string_view kData[] = {"example", "examples", "default", "enum", "const"};
constexpr std::string_view kOperations[] = {"get",    "head",    "post",  "put",  "patch",
                                            "delete", "options", "trace", "query"};

template <typename List>
bool has(const List& list, std::string_view key) {
  return std::ranges::find(list, key) != std::end(list);
}

enum class What : std::uint8_t { object, operation, names, operations };

void look(const doc::Source& source, json::Value here, What what, Problems& problems) {
  if (here.is_array()) {
    for (const json::Value element : here.elements()) look(source, element, What::object, problems);
    return;
  }
  if (!here.is_object()) return;
  const bool parameter = here.find("in") && here.find("name");
  for (const json::Member member : here.members()) {
    const std::string_view key = member.key();
    if (what == What::names || what == What::operations) {
      look(source, member.value, what == What::names ? What::object : What::operation, problems);
      continue;
    }
    if (key == "x-gatehouse" && what != What::operation && !parameter) {
      problems.add(source.place(member.key_node),
                   "x-gatehouse: is only read in operations and parameters; move it into each of them");
    }
    if (key == "x-gatehouse" || has(kData, key)) continue;
    const What inner = has(kMapsOfNames, key)          ? What::names
                       : has(kOperations, key)         ? What::operation
                       : key == "additionalOperations" ? What::operations
                                                       : What::object;
    look(source, member.value, inner, problems);
  }
}

}  // namespace

void report_misplaced(const doc::Source& source, Problems& problems) {
  look(source, source.root(), What::object, problems);
}

}  // namespace gatehouse::openapi
