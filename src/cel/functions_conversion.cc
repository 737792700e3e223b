// Type conversions (langdef "Type Conversions").
#include <charconv>
#include <cmath>

#include "cel/functions.h"
#include "cel/text.h"
#include "cel/time.h"
#include "cel/utf8.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

Value range_error() {
  return Value::error(Fault::out_of_range, "the value is out of range of the type it is converted to");
}
Value text_error() {
  return Value::error(Fault::invalid_argument, "the text cannot be converted to this type");
}

template <typename T>
std::optional<T> parse_number(std::string_view text) {
  if (text.starts_with("+-")) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A function that reads a text charges for its length first.
bool charge_reading(Run& run, const Value& from) {
  return !from.is(Kind::string) || run.charge_text(from.text());
}

Value to_int(Run& run, Arguments args) {
  const Value& from = args[0];
  if (!charge_reading(run, from)) return run.exhaustion();
  switch (from.kind()) {
    case Kind::integer: return from;
    case Kind::unsigned_integer:
      return from.unsigned_integer() > INT64_MAX ? range_error() : Value::integer(from.integer());
    case Kind::number:
      if (!(from.number() > -0x1p63 && from.number() < 0x1p63)) return range_error();
      return Value::integer(static_cast<std::int64_t>(from.number()));
    case Kind::string: {
      const auto value = parse_number<std::int64_t>(from.text());
      return value ? Value::integer(*value) : text_error();
    }
    case Kind::timestamp: return Value::integer(from.timestamp().seconds);
    case Kind::duration: return Value::integer(from.nanoseconds() / kNanosecondsPerSecond);
    default: return run.no_overload();
  }
}

Value to_uint(Run& run, Arguments args) {
  const Value& from = args[0];
  if (!charge_reading(run, from)) return run.exhaustion();
  switch (from.kind()) {
    case Kind::unsigned_integer: return from;
    case Kind::integer:
      return from.integer() < 0 ? range_error() : Value::unsigned_integer(from.unsigned_integer());
    case Kind::number:
      if (!(from.number() > -1.0 && from.number() < 0x1p64) || from.number() < 0) return range_error();
      return Value::unsigned_integer(static_cast<std::uint64_t>(from.number()));
    case Kind::string: {
      const auto value = parse_number<std::uint64_t>(from.text());
      return value ? Value::unsigned_integer(*value) : text_error();
    }
    default: return run.no_overload();
  }
}

Value to_double(Run& run, Arguments args) {
  const Value& from = args[0];
  if (!charge_reading(run, from)) return run.exhaustion();
  switch (from.kind()) {
    case Kind::number: return from;
    case Kind::integer: return Value::number(static_cast<double>(from.integer()));
    case Kind::unsigned_integer: return Value::number(static_cast<double>(from.unsigned_integer()));
    case Kind::string: {
      std::string_view text = from.text();
      if (text.starts_with("+-")) return text_error();
      if (text.starts_with('+')) text.remove_prefix(1);
      const auto value = parse_double(text);
      if (!value) return text_error();
      // More digits than a double has would be greater than any bound; infinity is written as such.
      const bool digits = text.find_first_of("0123456789") != std::string_view::npos;
      return std::isinf(*value) && digits ? range_error() : Value::number(*value);
    }
    default: return run.no_overload();
  }
}

Value to_string(Run& run, Arguments args) {
  const Value& from = args[0];
  if (from.is(Kind::string)) return from;
  if (from.is(Kind::bytes)) {
    if (!run.charge_text(from.text())) return run.exhaustion();
    if (!valid_utf8(from.text()))
      return Value::error(Fault::invalid_argument, "invalid UTF-8 in bytes, cannot convert to string");
    return Value::string(from.text());
  }
  std::string text;
  if (from.is(Kind::type) || !append_scalar(text, from)) return run.no_overload();
  return run.text(text);
}

Value to_bytes(Run& run, Arguments args) {
  return args[0].is(Kind::string) || args[0].is(Kind::bytes) ? Value::bytes(args[0].text())
                                                             : run.no_overload();
}

Value to_bool(Run& run, Arguments args) {
  if (!charge_reading(run, args[0])) return run.exhaustion();
  if (args[0].is(Kind::boolean)) return args[0];
  if (!args[0].is(Kind::string)) return run.no_overload();
  for (const std::string_view yes : {"1", "t", "true", "TRUE", "True"}) {
    if (args[0].text() == yes) return Value::boolean(true);
  }
  for (const std::string_view no : {"0", "f", "false", "FALSE", "False"}) {
    if (args[0].text() == no) return Value::boolean(false);
  }
  return text_error();
}

Value to_timestamp(Run& run, Arguments args) {
  const Value& from = args[0];
  if (!charge_reading(run, from)) return run.exhaustion();
  if (from.is(Kind::timestamp)) return from;
  if (from.is(Kind::integer)) {
    if (from.integer() < kFirstSecond || from.integer() > kLastSecond) return range_error();
    return Value::timestamp(Timestamp{from.integer(), 0});
  }
  if (!from.is(Kind::string)) return run.no_overload();
  const auto time = parse_timestamp(from.text());
  return time ? Value::timestamp(*time)
              : Value::error(Fault::invalid_argument,
                             "the text is not an RFC 3339 time in the range of the years 1 to 9999");
}

Value to_duration(Run& run, Arguments args) {
  const Value& from = args[0];
  if (!charge_reading(run, from)) return run.exhaustion();
  if (from.is(Kind::duration)) return from;
  if (from.is(Kind::integer)) {
    std::int64_t nanoseconds = 0;
    const bool over = __builtin_mul_overflow(from.integer(), kNanosecondsPerSecond, &nanoseconds);
    return over ? range_error() : Value::duration(nanoseconds);
  }
  if (!from.is(Kind::string)) return run.no_overload();
  const auto duration = parse_duration_text(from.text());
  return duration ? Value::duration(*duration)
                  : Value::error(Fault::invalid_argument,
                                 "the text is not a duration in range, such as 1h30m or 1.5s");
}

Value type_of(Run&, Arguments args) { return Value::type_name(type_name(args[0])); }
Value to_dyn(Run&, Arguments args) { return args[0]; }

constexpr Definition kConversionFunctions[] = {
    {"int", "int -> int; uint -> int; double -> int; string -> int; timestamp -> int; duration -> int",
     to_int},
    {"uint", "uint -> uint; int -> uint; double -> uint; string -> uint", to_uint},
    {"double", "double -> double; int -> double; uint -> double; string -> double", to_double},
    {"string",
     "string -> string; bool -> string; int -> string; uint -> string; double -> string; bytes -> string; "
     "timestamp -> string; duration -> string; net.IP -> string; net.CIDR -> string",
     to_string},
    {"bytes", "bytes -> bytes; string -> bytes", to_bytes},
    {"bool", "bool -> bool; string -> bool", to_bool},
    {"timestamp", "timestamp -> timestamp; string -> timestamp; int -> timestamp", to_timestamp},
    {"google.protobuf.Timestamp", "timestamp -> timestamp; string -> timestamp; int -> timestamp",
     to_timestamp},
    {"duration", "duration -> duration; string -> duration; int -> duration", to_duration},
    {"google.protobuf.Duration", "duration -> duration; string -> duration; int -> duration", to_duration},
    {"type", "A -> type(A)", type_of},
    {"dyn", "A -> dyn", to_dyn},
};

}  // namespace

std::span<const Definition> conversion_functions() { return kConversionFunctions; }

}  // namespace gatehouse::cel
