// The optional types extension.
#include "cel/functions.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

Value none(Run&, Arguments) { return Value::optional(nullptr); }
Value of(Run& run, Arguments args) { return run.some(args[0]); }
Value of_non_zero(Run& run, Arguments args) {
  return is_zero(args[0]) ? Value::optional(nullptr) : run.some(args[0]);
}

Value has_value(Run& run, Arguments args) {
  return args[0].is(Kind::optional) ? Value::boolean(args[0].optional() != nullptr) : run.no_overload();
}

Value value(Run& run, Arguments args) {
  if (!args[0].is(Kind::optional)) return run.no_overload();
  return args[0].optional() != nullptr ? *args[0].optional()
                                       : Value::error(Fault::no_such_key, "optional.none() has no value");
}

Value unwrap(Run& run, Arguments args) {
  if (!args[0].is(Kind::list)) return run.no_overload();
  ListBuilder list(run);
  for (Cursor cursor(args[0]); cursor.next();) {
    const Value item = cursor.value();
    if (!item.is(Kind::optional)) return run.no_overload();
    if (item.optional() != nullptr && !list.push(*item.optional())) return run.exhaustion();
  }
  return list.finish();
}

constexpr Definition kOptionalFunctions[] = {
    {"optional.none", "-> optional_type(A)", none},
    {"optional.of", "A -> optional_type(A)", of},
    {"optional.ofNonZeroValue", "A -> optional_type(A)", of_non_zero},
    {"hasValue", ".optional_type(A) -> bool", has_value},
    {"value", ".optional_type(A) -> A", value},
    {"optional.unwrap", "list(optional_type(A)) -> list(A)", unwrap},
    {"unwrapOpt", ".list(optional_type(A)) -> list(A)", unwrap},
    // Evaluated lazily, without an implementation.
    {"or", ".optional_type(A), optional_type(A) -> optional_type(A)", nullptr},
    {"orValue", ".optional_type(A), A -> A", nullptr},
};

}  // namespace

bool is_zero(const Value& value) {
  switch (value.kind()) {
    case Kind::null: return true;
    case Kind::boolean:
    case Kind::integer:
    case Kind::unsigned_integer:
    case Kind::duration: return value.integer() == 0;
    case Kind::number: return value.number() == 0;
    case Kind::string:
    case Kind::bytes: return value.text().empty();
    case Kind::list:
    case Kind::map: return value.size() == 0;
    case Kind::timestamp: return value.timestamp() == Timestamp{};
    case Kind::optional: return value.optional() == nullptr;
    default: return false;
  }
}

std::span<const Definition> optional_functions() { return kOptionalFunctions; }

}  // namespace gatehouse::cel
