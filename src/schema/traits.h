// What a schema says about its value: in itself, and in everything that may apply to it or to what is inside
// it, through $ref and composition, in whatever alternative. For decisions that must not overlook one.
#pragma once

#include <string>
#include <vector>

namespace gatehouse::schema {

struct Traits {
  bool secret = false;  // writeOnly, x-sensitive or format: password, of the value or of anything inside it
  // Names of the properties, at any depth, that say so of their own value or of what no other property's name
  // stands for in it (items, additionalProperties). Empty: the value itself. Sorted.
  std::vector<std::string> secret_members;
  bool formed = false;  // pattern, enum, const or format, of the value itself
};

}  // namespace gatehouse::schema
