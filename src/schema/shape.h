// The structural type of the values that a schema accepts: the CEL type checker uses it for parameters,
// bodies and answers. Derived through $ref and allOf; every other composition is dyn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace gatehouse::schema {

struct Shape {
  enum class Kind : std::uint8_t { dyn, null, boolean, integer, number, string, array, object };
  Kind kind = Kind::dyn;
  bool nullable = false;  // null is accepted, too
  bool may_be_text = true;
  std::string format;  // as the schema says: "date-time", "int64", …
  std::vector<std::pair<std::string, std::shared_ptr<const Shape>>> properties;  // object: the declared ones
  bool open = false;                   // object: other members than `properties` may be there
  std::shared_ptr<const Shape> items;  // array: null when the schema does not say (dyn)
};

}  // namespace gatehouse::schema
