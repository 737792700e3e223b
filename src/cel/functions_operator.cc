// Arithmetic, order and logic (langdef "List of Standard Definitions"): overflow is an error, never a wrap.
#include <cmath>

#include "cel/functions.h"
#include "cel/time.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

Value overflow() { return Value::error(Fault::out_of_range, "the result is out of range of its type"); }
Value time_range() {
  return Value::error(Fault::out_of_range, "the result is out of the range of times and durations");
}

bool both(Arguments args, Kind kind) { return args[0].is(kind) && args[1].is(kind); }

Value time_result(const std::optional<Timestamp>& time) {
  return time ? Value::timestamp(*time) : time_range();
}

Value joined(Run& run, Arguments args) {
  const std::string_view a = args[0].text();
  const std::string_view b = args[1].text();
  if (!run.charge(2 + (a.size() + b.size()) / 16)) return run.exhaustion();
  char* const text = run.arena().allocate_array<char>(a.size() + b.size() + 1);
  if (text == nullptr) return run.no_memory();
  std::memcpy(text, a.data(), a.size());
  std::memcpy(text + a.size(), b.data(), b.size());
  const std::string_view result(text, a.size() + b.size());
  return args[0].is(Kind::string) ? Value::string(result) : Value::bytes(result);
}

Value subtract(Run& run, Arguments args) {
  if (both(args, Kind::integer)) {
    std::int64_t result = 0;
    return __builtin_sub_overflow(args[0].integer(), args[1].integer(), &result) ? overflow()
                                                                                 : Value::integer(result);
  }
  if (both(args, Kind::unsigned_integer)) {
    const std::uint64_t a = args[0].unsigned_integer();
    const std::uint64_t b = args[1].unsigned_integer();
    return a < b ? overflow() : Value::unsigned_integer(a - b);
  }
  if (both(args, Kind::number)) return Value::number(args[0].number() - args[1].number());
  if (both(args, Kind::timestamp)) {
    const auto result = difference(args[0].timestamp(), args[1].timestamp());
    return result ? Value::duration(*result) : time_range();
  }
  std::int64_t result = 0;
  if (args[0].is(Kind::timestamp) && args[1].is(Kind::duration)) {
    if (__builtin_sub_overflow(std::int64_t{0}, args[1].nanoseconds(), &result)) return time_range();
    return time_result(shifted(args[0].timestamp(), result));
  }
  if (both(args, Kind::duration)) {
    const bool over = __builtin_sub_overflow(args[0].nanoseconds(), args[1].nanoseconds(), &result);
    return over ? time_range() : Value::duration(result);
  }
  return run.no_overload();
}

Value multiply(Run& run, Arguments args) {
  if (both(args, Kind::integer)) {
    std::int64_t result = 0;
    return __builtin_mul_overflow(args[0].integer(), args[1].integer(), &result) ? overflow()
                                                                                 : Value::integer(result);
  }
  if (both(args, Kind::unsigned_integer)) {
    std::uint64_t result = 0;
    const bool over = __builtin_mul_overflow(args[0].unsigned_integer(), args[1].unsigned_integer(), &result);
    return over ? overflow() : Value::unsigned_integer(result);
  }
  if (both(args, Kind::number)) return Value::number(args[0].number() * args[1].number());
  return run.no_overload();
}

Value divide(Run& run, Arguments args) {
  if (both(args, Kind::number)) return Value::number(args[0].number() / args[1].number());
  const bool integers = both(args, Kind::integer);
  if (!integers && !both(args, Kind::unsigned_integer)) return run.no_overload();
  if (args[1].integer() == 0) return Value::error(Fault::divide_by_zero, "divide by zero");
  if (!integers) return Value::unsigned_integer(args[0].unsigned_integer() / args[1].unsigned_integer());
  if (args[0].integer() == INT64_MIN && args[1].integer() == -1) return overflow();
  return Value::integer(args[0].integer() / args[1].integer());
}

Value modulo(Run& run, Arguments args) {
  const bool integers = both(args, Kind::integer);
  if (!integers && !both(args, Kind::unsigned_integer)) return run.no_overload();
  if (args[1].integer() == 0) return Value::error(Fault::divide_by_zero, "modulus by zero");
  if (!integers) return Value::unsigned_integer(args[0].unsigned_integer() % args[1].unsigned_integer());
  if (args[0].integer() == INT64_MIN && args[1].integer() == -1) return overflow();
  return Value::integer(args[0].integer() % args[1].integer());
}

Value negate(Run& run, Arguments args) {
  if (args[0].is(Kind::number)) return Value::number(-args[0].number());
  if (!args[0].is(Kind::integer)) return run.no_overload();
  return args[0].integer() == INT64_MIN ? overflow() : Value::integer(-args[0].integer());
}

Value logical_not(Run& run, Arguments args) {
  return args[0].is(Kind::boolean) ? Value::boolean(!args[0].boolean()) : run.no_overload();
}

