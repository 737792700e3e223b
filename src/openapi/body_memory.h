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
    case BodyKind::json: return 14;
    case BodyKind::form: return 20;
    case BodyKind::text: return 2;
    case BodyKind::opaque: return 0;
  }
  return 20;
}

}  // namespace gatehouse::openapi
