// Lists and maps (langdef), and the sets, lists and encoders extensions.
#include <algorithm>
#include <cmath>
#include <utility>

#include "base/encoding.h"
#include "cel/functions.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

Value some_if_found(Run& run, const std::optional<Value>& found) {
  if (!found) return Value::optional(nullptr);
  return found->is_error() ? *found : run.some(*found);
}

// container[?key], and any index into an optional.
Value optional_index(Run& run, Arguments args) {
  Value container = args[0];
  if (container.is(Kind::optional)) {
    if (container.optional() == nullptr) return container;
    container = *container.optional();
  }
  if (container.is(Kind::map)) {
    if (!run.charge(1 + container.size() / 8)) return run.exhaustion();
    return some_if_found(run, container.find(args[1]));
  }
  if (!container.is(Kind::list)) return run.no_overload();
  const auto index = as_index(args[1]);
  if (!index) return run.no_overload();
  const bool inside = *index >= 0 && std::cmp_less(*index, container.size());
  if (inside && !run.charge(1 + static_cast<std::uint64_t>(*index) / 8)) return run.exhaustion();
  return inside ? some_if_found(run, container.element(static_cast<std::size_t>(*index)))
                : Value::optional(nullptr);
}

// Whether every element of `wanted` is in `list`.
bool includes(Run& run, const Value& list, const Value& wanted) {
  for (Cursor cursor(wanted); cursor.next();) {
    const Value pair[] = {cursor.value(), list};
    if (!contained(run, pair).is_true()) return false;
  }
  return true;
}

Value set_contains(Run& run, Arguments args) {
  if (!args[0].is(Kind::list) || !args[1].is(Kind::list)) return run.no_overload();
  return Value::boolean(includes(run, args[0], args[1]));
}
Value set_equivalent(Run& run, Arguments args) {
  if (!args[0].is(Kind::list) || !args[1].is(Kind::list)) return run.no_overload();
  return Value::boolean(includes(run, args[0], args[1]) && includes(run, args[1], args[0]));
}
Value set_intersects(Run& run, Arguments args) {
  if (!args[0].is(Kind::list) || !args[1].is(Kind::list)) return run.no_overload();
  for (Cursor cursor(args[0]); cursor.next();) {
    const Value pair[] = {cursor.value(), args[1]};
    if (contained(run, pair).is_true()) return Value::boolean(true);
  }
  return Value::boolean(false);
}

Value distinct(Run& run, Arguments args) {
  if (!args[0].is(Kind::list)) return run.no_overload();
  ListBuilder list(run);
  for (Cursor cursor(args[0]); cursor.next();) {
    const Value pair[] = {cursor.value(), list.finish()};
    if (pair[0].is_error()) return pair[0];
    if (!contained(run, pair).is_true() && !list.push(pair[0])) return run.exhaustion();
  }
  return list.finish();
}

bool flatten_into(Run& run, ListBuilder& out, const Value& list, std::int64_t depth) {
  for (Cursor cursor(list); cursor.next();) {
    const Value item = cursor.value();
    const bool nested = item.is(Kind::list) && depth > 0;
    if (!run.charge(1) || !(nested ? flatten_into(run, out, item, depth - 1) : out.push(item))) return false;
  }
  return true;
}

Value flatten(Run& run, Arguments args) {
  if (!args[0].is(Kind::list) || (args.size() == 2 && !args[1].is(Kind::integer))) return run.no_overload();
  const std::int64_t depth = args.size() == 2 ? args[1].integer() : 1;
  if (depth < 0) return Value::error(Fault::invalid_argument, "flatten() needs a depth that is not negative");
  ListBuilder list(run);
  return flatten_into(run, list, args[0], depth) ? list.finish() : run.exhaustion();
}

Value slice(Run& run, Arguments args) {
  if (!args[0].is(Kind::list) || !args[1].is(Kind::integer) || !args[2].is(Kind::integer))
    return run.no_overload();
  const std::int64_t start = args[1].integer();
  const std::int64_t end = args[2].integer();
  if (start < 0 || end < start || std::cmp_greater(end, args[0].size())) {
    return Value::error(Fault::out_of_range, "slice() needs 0 <= start <= end <= size");
  }
  ListBuilder list(run);
  Cursor cursor(args[0]);
  for (std::int64_t i = 0; i < end && cursor.next(); ++i) {
    if (i >= start && !list.push(cursor.value())) return run.exhaustion();
  }
  return list.finish();
}

Value range(Run& run, Arguments args) {
  if (!args[0].is(Kind::integer)) return run.no_overload();
  ListBuilder list(run);
  for (std::int64_t i = 0; i < args[0].integer(); ++i) {
    if (!list.push(Value::integer(i))) return run.exhaustion();
  }
  return list.finish();
}

Value end_of(Run& run, Arguments args, bool last) {
  if (!args[0].is(Kind::list)) return run.no_overload();
  if (args[0].size() == 0) return Value::optional(nullptr);
  const Value item = args[0].element(last ? args[0].size() - 1 : 0);
  return item.is_error() ? item : run.some(item);
}
Value first(Run& run, Arguments args) { return end_of(run, args, false); }
Value last(Run& run, Arguments args) { return end_of(run, args, true); }

Value sort(Run& run, Arguments args) {
  if (!args[0].is(Kind::list)) return run.no_overload();
  ListBuilder items(run);
  for (Cursor cursor(args[0]); cursor.next();) {
    const Value item = cursor.value();
    if (item.is_error()) return item;
    if (!items.push(item)) return run.exhaustion();
  }
  return sorted(run, items.view(), items.view());
}

Value base64_encode(Run& run, Arguments args) {
  if (!args[0].is(Kind::bytes)) return run.no_overload();
  return run.charge_text(args[0].text()) ? run.text(base64(args[0].text())) : run.exhaustion();
}