template <typename Holds>
Value ordered(Run& run, Arguments args, Holds holds) {
  const auto result = order(run, args[0], args[1]);
  return result ? Value::boolean(*result != kUnordered && holds(*result)) : run.no_overload();
}

Value less(Run& run, Arguments args) {
  return ordered(run, args, [](int order) { return order < 0; });
}
Value less_or_equal(Run& run, Arguments args) {
  return ordered(run, args, [](int order) { return order <= 0; });
}
Value greater(Run& run, Arguments args) {
  return ordered(run, args, [](int order) { return order > 0; });
}
Value greater_or_equal(Run& run, Arguments args) {
  return ordered(run, args, [](int order) { return order >= 0; });
}

Value equals(Run& run, Arguments args) { return Value::boolean(equal(args[0], args[1], run.budget())); }
Value differs(Run& run, Arguments args) { return Value::boolean(!equal(args[0], args[1], run.budget())); }

constexpr std::string_view kOrder =
    "bool, bool -> bool; int, int -> bool; uint, uint -> bool; double, double -> bool; string, string -> "
    "bool; "
    "bytes, bytes -> bool; timestamp, timestamp -> bool; duration, duration -> bool; int, uint -> bool; "
    "int, double -> bool; uint, int -> bool; uint, double -> bool; double, int -> bool; double, uint -> bool";

constexpr Definition kOperatorFunctions[] = {
    {"_+_",
     "int, int -> int; uint, uint -> uint; double, double -> double; string, string -> string; bytes, bytes "
     "-> bytes; "
     "list(A), list(A) -> list(A); timestamp, duration -> timestamp; duration, timestamp -> timestamp; "
     "duration, duration -> duration",
     add},
    {"_-_",
     "int, int -> int; uint, uint -> uint; double, double -> double; timestamp, timestamp -> duration; "
     "timestamp, duration -> timestamp; duration, duration -> duration",
     subtract},
    {"_*_", "int, int -> int; uint, uint -> uint; double, double -> double", multiply},
    {"_/_", "int, int -> int; uint, uint -> uint; double, double -> double", divide},
    {"_%_", "int, int -> int; uint, uint -> uint", modulo},
    {"-_", "int -> int; double -> double", negate},
    {"!_", "bool -> bool", logical_not},
    {"_<_", kOrder, less},
    {"_<=_", kOrder, less_or_equal},
    {"_>_", kOrder, greater},
    {"_>=_", kOrder, greater_or_equal},
    {"_==_", "A, A -> bool", equals},
    {"_!=_", "A, A -> bool", differs},
    // Evaluated without their implementations; here for the checker.
    {"_?_:_", "bool, A, A -> A", nullptr},
};

}  // namespace

Value add(Run& run, Arguments args) {
  if (both(args, Kind::integer)) {
    std::int64_t result = 0;
    return __builtin_add_overflow(args[0].integer(), args[1].integer(), &result) ? overflow()
                                                                                 : Value::integer(result);
  }
  if (both(args, Kind::unsigned_integer)) {
    std::uint64_t result = 0;
    const bool over = __builtin_add_overflow(args[0].unsigned_integer(), args[1].unsigned_integer(), &result);
    return over ? overflow() : Value::unsigned_integer(result);
  }
  if (both(args, Kind::number)) return Value::number(args[0].number() + args[1].number());
  if (both(args, Kind::string) || both(args, Kind::bytes)) return joined(run, args);
  if (both(args, Kind::list)) {
    ListBuilder list(run);
    for (const Value& part : args) {
      for (Cursor cursor(part); cursor.next();) {
        const Value item = cursor.value();
        if (item.is_error()) return item;
        if (!list.push(item)) return run.exhaustion();
      }
    }
    return list.finish();
  }
  if (args[0].is(Kind::timestamp) && args[1].is(Kind::duration)) {
    return time_result(shifted(args[0].timestamp(), args[1].nanoseconds()));
  }
  if (args[0].is(Kind::duration) && args[1].is(Kind::timestamp)) {
    return time_result(shifted(args[1].timestamp(), args[0].nanoseconds()));
  }
  if (both(args, Kind::duration)) {
    std::int64_t result = 0;
    const bool over = __builtin_add_overflow(args[0].nanoseconds(), args[1].nanoseconds(), &result);
    return over ? time_range() : Value::duration(result);
  }
  return run.no_overload();
}

std::optional<int> order(Run& run, const Value& a, const Value& b) {
  if (a.is_numeric() && b.is_numeric()) return compare_numbers(a, b);
  if (a.kind() != b.kind()) return std::nullopt;
  const auto sign = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
  switch (a.kind()) {
    case Kind::string:
    case Kind::bytes:
      run.charge(std::min(a.text().size(), b.text().size()) / 16);
      return sign(a.text(), b.text());
    case Kind::boolean:
    case Kind::duration: return sign(a.integer(), b.integer());
    case Kind::timestamp: return sign(a.timestamp(), b.timestamp());
    default: return std::nullopt;
  }
}

std::span<const Definition> operator_functions() { return kOperatorFunctions; }

}  // namespace gatehouse::cel
