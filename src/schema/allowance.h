// What several checks for one request may cost together, in nanoseconds or so, beside what the bytes of each
// allow it.
#pragma once

#include <cstdint>

namespace gatehouse::schema {

struct Allowance {
  std::int64_t left = 1'000'000;
};

}  // namespace gatehouse::schema
