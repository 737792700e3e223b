// Shared code of the fuzzers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

// Unlike assert, in every build: a false condition is a finding.
#define FUZZ_EXPECT(condition) \
  if (!(condition)) std::abort()

namespace gatehouse {

inline std::string_view fuzz_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

}  // namespace gatehouse

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
