// What a schema says about its value: in itself, and in everything that may apply to it or to what is inside
// it, through $ref and composition, in whatever alternative. For decisions that must not overlook one.
#pragma once

namespace gatehouse::schema {

struct Traits {
  bool secret = false;  // writeOnly, x-sensitive or format: password, of the value or of anything inside it
  bool formed = false;  // pattern, enum, const or format, of the value itself
};

}  // namespace gatehouse::schema