// With or without padding.
Value base64_decode(Run& run, Arguments args) {
  if (!args[0].is(Kind::string)) return run.no_overload();
  if (!run.charge_text(args[0].text())) return run.exhaustion();
  std::string padded(args[0].text());
  while (padded.size() % 4 != 0) padded += '=';
  const auto decoded = from_base64(padded);
  if (!decoded) return Value::error(Fault::invalid_argument, "the text is not base64");
  const Value kept = run.text(*decoded);
  return kept.is_error() ? kept : Value::bytes(kept.text());
}

constexpr Definition kCollectionFunctions[] = {
    {"_[_]",
     "list(A), int -> A; map(A, B), A -> B; optional_type(list(A)), int -> optional_type(A); "
     "optional_type(map(A, B)), A -> optional_type(B)",
     index_into},
    {"_[?_]",
     "list(A), int -> optional_type(A); map(A, B), A -> optional_type(B); optional_type(list(A)), int -> "
     "optional_type(A); optional_type(map(A, B)), A -> optional_type(B)",
     optional_index},
    {"@in", "A, list(A) -> bool; A, map(A, B) -> bool", contained},
    {"sets.contains", "list(A), list(A) -> bool", set_contains},
    {"sets.equivalent", "list(A), list(A) -> bool", set_equivalent},
    {"sets.intersects", "list(A), list(A) -> bool", set_intersects},
    {"distinct", ".list(A) -> list(A)", distinct},
    {"flatten", ".list(list(A)) -> list(A); .list(A) -> list(A); .list(dyn), int -> list(dyn)", flatten},
    {"slice", ".list(A), int, int -> list(A)", slice},
    {"lists.range", "int -> list(int)", range},
    {"sort",
     ".list(int) -> list(int); .list(uint) -> list(uint); .list(double) -> list(double); .list(bool) -> "
     "list(bool); .list(string) -> list(string); .list(bytes) -> list(bytes); .list(timestamp) -> "
     "list(timestamp); .list(duration) -> list(duration)",
     sort},
    {"first", ".list(A) -> optional_type(A)", first},
    {"last", ".list(A) -> optional_type(A)", last},
    {"base64.encode", "bytes -> string", base64_encode},
    {"base64.decode", "string -> bytes", base64_decode},
};

}  // namespace

std::optional<std::int64_t> as_index(const Value& value) {
  if (value.is(Kind::integer)) return value.integer();
  if (value.is(Kind::unsigned_integer))
    return value.unsigned_integer() > INT64_MAX ? INT64_MAX : value.integer();
  if (!value.is(Kind::number) || std::trunc(value.number()) != value.number() ||
      std::fabs(value.number()) > 0x1p53)
    return std::nullopt;
  return static_cast<std::int64_t>(value.number());
}

Value index_into(Run& run, Arguments args) {
  const Value& container = args[0];
  if (container.is(Kind::optional)) return optional_index(run, args);
  if (container.is(Kind::map)) {
    const Value& key = args[1];
    if (!run.charge(1 + container.size() / 8)) return run.exhaustion();
    if (!key.is_numeric() && !key.is(Kind::string) && !key.is(Kind::boolean)) return run.no_overload();
    const auto found = container.find(key);
    return found ? *found : Value::error(Fault::no_such_key, "no such key");
  }
  if (!container.is(Kind::list)) return run.no_overload();
  const auto index = as_index(args[1]);
  if (!index)
    return args[1].is(Kind::number) ? Value::error(Fault::invalid_argument, "a list's index must be whole")
                                    : run.no_overload();
  if (*index < 0 || std::cmp_greater_equal(*index, container.size()))
    return Value::error(Fault::out_of_range, "index out of bounds");
  if (!run.charge(static_cast<std::uint64_t>(*index) / 16)) return run.exhaustion();
  return container.element(static_cast<std::size_t>(*index));
}

Value contained(Run& run, Arguments args) {
  const Value& container = args[1];
  if (container.is(Kind::map)) {
    if (!run.charge(1 + container.size() / 8)) return run.exhaustion();
    return Value::boolean(container.find(args[0]).has_value());
  }
  if (!container.is(Kind::list)) return run.no_overload();
  for (Cursor cursor(container); cursor.next();) {
    if (equal(args[0], cursor.value(), run.budget()))
      return run.exhausted() ? run.exhaustion() : Value::boolean(true);
    if (run.exhausted()) return run.exhaustion();
  }
  return Value::boolean(false);
}

Value sorted(Run& run, std::span<const Value> items, std::span<const Value> keys) {
  struct Entry {
    Value item;
    Value key;
    std::size_t position;
  };
  Entry* const entries = run.arena().allocate_array<Entry>(items.size());
  if (entries == nullptr) return run.no_memory();
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool comparable = keys[i].kind() == keys[0].kind() && order(run, keys[i], keys[i]).has_value();
    if (!comparable) return run.no_overload();
    new (entries + i) Entry{items[i], keys[i], i};
  }
  std::sort(entries, entries + items.size(), [&](const Entry& a, const Entry& b) {
    run.charge(1);
    // NaN stands before every number, so that there is one order for all.
    const auto is_nan = [](const Value& value) {
      return value.is(Kind::number) && std::isnan(value.number());
    };
    const int result =
        is_nan(a.key) || is_nan(b.key) ? is_nan(b.key) - is_nan(a.key) : *order(run, a.key, b.key);
    return result != 0 ? result < 0 : a.position < b.position;
  });
  ListBuilder list(run);
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!list.push(entries[i].item)) return run.exhaustion();
  }
  return list.finish();
}

std::span<const Definition> collection_functions() { return kCollectionFunctions; }

}  // namespace gatehouse::cel
