// The macros of langdef ("Macros") and of the extensions: two-variable comprehensions, bindings, optionals,
// math.
#include <fmt/format.h>

#include "cel/compile.h"
#include "cel/parser.h"

namespace gatehouse::cel {
namespace {

struct Form {
  std::string_view function;
  std::size_t args;
  std::size_t variables;
  Macro macro;
};
constexpr Form kForms[] = {
    {"all", 2, 1, Macro::all},
    {"exists", 2, 1, Macro::exists},
    {"exists_one", 2, 1, Macro::exists_one},
    {"existsOne", 2, 1, Macro::exists_one},
    {"filter", 2, 1, Macro::filter},
    {"map", 2, 1, Macro::map},
    {"map", 3, 1, Macro::map},
    {"all", 3, 2, Macro::all},
    {"exists", 3, 2, Macro::exists},
    {"exists_one", 3, 2, Macro::exists_one},
    {"existsOne", 3, 2, Macro::exists_one},
    {"transformList", 3, 2, Macro::map},
    {"transformList", 4, 2, Macro::map},
    {"transformMap", 3, 2, Macro::transform_map},
    {"transformMap", 4, 2, Macro::transform_map},
    {"transformMapEntry", 3, 2, Macro::transform_map_entry},
    {"transformMapEntry", 4, 2, Macro::transform_map_entry},
    {"sortBy", 2, 1, Macro::sort_by},
    {"optMap", 2, 1, Macro::opt_map},
    {"optFlatMap", 2, 1, Macro::opt_flat_map},
};

bool takes_filter(Macro macro) {
  return macro == Macro::map || macro == Macro::transform_map || macro == Macro::transform_map_entry;
}

using Expansion = std::expected<ExprId, Problem>;

std::unexpected<Problem> problem(std::uint32_t offset, std::string message) {
  return std::unexpected(Problem{offset, std::move(message)});
}

ExprId add(Ast& ast, Expr expr) {
  ast.exprs.push_back(std::move(expr));
  return static_cast<ExprId>(ast.exprs.size() - 1);
}

bool is_name(const Ast& ast, ExprId id, std::string_view name) {
  return id != kNoExpr && ast[id].kind == ExprKind::name && !ast[id].absolute && ast[id].text == name;
}

std::expected<std::string, Problem> variable(const Ast& ast, ExprId id) {
  const Expr& expr = ast[id];
  if (expr.kind == ExprKind::name && !expr.absolute) return expr.text;
  return problem(expr.offset, "the macro's variable must be a simple name");
}

Expansion comprehension(Ast& ast, std::uint32_t offset, const Form& form, ExprId target,
                        std::span<const ExprId> args) {
  Expr expr{.kind = ExprKind::comprehension, .macro = form.macro, .offset = offset};
  expr.target = target;
  for (std::size_t i = 0; i < form.variables; ++i) {
    auto name = variable(ast, args[i]);
    if (!name) return std::unexpected(std::move(name).error());
    if (i == 1 && *name == expr.variables[0]) {
      return problem(ast[args[i]].offset, "the macro's two variables must have different names");
    }
    expr.variables.push_back(*std::move(name));
  }
  const std::span<const ExprId> rest = args.subspan(form.variables);
  if (takes_filter(form.macro)) expr.args.push_back(rest.size() == 2 ? rest[0] : kNoExpr);
  expr.args.push_back(rest.back());
  return add(ast, std::move(expr));
}

// cel.bind(name, value, expression), cel.block([values], expression), cel.index(0), cel.iterVar(0, 0)
Expansion cel_namespace(Ast& ast, std::uint32_t offset, std::string_view function,
                        std::span<const ExprId> args) {
  const auto number = [&](std::size_t i) {
    const Expr& expr = ast[args[i]];
    const bool fits =
        expr.kind == ExprKind::literal && expr.value.is(Value::Kind::integer) && expr.value.integer() >= 0;
    return fits ? std::optional(expr.value.integer()) : std::nullopt;
  };
  if (function == "bind" && args.size() == 3) {
    auto name = variable(ast, args[0]);
    if (!name) return std::unexpected(std::move(name).error());
    Expr expr{.kind = ExprKind::bind, .offset = offset};
    expr.variables.push_back(*std::move(name));
    expr.args = {args[1], args[2]};
    return add(ast, std::move(expr));
  }
  if (function == "block" && args.size() == 2) {
    const Expr& list = ast[args[0]];
    if (list.kind != ExprKind::list) return problem(list.offset, "cel.block needs a list literal first");
    for (const bool optional : list.optional) {
      if (optional) return problem(list.offset, "cel.block's list cannot have optional elements");
    }
    Expr expr{.kind = ExprKind::block, .offset = offset};
    expr.args = list.args;
    expr.args.push_back(args[1]);
    return add(ast, std::move(expr));
  }
  if (function == "index" && args.size() == 1 && number(0)) {
    return add(ast, {.kind = ExprKind::name, .offset = offset, .text = fmt::format("@index{}", *number(0))});
  }
  if ((function == "iterVar" || function == "accuVar") && args.size() == 2 && number(0) && number(1)) {
    return add(ast, {.kind = ExprKind::name,
                     .offset = offset,
                     .text = fmt::format("@{}:{}:{}", function, *number(0), *number(1))});
  }
  return kNoExpr;
}

Expansion has(Ast& ast, std::uint32_t offset, std::span<const ExprId> args) {
  if (args.size() != 1) return kNoExpr;
  Expr expr = ast[args[0]];
  if (expr.kind != ExprKind::select || expr.presence_test) {
    return problem(expr.offset, "has() asks for a member: has(a.b)");
  }
  expr.presence_test = true;
  expr.offset = offset;
  return add(ast, std::move(expr));
}

// math.greatest(a, b, c) is math.greatest([a, b, c]).
Expansion extremum(Ast& ast, std::uint32_t offset, std::string_view function, ExprId target,
                   std::vector<ExprId>& args) {
  if (args.size() < 3) return kNoExpr;
  Expr list{.kind = ExprKind::list, .offset = offset};
  list.args = args;
  list.optional.assign(args.size(), false);
  unsigned depth = 0;
  for (const ExprId id : args) depth = std::max<unsigned>(depth, ast[id].depth);
  list.depth = static_cast<std::uint16_t>(depth + 1);
  const ExprId id = add(ast, std::move(list));
  Expr expr{.kind = ExprKind::call, .offset = offset, .text = std::string(function)};
  expr.target = target;
  expr.args = {id};
  return add(ast, std::move(expr));
}

}  // namespace

Expansion expand_macro(Ast& ast, std::uint32_t offset, std::string_view function, ExprId target,
                       std::vector<ExprId>& args) {
  if (target == kNoExpr) return function == "has" ? has(ast, offset, args) : Expansion(kNoExpr);
  if (is_name(ast, target, "cel")) return cel_namespace(ast, offset, function, args);
  if (is_name(ast, target, "math") && (function == "greatest" || function == "least")) {
    return extremum(ast, offset, function, target, args);
  }
  for (const Form& form : kForms) {
    if (form.function == function && form.args == args.size())
      return comprehension(ast, offset, form, target, args);
  }
  return kNoExpr;
}

}  // namespace gatehouse::cel
