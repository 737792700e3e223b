#include "cel/text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "base/encoding.h"
#include "cel/time.h"
#include "json/decimal.h"
#include "json/writer.h"

namespace gatehouse::cel {
namespace {

constexpr std::size_t kMaxText = 64U << 10U;

void append_nested(std::string& out, const Value& value) {
  if (out.size() > kMaxText) return;
  switch (value.kind()) {
    case Value::Kind::null: out += "null"; return;
    case Value::Kind::string: json::append_string(out, value.text()); return;
    case Value::Kind::bytes: out += "b\"" + base64(value.text()) + '"'; return;
    case Value::Kind::unsigned_integer: out += fmt::format("{}u", value.unsigned_integer()); return;
    case Value::Kind::optional:
      out += "optional(";
      if (value.optional() != nullptr) append_nested(out, *value.optional());
      out += ')';
      return;
    case Value::Kind::list:
    case Value::Kind::map: {
      const bool map = value.is(Value::Kind::map);
      out += map ? '{' : '[';
      bool first = true;
      for (Cursor cursor(value); cursor.next() && out.size() <= kMaxText; first = false) {
        if (!first) out += ',';
        if (map) {
          append_nested(out, cursor.key());
          out += ':';
        }
        append_nested(out, cursor.value());
      }
      out += map ? '}' : ']';
      return;
    }
    default: append_scalar(out, value);
  }
}

}  // namespace

std::optional<double> parse_double(std::string_view text) {
  double value = 0;
  if (text.ends_with(')')) return std::nullopt;  // "nan(…)" is C's
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc()) return value;
  // Out of range either way: where the first digit stands says which.
  const bool small = json::Decimal(text).magnitude <= 0;
  const double size = small ? 0.0 : std::numeric_limits<double>::infinity();
  return text.starts_with('-') ? -size : size;
}

std::string double_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto scientific = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  const std::string_view text(buffer, static_cast<std::size_t>(scientific.ptr - buffer));
  int exponent = 0;
  const std::string_view digits = text.substr(text.find('e') + (text[text.find('e') + 1] == '+' ? 2 : 1));
  std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
  if (exponent < -4 || exponent >= 21) return std::string(text);
  char fixed[64];
  const auto plain = std::to_chars(fixed, fixed + sizeof fixed, value, std::chars_format::fixed);
  return {fixed, plain.ptr};
}

std::string network_text(const Network& network) {
  return fmt::format("{}/{}", network.address.text(), network.bits);
}

bool append_scalar(std::string& out, const Value& value) {
  switch (value.kind()) {
    case Value::Kind::boolean: out += value.boolean() ? "true" : "false"; return true;
    case Value::Kind::integer: out += fmt::format_int(value.integer()).c_str(); return true;
    case Value::Kind::unsigned_integer: out += fmt::format_int(value.unsigned_integer()).c_str(); return true;
    case Value::Kind::number: out += double_text(value.number()); return true;
    case Value::Kind::string:
    case Value::Kind::bytes:
    case Value::Kind::type: out += value.text(); return true;
    case Value::Kind::timestamp: out += timestamp_text(value.timestamp()); return true;
    case Value::Kind::duration: out += duration_text(value.nanoseconds()); return true;
    case Value::Kind::address: out += value.address().text(); return true;
    case Value::Kind::network: out += network_text(value.network()); return true;
    default: return false;
  }
}

void append_text(std::string& out, const Value& value) {
  const std::size_t start = out.size();
  if (!append_scalar(out, value)) append_nested(out, value);
  if (out.size() - start > kMaxText) out.resize(start + kMaxText);
}

std::string to_text(const Value& value) {
  std::string out;
  append_text(out, value);
  return out;
}

}  // namespace gatehouse::cel
