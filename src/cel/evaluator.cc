#include "cel/evaluator.h"

#include <array>

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

Value no_such_key() { return Value::error(Fault::no_such_key, "no such key"); }
Value no_members() { return Value::error(Fault::no_such_overload, "a value of this type has no members"); }

// Map entries with unlike keys.
class MapBuilder {
 public:
  explicit MapBuilder(Run& run) : run_(run), entries_(run) {}
  // Null when it is in, the error otherwise.
  Value insert(const Value& key, const Value& value) {
    if (!key.is(Kind::integer) && !key.is(Kind::unsigned_integer) && !key.is(Kind::boolean) &&
        !key.is(Kind::string)) {
      return Value::error(Fault::no_such_overload, "the key of a map must be int, uint, bool or string");
    }
    if (!run_.charge(1 + entries_.view().size() / 4)) return run_.exhaustion();
    if (Value::map(entries_.view()).find(key))
      return Value::error(Fault::invalid_argument, "a map has the same key twice");
    return append(key, value);
  }
  // For keys that are known to differ.
  Value append(const Value& key, const Value& value) {
    return entries_.push({key, value}) ? Value::null() : run_.exhaustion();
  }
  Value finish() const { return Value::map(entries_.view()); }

 private:
  Run& run_;
  ArenaVector<MapEntry> entries_;
};

}  // namespace

Value Evaluator::evaluate(std::uint32_t index) {
  if (!run_.charge(1)) return run_.exhaustion();
  const Node& at = node(index);
  switch (at.op) {
    case Op::constant: return code_.constants[at.a];
    case Op::variable: return activation_.variable(at.a, run_.arena());
    case Op::local: return locals_[at.a];
    case Op::variable_presence: {
      const Value value = activation_.variable(at.a, run_.arena());
      return value.is_error() && value.fault() == Fault::missing ? Value::boolean(false)
             : value.is_error()                                  ? value
                                                                 : Value::boolean(true);
    }
    case Op::select:
    case Op::select_optional: return select(at);
    case Op::presence: return presence(at);
    case Op::conjunction: return conjunction(at);
    case Op::disjunction: return disjunction(at);
    case Op::conditional: return conditional(at);
    case Op::equal:
    case Op::not_equal:
    case Op::contained: return pair(at);
    case Op::call: return call(at);
    case Op::matches: return match(at);
    case Op::list: return list(at);
    case Op::map: return map(at);
    case Op::optional_element: return evaluate(at.a);
    case Op::comprehension: return comprehension(at);
    case Op::bind: return bind(at);
    case Op::block: return block(at);
    case Op::optional_or:
    case Op::optional_or_value: return alternative(at);
  }
  return run_.no_overload();
}

Value Evaluator::select(const Node& at) {
  Value operand = evaluate(at.a);
  if (operand.is_error()) return operand;
  bool optional = at.op == Op::select_optional;
  if (operand.is(Kind::optional)) {
    if (operand.optional() == nullptr) return operand;
    operand = *operand.optional();
    optional = true;
  }
  if (!operand.is(Kind::map)) return no_members();
  if (!run_.charge(1 + operand.size() / 8)) return run_.exhaustion();
  const auto found = operand.find(code_.constants[at.b].text());
  if (!optional) return found ? *found : no_such_key();
  if (!found) return Value::optional(nullptr);
  return found->is_error() ? *found : run_.some(*found);
}

Value Evaluator::presence(const Node& at) {
  Value operand = evaluate(at.a);
  if (operand.is_error()) return operand;
  if (operand.is(Kind::optional)) {
    if (operand.optional() == nullptr) return Value::boolean(false);
    operand = *operand.optional();
  }
  if (!operand.is(Kind::map)) return no_members();
  if (!run_.charge(1 + operand.size() / 8)) return run_.exhaustion();
  return Value::boolean(operand.find(code_.constants[at.b].text()).has_value());
}

