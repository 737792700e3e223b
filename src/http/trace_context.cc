#include "http/trace_context.h"

#include <algorithm>
#include <span>

#include "base/encoding.h"
#include "http/characters.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t kVersionSize = 2, kTextSize = 55;

bool read_hex(std::string_view text, std::span<std::uint8_t> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const char high = text[2 * i], low = text[2 * i + 1];
    if (hex_value(high) < 0 || hex_value(low) < 0) return false;
    if ((high >= 'A' && high <= 'F') || (low >= 'A' && low <= 'F')) return false;
    out[i] = static_cast<std::uint8_t>(hex_value(high) * 16 + hex_value(low));
  }
  return true;
}

bool all_zero(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

void fill_id(Entropy& entropy, std::span<std::uint8_t> id) {
  do entropy.fill(id);
  while (all_zero(id));
}

}  // namespace

TraceContext TraceContext::child(Entropy& entropy) const {
  TraceContext next = *this;
  fill_id(entropy, next.parent_id);
  return next;
}

TraceContext TraceContext::fresh(Entropy& entropy) {
  TraceContext context;
  fill_id(entropy, context.trace_id);
  fill_id(entropy, context.parent_id);
  return context;
}

std::array<char, 55> TraceContext::traceparent() const {
  std::array<char, kTextSize> text;
  char* at = text.data();
  *at++ = '0';
  *at++ = '0';
  *at++ = '-';
  at = put_hex(at, trace_id);
  *at++ = '-';
  at = put_hex(at, parent_id);
  *at++ = '-';
  put_hex(at, {&flags, 1});
  return text;
}

std::array<char, 32> TraceContext::trace_id_text() const {
  std::array<char, 32> text;
  put_hex(text.data(), trace_id);
  return text;
}

std::optional<TraceContext> parse_traceparent(std::string_view text) {
  if (text.size() < kTextSize) return std::nullopt;
  std::uint8_t version = 0;
  TraceContext context;
  if (!read_hex(text.substr(0, kVersionSize), {&version, 1}) || version == 0xFF) return std::nullopt;
  if (version == 0 ? text.size() != kTextSize : text.size() > kTextSize && text[kTextSize] != '-')
    return std::nullopt;
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  if (!read_hex(text.substr(3, 32), context.trace_id) || !read_hex(text.substr(36, 16), context.parent_id) ||
      !read_hex(text.substr(53, 2), {&context.flags, 1})) {
    return std::nullopt;
  }
  if (all_zero(context.trace_id) || all_zero(context.parent_id)) return std::nullopt;
  // Only `sampled` and `random` have a meaning; other bits are not passed on (section 3.2.2.5).
  context.flags &= 3U;
  return context;
}

}  // namespace gatehouse::http
