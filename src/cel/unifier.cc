#include "cel/unifier.h"

#include <utility>
#include <vector>

#include "base/text_map.h"

namespace gatehouse::cel {
namespace {

using TypeKind = Type::Kind;

// Applies `change` to every type variable inside.
template <typename Change>
Type rebuilt(const Type& type, const Change& change) {
  if (type.is(TypeKind::parameter)) return change(type);
  if (type.parameters().empty()) return type;
  std::vector<Type> parameters;
  for (const Type& parameter : type.parameters()) parameters.push_back(rebuilt(parameter, change));
  switch (type.kind()) {
    case TypeKind::list: return Type::list(parameters[0]);
    case TypeKind::map: return Type::map(parameters[0], parameters[1]);
    case TypeKind::type: return Type::type(parameters[0]);
    case TypeKind::optional: return Type::optional(parameters[0]);
    case TypeKind::wrapper: return Type::wrapper(parameters[0]);
    default: return Type::opaque(std::string(type.name()), std::move(parameters));
  }
}

bool is_nullable(const Type& type) {
  switch (type.kind()) {
    case TypeKind::wrapper:
    case TypeKind::object:
    case TypeKind::timestamp:
    case TypeKind::duration:
    case TypeKind::opaque:
    case TypeKind::optional:
    case TypeKind::null: return true;
    default: return false;
  }
}

// Whether `a` says no more than `b` does.
bool is_as_general(const Type& a, const Type& b) {
  if (a.is(TypeKind::dyn) || a.is(TypeKind::parameter)) return true;
  if (b.is(TypeKind::dyn) || b.is(TypeKind::parameter)) return false;
  if (a.is(TypeKind::wrapper) && !b.is(TypeKind::wrapper)) return true;
  if (a.kind() != b.kind()) return !a.is(TypeKind::null);
  for (std::size_t i = 0; i < a.parameters().size() && i < b.parameters().size(); ++i) {
    if (!is_as_general(a.parameters()[i], b.parameters()[i])) return false;
  }
  return true;
}

const Type& more_general(const Type& a, const Type& b) { return is_as_general(a, b) ? a : b; }

}  // namespace

Type Unifier::fresh() { return Type::parameter("@" + std::to_string(next_++)); }

bool Unifier::assign(const Type& to, const Type& from) {
  const std::size_t before = mark();
  if (unify(to, from)) return true;
  forget(before);
  return false;
}

void Unifier::learn(const Type& variable, const Type& type) {
  const auto found = known_.find(variable.name());
  log_.emplace_back(variable.name(), found == known_.end() ? std::nullopt : std::optional(found->second));
  known_.insert_or_assign(std::string(variable.name()), type);
}

void Unifier::forget(std::size_t mark) {
  for (; log_.size() > mark; log_.pop_back()) {
    auto& [name, before] = log_.back();
    if (before)
      known_.insert_or_assign(name, *std::move(before));
    else
      known_.erase(name);
  }
}

bool Unifier::occurs(const Type& variable, const Type& in) const {
  if (in == variable) return true;
  if (in.is(TypeKind::parameter)) {
    const auto found = known_.find(in.name());
    return found != known_.end() && occurs(variable, found->second);
  }
  for (const Type& parameter : in.parameters()) {
    if (occurs(variable, parameter)) return true;
  }
  return false;
}

// Matches a type variable with a type. `decided`: the variable settles the question.
bool Unifier::bind(const Type& variable, const Type& type, bool& decided) {
  decided = true;
  if (variable == type) return true;
  if (const auto found = known_.find(variable.name()); found != known_.end()) {
    const Type present = found->second;
    if (!unify(present, type)) return false;
    const Type& chosen = more_general(type, present);
    if (!occurs(variable, chosen)) learn(variable, chosen);
    return true;
  }
  if (!occurs(variable, type)) {
    learn(variable, type);
    return true;
  }
  decided = false;
  return false;
}

bool Unifier::unify(const Type& to, const Type& from) {
  bool decided = false;
  if (from.is(TypeKind::parameter)) {
    const bool fits = bind(from, to, decided);
    if (decided) return fits;
  }
  if (to.is(TypeKind::parameter)) {
    const bool fits = bind(to, from, decided);
    if (decided) return fits;
  }
  if (to.is(TypeKind::dyn) || from.is(TypeKind::dyn)) return true;
  if (to.is(TypeKind::null)) return is_nullable(from);
  if (from.is(TypeKind::null)) return is_nullable(to);
  if (to.is(TypeKind::wrapper))
    return unify(to.parameters()[0], from.is(TypeKind::wrapper) ? from.parameters()[0] : from);
  if (from.is(TypeKind::wrapper)) return unify(to, from.parameters()[0]);
  const auto as_map = [&](const Type& map) {
    return unify(map.parameters()[0], Type::string()) && unify(map.parameters()[1], Type::dyn());
  };
  if (to.is(TypeKind::object) && from.is(TypeKind::map)) return as_map(from);
  if (from.is(TypeKind::object) && to.is(TypeKind::map)) return as_map(to);
  if (to.kind() != from.kind()) return false;
  if (to.is(TypeKind::type)) return true;
  if (to.is(TypeKind::opaque) && to.name() != from.name()) return false;
  if (to.parameters().size() != from.parameters().size()) return false;
  for (std::size_t i = 0; i < to.parameters().size(); ++i) {
    if (!unify(to.parameters()[i], from.parameters()[i])) return false;
  }
  return true;
}

Type Unifier::solved(const Type& type) const {
  return rebuilt(type, [&](const Type& variable) {
    const auto found = known_.find(variable.name());
    return found == known_.end() ? variable : solved(found->second);
  });
}

Type Unifier::final(const Type& type) const {
  Type best = solved(type);
  // type(A) is the type of "type" itself and keeps its variable, to be written "type".
  if (best.is(TypeKind::type) && best.parameters()[0].is(TypeKind::type)) return best;
  return rebuilt(best, [](const Type&) { return Type::dyn(); });
}

Type Unifier::instantiate(const Type& type, TextMap<Type>& variables) {
  return rebuilt(type, [&](const Type& parameter) {
    const auto found = variables.find(parameter.name());
    if (found != variables.end()) return found->second;
    return variables.emplace(std::string(parameter.name()), fresh()).first->second;
  });
}

Type Unifier::join(const Type& a, const Type& b) {
  if (!assign(a, b)) return Type::dyn();
  return more_general(a, b);
}

}  // namespace gatehouse::cel