// && and || do not care about the order of their sides: a false (true) wins over an error on either.
Value Evaluator::conjunction(const Node& at) {
  Value result = Value::boolean(true);
  for (std::uint32_t i = 0; i < at.count; ++i) {
    const Value term = evaluate(child(at, i));
    if (term.is_false()) return term;
    if (!term.is_true() && result.is_true()) result = term.is_error() ? term : run_.no_overload();
  }
  return result;
}

Value Evaluator::disjunction(const Node& at) {
  Value result = Value::boolean(false);
  for (std::uint32_t i = 0; i < at.count; ++i) {
    const Value term = evaluate(child(at, i));
    if (term.is_true()) return term;
    if (!term.is_false() && result.is_false()) result = term.is_error() ? term : run_.no_overload();
  }
  return result;
}

Value Evaluator::conditional(const Node& at) {
  const Value condition = evaluate(child(at, 0));
  if (condition.is_error()) return condition;
  if (!condition.is(Kind::boolean)) return run_.no_overload();
  return evaluate(child(at, condition.boolean() ? 1 : 2));
}

Value Evaluator::pair(const Node& at) {
  const Value left = evaluate(child(at, 0));
  if (left.is_error()) return left;
  const Value right = evaluate(child(at, 1));
  if (right.is_error()) return right;
  if (at.op != Op::contained)
    return Value::boolean(equal(left, right, run_.budget()) == (at.op == Op::equal));
  const Value sides[] = {left, right};
  return cel::contained(run_, sides);
}

Value Evaluator::call(const Node& at) {
  std::array<Value, 5> args;
  if (at.count > args.size()) return run_.no_overload();
  for (std::uint32_t i = 0; i < at.count; ++i) {
    args[i] = evaluate(child(at, i));
    if (args[i].is_error()) return args[i];
  }
  return at.call(run_, {args.data(), at.count});
}

Value Evaluator::match(const Node& at) {
  const Value text = evaluate(at.a);
  if (text.is_error()) return text;
  if (!text.is(Kind::string)) return run_.no_overload();
  const Pattern& pattern = code_.patterns[at.b];
  if (!run_.charge(pattern.cost(text.text().size()))) return run_.exhaustion();
  return Value::boolean(pattern.found_in(text.text()));
}

Value Evaluator::list(const Node& at) {
  ListBuilder items(run_);
  for (std::uint32_t i = 0; i < at.count; ++i) {
    Value item = evaluate(child(at, i));
    if (item.is_error()) return item;
    if (node(child(at, i)).op == Op::optional_element) {
      if (!item.is(Kind::optional)) return run_.no_overload();
      if (item.optional() == nullptr) continue;
      item = *item.optional();
    }
    if (!items.push(item)) return run_.exhaustion();
  }
  return items.finish();
}

Value Evaluator::map(const Node& at) {
  MapBuilder entries(run_);
  for (std::uint32_t i = 0; i < at.count; i += 2) {
    const Value key = evaluate(child(at, i));
    if (key.is_error()) return key;
    Value value = evaluate(child(at, i + 1));
    if (value.is_error()) return value;
    if (node(child(at, i + 1)).op == Op::optional_element) {
      if (!value.is(Kind::optional)) return run_.no_overload();
      if (value.optional() == nullptr) continue;
      value = *value.optional();
    }
    if (const Value problem = entries.insert(key, value); problem.is_error()) return problem;
  }
  return entries.finish();
}

// An error in a bound value is one only where the name is used.
Value Evaluator::bind(const Node& at) {
  locals_[at.b] = evaluate(at.a);
  return evaluate(at.c);
}

Value Evaluator::block(const Node& at) {
  for (std::uint32_t i = 0; i + 1 < at.count; ++i) locals_[at.b + i] = evaluate(child(at, i));
  return evaluate(child(at, at.count - 1U));
}

