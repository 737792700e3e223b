// The properties that a schema states about its value: in itself, and in everything that may apply to it or
// to its parts, through $ref and composition, in every alternative. For decisions that must not overlook one.
#pragma once

#include <string>
#include <vector>

namespace gatehouse::schema {

struct Traits {
  bool secret = false;  // writeOnly, x-sensitive or format: password, of the value or of anything inside it
  // Names of the properties, at any depth, that state it about their own value or about parts without a
  // property name (items, additionalProperties). Empty: the value itself. Sorted.
  std::vector<std::string> secret_members;
  bool formed = false;  // pattern, enum, const or format, of the value itself
};

}  // namespace gatehouse::schema
