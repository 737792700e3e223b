#include "cel/names.h"

#include <algorithm>

namespace gatehouse::cel {
namespace {

struct TypeName {
  std::string_view name;
  Type (*denotes)();
};
constexpr TypeName kTypeNames[] = {
    {"bool", Type::boolean},
    {"int", Type::integer},
    {"uint", Type::unsigned_integer},
    {"double", Type::number},
    {"string", Type::string},
    {"bytes", Type::bytes},
    {"null_type", Type::null},
    {"list", [] { return Type::list(Type::dyn()); }},
    {"map", [] { return Type::map(Type::dyn(), Type::dyn()); }},
    {"type", [] { return Type::type(Type::parameter("A")); }},
    {"google.protobuf.Timestamp", Type::timestamp},
    {"google.protobuf.Duration", Type::duration},
    {"optional_type", [] { return Type::optional(Type::dyn()); }},
    {"net.IP", Type::address},
    {"net.CIDR", Type::network},
};

// Calls `look` with "a.b.name", "a.name" and "name" for the container a.b, until it finds something.
template <typename Look>
auto in_container(std::string_view container, std::string_view name, Look look) {
  if (name.starts_with('.')) return look(std::string(name.substr(1)));
  while (!container.empty()) {
    if (auto found = look(std::string(container) + "." + std::string(name))) return found;
    const std::size_t dot = container.rfind('.');
    container = dot == std::string_view::npos ? "" : container.substr(0, dot);
  }
  return look(std::string(name));
}

}  // namespace

bool ResolvedFunction::accepts(bool method, std::size_t count) const {
  if (standard != nullptr && standard->accepts(method, count)) return true;
  if (declared == nullptr) return false;
  return std::any_of(declared->begin(), declared->end(), [&](const Overload& overload) {
    return overload.method == method && overload.parameters.size() == count;
  });
}

ResolvedName Names::name(std::string_view name) const {
  const auto found = in_container(environment_.container(), name, [&](const std::string& candidate) {
    std::optional<ResolvedName> result;
    if (const auto slot = environment_.find(candidate)) {
      result = {ResolvedName::Kind::variable, *slot, environment_.variables()[*slot].type, {}};
    } else {
      for (const TypeName& type : kTypeNames) {
        if (type.name == candidate)
          result = {ResolvedName::Kind::type, 0, Type::type(type.denotes()), type.name};
      }
    }
    return result;
  });
  return found.value_or(ResolvedName{});
}

ResolvedFunction Names::function(std::string_view name) const {
  return in_container(environment_.container(), name, [&](const std::string& candidate) {
    return ResolvedFunction{candidate, find_function(candidate), environment_.functions(candidate)};
  });
}

std::optional<std::string> qualified_name(const Ast& ast, ExprId id) {
  const Expr& expr = ast[id];
  if (expr.kind == ExprKind::name) return (expr.absolute ? "." : "") + expr.text;
  if (expr.kind != ExprKind::select || expr.presence_test || expr.optional_select) return std::nullopt;
  auto target = qualified_name(ast, expr.target);
  if (!target) return std::nullopt;
  return *target + "." + expr.text;
}

std::string_view root_name(const Ast& ast, ExprId id) {
  while (ast[id].kind == ExprKind::select) id = ast[id].target;
  return ast[id].kind == ExprKind::name && !ast[id].absolute ? std::string_view(ast[id].text) : "";
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  std::string_view best;
  std::size_t best_distance = word.size() < 5 ? 2 : 3;  // the first that is too far
  std::vector<std::size_t> row;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > word.size() + 2 || word.size() > candidate.size() + 2) continue;
    row.resize(candidate.size() + 1);
    for (std::size_t j = 0; j < row.size(); ++j) row[j] = j;
    for (std::size_t i = 0; i < word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t j = 0; j < candidate.size(); ++j) {
        const std::size_t above = row[j + 1];
        row[j + 1] = std::min({row[j] + 1, above + 1, diagonal + (word[i] == candidate[j] ? 0U : 1U)});
        diagonal = above;
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace gatehouse::cel
