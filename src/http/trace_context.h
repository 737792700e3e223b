// W3C Trace Context: traceparent.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/entropy.h"

namespace gatehouse::http {

struct TraceContext {
  std::array<std::uint8_t, 16> trace_id{};  // never all zero
  std::array<std::uint8_t, 8> parent_id{};  // never all zero
  std::uint8_t flags = 0;                   // bit 0: sampled

  // Continues the caller's trace with a new parent.
  TraceContext child(Entropy& entropy) const;
  static TraceContext fresh(Entropy& entropy);
  std::array<char, 55> traceparent() const;  // version 00
  std::array<char, 32> trace_id_text() const;
};

// Versions 00 to fe; of a later version the part that version 00 defines. Lower case only. If it does not
// parse, the caller begins a trace of its own (section 3.2.2.1 of the recommendation).
std::optional<TraceContext> parse_traceparent(std::string_view text);

}  // namespace gatehouse::http