Value Evaluator::alternative(const Node& at) {
  const Value first = evaluate(at.a);
  if (first.is_error()) return first;
  if (!first.is(Kind::optional)) return run_.no_overload();
  const bool value_wanted = at.op == Op::optional_or_value;
  if (first.optional() != nullptr) return value_wanted ? *first.optional() : first;
  const Value second = evaluate(at.b);
  return value_wanted || second.is_error() || second.is(Kind::optional) ? second : run_.no_overload();
}

Value Evaluator::comprehension(const Node& at) {
  const Value range = evaluate(at.a);
  if (range.is_error()) return range;
  if (at.macro == Macro::opt_map || at.macro == Macro::opt_flat_map) {
    if (!range.is(Kind::optional)) return run_.no_overload();
    if (range.optional() == nullptr) return range;
    locals_[at.b] = *range.optional();
    const Value result = evaluate(at.d);
    if (result.is_error()) return result;
    if (at.macro == Macro::opt_map) return run_.some(result);
    return result.is(Kind::optional) ? result : run_.no_overload();
  }
  if (!range.is(Kind::list) && !range.is(Kind::map)) return run_.no_overload();

  ListBuilder items(run_);
  ListBuilder keys(run_);
  MapBuilder entries(run_);
  Value pending = Value::boolean(at.macro == Macro::all);  // all, exists: the answer if nothing decides
  int count = 0;                                           // exists_one
  for (Cursor cursor(range); cursor.next();) {
    if (!run_.charge(1)) return run_.exhaustion();
    const bool map = range.is(Kind::map);
    if (at.count == 2) {
      locals_[at.b] = cursor.key();
      locals_[at.b + 1] = cursor.value();
    } else {
      locals_[at.b] = map ? cursor.key() : cursor.value();
    }
    if (at.c != kNoNode) {
      const Value wanted = evaluate(at.c);
      if (wanted.is_error()) return wanted;
      if (!wanted.is(Kind::boolean)) return run_.no_overload();
      if (!wanted.boolean()) continue;
    }
    const Value result = evaluate(at.d);
    const Value wrong = result.is_error() ? result : run_.no_overload();
    switch (at.macro) {
      case Macro::all:
        if (result.is_false()) return result;
        if (!result.is_true() && !pending.is_error()) pending = wrong;
        break;
      case Macro::exists:
        if (result.is_true()) return result;
        if (!result.is_false() && !pending.is_error()) pending = wrong;
        break;
      case Macro::exists_one:
        if (!result.is(Kind::boolean)) return wrong;
        count += result.boolean() ? 1 : 0;
        break;
      case Macro::filter: {
        if (!result.is(Kind::boolean)) return wrong;
        const Value& item = locals_[at.b];
        if (!result.boolean()) break;
        if (item.is_error()) return item;
        if (!items.push(item)) return run_.exhaustion();
        break;
      }
      case Macro::map:
        if (result.is_error()) return result;
        if (!items.push(result)) return run_.exhaustion();
        break;
      case Macro::sort_by:
        if (result.is_error()) return result;
        if (locals_[at.b].is_error()) return locals_[at.b];
        if (!items.push(locals_[at.b]) || !keys.push(result)) return run_.exhaustion();
        break;
      case Macro::transform_map:
        if (result.is_error()) return result;
        if (const Value problem = entries.append(cursor.key(), result); problem.is_error()) return problem;
        break;
      case Macro::transform_map_entry:
        if (!result.is(Kind::map)) return wrong;
        for (Cursor entry(result); entry.next();) {
          if (entry.value().is_error()) return entry.value();
          if (const Value problem = entries.insert(entry.key(), entry.value()); problem.is_error())
            return problem;
        }
        break;
      default: return run_.no_overload();
    }
  }
  switch (at.macro) {
    case Macro::all:
    case Macro::exists: return pending;
    case Macro::exists_one: return Value::boolean(count == 1);
    case Macro::transform_map:
    case Macro::transform_map_entry: return entries.finish();
    case Macro::sort_by: return sorted(run_, items.view(), keys.view());
    default: return items.finish();
  }
}

}  // namespace gatehouse::cel
