// The math extension.
#include <bit>
#include <cmath>

#include "cel/functions.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

enum class Extreme : std::uint8_t { least, greatest };

// The first of equals wins; NaN beside a number loses to the earlier value.
Value extreme(Run& run, Arguments args, Extreme which) {
  const auto choose = [&](const Value& best, const Value& next) {
    const int order = compare_numbers(next, best);
    return order == (which == Extreme::least ? -1 : 1) ? next : best;
  };
  if (args.size() == 2) {
    return args[0].is_numeric() && args[1].is_numeric() ? choose(args[0], args[1]) : run.no_overload();
  }
  if (args[0].is_numeric()) return args[0];
  if (!args[0].is(Kind::list)) return run.no_overload();
  if (args[0].size() == 0)
    return Value::error(Fault::invalid_argument, "math.greatest and math.least need at least one value");
  Cursor cursor(args[0]);
  cursor.next();
  Value best = cursor.value();
  if (!best.is_numeric()) return run.no_overload();
  while (cursor.next()) {
    const Value next = cursor.value();
    if (!next.is_numeric()) return run.no_overload();
    if (!run.charge(1)) return run.exhaustion();
    best = choose(best, next);
  }
  return best;
}

Value greatest(Run& run, Arguments args) { return extreme(run, args, Extreme::greatest); }
Value least(Run& run, Arguments args) { return extreme(run, args, Extreme::least); }

template <typename Operation>
Value on_double(Run& run, Arguments args, Operation operation) {
  return args[0].is(Kind::number) ? operation(args[0].number()) : run.no_overload();
}

Value ceil(Run& run, Arguments args) {
  return on_double(run, args, [](double x) { return Value::number(std::ceil(x)); });
}
Value floor(Run& run, Arguments args) {
  return on_double(run, args, [](double x) { return Value::number(std::floor(x)); });
}
Value round(Run& run, Arguments args) {
  return on_double(run, args, [](double x) { return Value::number(std::round(x)); });
}
Value trunc(Run& run, Arguments args) {
  return on_double(run, args, [](double x) { return Value::number(std::trunc(x)); });
}
Value is_nan(Run& run, Arguments args) {
  return on_double(run, args, [](double x) { return Value::boolean(std::isnan(x)); });
}
Value is_inf(Run& run, Arguments args) {
  return on_double(run, args, [](double x) { return Value::boolean(std::isinf(x)); });
}
Value is_finite(Run& run, Arguments args) {
  return on_double(run, args, [](double x) { return Value::boolean(std::isfinite(x)); });
}

Value sqrt(Run& run, Arguments args) {
  if (args[0].is(Kind::integer)) return Value::number(std::sqrt(static_cast<double>(args[0].integer())));
  if (args[0].is(Kind::unsigned_integer))
    return Value::number(std::sqrt(static_cast<double>(args[0].unsigned_integer())));
  return on_double(run, args, [](double x) { return Value::number(std::sqrt(x)); });
}

Value abs(Run& run, Arguments args) {
  if (args[0].is(Kind::unsigned_integer)) return args[0];
  if (args[0].is(Kind::number)) return Value::number(std::fabs(args[0].number()));
  if (!args[0].is(Kind::integer)) return run.no_overload();
  if (args[0].integer() == INT64_MIN) return Value::error(Fault::out_of_range, "integer overflow");
  return Value::integer(std::abs(args[0].integer()));
}

Value sign(Run& run, Arguments args) {
  const Value& x = args[0];
  if (x.is(Kind::integer)) return Value::integer(x.integer() < 0 ? -1 : x.integer() > 0 ? 1 : 0);
  if (x.is(Kind::unsigned_integer)) return Value::unsigned_integer(x.unsigned_integer() > 0 ? 1 : 0);
  if (!x.is(Kind::number)) return run.no_overload();
  if (std::isnan(x.number())) return x;
  return Value::number(x.number() < 0 ? -1.0 : x.number() > 0 ? 1.0 : 0.0);
}

// Works on the 64 bits alike; the result has the arguments' type.
template <typename Operation>
Value on_bits(Run& run, Arguments args, Operation operation) {
  const Kind kind = args[0].kind();
  if ((kind != Kind::integer && kind != Kind::unsigned_integer) || args.back().kind() != kind)
    return run.no_overload();
  const std::uint64_t bits = operation(args[0].unsigned_integer(), args.back().unsigned_integer());
  return kind == Kind::integer ? Value::integer(static_cast<std::int64_t>(bits))
                               : Value::unsigned_integer(bits);
}

Value bit_and(Run& run, Arguments args) {
  return on_bits(run, args, [](auto a, auto b) { return a & b; });
}
Value bit_or(Run& run, Arguments args) {
  return on_bits(run, args, [](auto a, auto b) { return a | b; });
}
Value bit_xor(Run& run, Arguments args) {
  return on_bits(run, args, [](auto a, auto b) { return a ^ b; });
}
Value bit_not(Run& run, Arguments args) {
  return on_bits(run, args, [](auto a, auto) { return ~a; });
}

// Shifts are logical, for int as well; 64 and more give 0.
template <typename Operation>
Value shift(Run& run, Arguments args, Operation operation) {
  if (!args[1].is(Kind::integer)) return run.no_overload();
  const std::int64_t by = args[1].integer();
  if (by < 0) return Value::error(Fault::invalid_argument, "a shift by a negative offset");
  return on_bits(run, args.first(1), [&](std::uint64_t bits, std::uint64_t) {
    return by > 63 ? 0 : operation(bits, static_cast<unsigned>(by));
  });
}

Value shift_left(Run& run, Arguments args) {
  return shift(run, args, [](std::uint64_t bits, unsigned by) { return bits << by; });
}
Value shift_right(Run& run, Arguments args) {
  return shift(run, args, [](std::uint64_t bits, unsigned by) { return bits >> by; });
}

constexpr std::string_view kExtreme =
    "int -> int; uint -> uint; double -> double; list(int) -> int; list(uint) -> uint; list(double) -> "
    "double; "
    "list(dyn) -> dyn; int, int -> int; uint, uint -> uint; double, double -> double; int, uint -> dyn; "
    "int, double -> dyn; uint, int -> dyn; uint, double -> dyn; double, int -> dyn; double, uint -> dyn";
constexpr std::string_view kBinaryBits = "int, int -> int; uint, uint -> uint";
constexpr std::string_view kShift = "int, int -> int; uint, int -> uint";

constexpr Definition kMathFunctions[] = {
    {"math.greatest", kExtreme, greatest},
    {"math.least", kExtreme, least},
    {"math.ceil", "double -> double", ceil},
    {"math.floor", "double -> double", floor},
    {"math.round", "double -> double", round},
    {"math.trunc", "double -> double", trunc},
    {"math.sqrt", "int -> double; uint -> double; double -> double", sqrt},
    {"math.abs", "int -> int; uint -> uint; double -> double", abs},
    {"math.sign", "int -> int; uint -> uint; double -> double", sign},
    {"math.isNaN", "double -> bool", is_nan},
    {"math.isInf", "double -> bool", is_inf},
    {"math.isFinite", "double -> bool", is_finite},
    {"math.bitAnd", kBinaryBits, bit_and},
    {"math.bitOr", kBinaryBits, bit_or},
    {"math.bitXor", kBinaryBits, bit_xor},
    {"math.bitNot", "int -> int; uint -> uint", bit_not},
    {"math.bitShiftLeft", kShift, shift_left},
    {"math.bitShiftRight", kShift, shift_right},
};

}  // namespace

std::span<const Definition> math_functions() { return kMathFunctions; }

}  // namespace gatehouse::cel
