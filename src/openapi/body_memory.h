// How many times its own bytes a body takes at most while its request is under way.
#pragma once

#include <cstdint>

#include "openapi/api.h"

namespace gatehouse::openapi {

constexpr std::uint64_t kReadFactor = 2;  // as it arrives, in a buffer that grows by doubling

// As values: a copy of the text, and for JSON a node (24 bytes) for every two bytes ("1,"), for forms one for
// every four ("a=1&"), which grow by doubling.
constexpr std::uint64_t parsed_factor(BodyKind kind) {
  switch (kind) {
    case BodyKind::json:
    case BodyKind::lines:
    case BodyKind::records: return 14;
    case BodyKind::form: return 20;
    case BodyKind::text: return 2;
    case BodyKind::opaque: return 0;
  }
  return 20;
}

// The copies of a request's body that working threads keep in addition.
enum class KeptCopies : std::uint8_t {
  none,
  texts,  // the texts that statements bind: at most the bytes of the body, for the lookup and the statement
  values_twice,  // and the values for conditions that are evaluated there
  whole,         // a handler's: the bytes and the values
};

constexpr std::uint64_t memory_factor(BodyKind kind, KeptCopies copies) {
  const std::uint64_t factor = kReadFactor + parsed_factor(kind);
  switch (copies) {
    case KeptCopies::none: return factor;
    case KeptCopies::texts: return factor + 2;
    case KeptCopies::values_twice: return factor + parsed_factor(kind) + 2;
    case KeptCopies::whole: return factor + parsed_factor(kind) + 1;
  }
  return factor;
}

}  // namespace gatehouse::openapi
