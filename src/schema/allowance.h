// The bound on the cost of all checks for one request together, in nanoseconds or so, in addition to the
// budget by the bytes of each.
#pragma once

#include <cstdint>

namespace gatehouse::schema {

struct Allowance {
  std::int64_t left = 1'000'000;
};

}  // namespace gatehouse::schema
