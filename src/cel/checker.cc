#include "cel/checker.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text_map.h"
#include "cel/compile.h"
#include "cel/unifier.h"

namespace gatehouse::cel {
namespace {

using TypeKind = Type::Kind;

constexpr std::size_t kMaxProblems = 20;

// "+" for "_+_", "contains()" for "contains".
std::string shown(std::string_view function) {
  if (function == "_[_]" || function == "_[?_]") return "[]";
  if (function == "_?_:_") return "?:";
  if (function == "@in") return "'in'";
  std::string text(function);
  if (text.find('_') == 0 || text.ends_with("_")) {
    std::erase(text, '_');
    return "'" + text + "'";
  }
  return text + "()";
}

class Checker {
 public:
  Checker(const Ast& ast, const Names& names, std::vector<Problem>& problems)
      : ast_(ast), names_(names), problems_(problems) {}

  Type run(const Type& expected) {
    const Type result = types_.final(check(ast_.root));
    if (problems_.empty() && !types_.assign(expected, result)) {
      fail(ast_[ast_.root].offset, fmt::format("the expression is of type {}, but {} is needed here",
                                               result.text(), expected.text()));
    }
    return result;
  }

 private:
  struct Local {
    std::string_view name;
    Type type;
  };

  Type fail(std::uint32_t offset, std::string message) {
    if (problems_.size() < kMaxProblems) problems_.push_back({offset, std::move(message)});
    return Type::dyn();
  }

  const Type* local(std::string_view name) const {
    for (std::size_t i = locals_.size(); i > 0; --i) {
      if (locals_[i - 1].name == name) return &locals_[i - 1].type;
    }
    return nullptr;
  }

  // The type of a value that is used as a whole.
  Type check(ExprId id) {
    const Type type = types_.solved(check_readable(id));
    if (!type.is_view()) return type;
    return fail(ast_[id].offset,
                fmt::format("{} shows declared members only, so it cannot be used as a whole; "
                            "read a member by its name, as in {}['NAME']",
                            type.name(), type.name()));
  }

  // The same for a value of which a member is read by its name.
  Type check_readable(ExprId id) {
    const Expr& expr = ast_[id];
    switch (expr.kind) {
      case ExprKind::literal: return literal(expr.value);
      case ExprKind::name: return name(id);
      case ExprKind::select: return select(id);
      case ExprKind::call: return call(id);
      case ExprKind::list: return list(expr);
      case ExprKind::map: return map(expr);
      case ExprKind::message:
        return fail(
            expr.offset,
            fmt::format("there is no message type '{}': conditions have no protobuf messages", expr.text));
      case ExprKind::comprehension: return comprehension(expr);
      case ExprKind::bind: {
        const Type value = check(expr.args[0]);
        locals_.push_back({expr.variables[0], value});
        const Type result = check(expr.args[1]);
        locals_.pop_back();
        return result;
      }
      case ExprKind::block: return block(expr);
    }
    return Type::dyn();
  }

  static Type literal(const Value& value) {
    switch (value.kind()) {
      case Value::Kind::null: return Type::null();
      case Value::Kind::boolean: return Type::boolean();
      case Value::Kind::integer: return Type::integer();
      case Value::Kind::unsigned_integer: return Type::unsigned_integer();
      case Value::Kind::number: return Type::number();
      case Value::Kind::string: return Type::string();
      default: return Type::bytes();
    }
  }

  Type name(ExprId id) {
    const Expr& expr = ast_[id];
    if (!expr.absolute) {
      if (const Type* const type = local(expr.text)) return *type;
    }
    const ResolvedName found = names_.name((expr.absolute ? "." : "") + expr.text);
    return found.kind == ResolvedName::Kind::nothing ? unknown(expr, expr.text) : found.type;
  }

  // A name that is not declared, or the beginning of one that is.
  Type unknown(const Expr& expr, std::string_view whole) {
    std::vector<std::string_view> candidates;
    std::string members;
    const std::string prefix = expr.text + ".";
    std::size_t count = 0;
    for (const auto& variable : names_.environment().variables()) {
      candidates.push_back(variable.name);
      if (variable.name.starts_with(prefix) && ++count <= 12)
        members += (members.empty() ? "" : ", ") + variable.name.substr(prefix.size());
    }
    for (const Local& variable : locals_) candidates.push_back(variable.name);
    if (count > 0 && whole == expr.text) {
      return fail(expr.offset, fmt::format("'{}' is not a value by itself; it has {}", whole, members));
    }
    if (const std::string_view near = nearest(whole, candidates); !near.empty()) {
      return fail(expr.offset, fmt::format("unknown name '{}'; did you mean '{}'?", whole, near));
    }
    if (count > 0)
      return fail(expr.offset, fmt::format("unknown name '{}'; '{}' has {}", whole, expr.text, members));
    if (const std::string_view near = nearest(expr.text, candidates); !near.empty()) {
      return fail(expr.offset, fmt::format("unknown name '{}'; did you mean '{}'?", expr.text, near));
    }
    return fail(expr.offset, fmt::format("unknown name '{}'", whole));
  }

  Type select(ExprId id) {
    const Expr& expr = ast_[id];
    const auto qualified = presence_name(id);
    if (qualified && local(root_name(ast_, id)) == nullptr) {
      const ResolvedName found = names_.name(*qualified);
      if (found.kind != ResolvedName::Kind::nothing) return expr.presence_test ? Type::boolean() : found.type;
      if (unresolvable(expr.target)) {
        ExprId root = expr.target;
        while (ast_[root].kind == ExprKind::select) root = ast_[root].target;
        const std::string_view text = *qualified;
        return unknown(ast_[root], text.starts_with('.') ? text.substr(1) : text);
      }
    }
    const Type operand = types_.solved(check_readable(expr.target));
    const Type member = member_type(expr, operand);
    return expr.presence_test ? Type::boolean() : member;
  }

  // The qualified name of a selection, also inside has().
  std::optional<std::string> presence_name(ExprId id) const {
    const Expr& expr = ast_[id];
    if (expr.optional_select) return std::nullopt;
    auto target = qualified_name(ast_, expr.target);
    if (target) *target += "." + expr.text;
    return target;
  }

  // Whether no beginning of this chain of names means anything.
  bool unresolvable(ExprId id) const {
    const auto qualified = qualified_name(ast_, id);
    if (!qualified || names_.name(*qualified).kind != ResolvedName::Kind::nothing) return false;
    return ast_[id].kind == ExprKind::name || unresolvable(ast_[id].target);
  }

  Type member_type(const Expr& expr, Type operand) {
    bool optional = expr.optional_select;
    if (operand.is(TypeKind::wrapper)) operand = operand.parameters()[0];
    if (operand.is(TypeKind::optional)) {
      operand = types_.solved(operand.parameters()[0]);
      optional = true;
    }
    Type result = Type::dyn();
    if (operand.is(TypeKind::map)) {
      result = operand.parameters()[1];
      if (!types_.assign(operand.parameters()[0], Type::string()))
        return fail(expr.offset,
                    fmt::format("the keys of a {} are not names: select with [ ]", operand.text()));
    } else if (operand.is(TypeKind::object)) {
      const Type* const field = operand.field(expr.text);
      if (field == nullptr) return no_member(expr.offset, operand, expr.text);
      result = *field;
    } else if (operand.is(TypeKind::parameter)) {
      types_.assign(operand, Type::dyn());
    } else if (!operand.is(TypeKind::dyn)) {
      return fail(expr.offset, fmt::format("a value of type {} has no members, so it has no '{}'",
                                           operand.text(), expr.text));
    }
    return optional ? Type::optional(result) : result;
  }

  Type no_member(std::uint32_t offset, const Type& object, std::string_view name) {
    std::vector<std::string_view> candidates;
    for (const Field& field : object.fields()) candidates.push_back(field.name);
    if (const std::string_view near = nearest(name, candidates); !near.empty()) {
      return fail(offset,
                  fmt::format("{} has no member '{}'; did you mean '{}'?", object.text(), name, near));
    }
    if (candidates.empty())
      return fail(offset, fmt::format("{} has no member '{}'; it has none", object.text(), name));
    return fail(offset, fmt::format("{} has no member '{}'; it has {}", object.text(), name,
                                    fmt::join(candidates, ", ")));
  }

  Type call(ExprId id) {
    const Expr& expr = ast_[id];
    if (expr.text == "_&&_" || expr.text == "_||_") {
      for (const ExprId term : expr.args) {
        const Type type = check(term);
        if (!types_.assign(Type::boolean(), type))
          fail(ast_[term].offset, fmt::format("{} needs bool on both sides, but this is {}", shown(expr.text),
                                              types_.final(type).text()));
      }
      return Type::boolean();
    }
    if (expr.target != kNoExpr && local(root_name(ast_, expr.target)) == nullptr) {
      if (const auto scope = qualified_name(ast_, expr.target)) {
        const ResolvedFunction function = names_.function(*scope + "." + expr.text);
        if (function) return resolve(expr, function, arguments(expr, kNoExpr), false);
      }
    }
    if (expr.target == kNoExpr) {
      const ResolvedFunction function = names_.function(expr.text);
      if (!function) return unknown_function(expr);
      const std::vector<Type> types = arguments(expr, kNoExpr);
      if (const auto member = literal_member(expr, types)) return *member;
      return resolve(expr, function, types, false);
    }
    const ResolvedFunction function = names_.function("." + expr.text);
    if (!function) {
      check(expr.target);
      return unknown_function(expr);
    }
    return resolve(expr, function, arguments(expr, expr.target), true);
  }

  // In object["name"] and "name" in object: which argument is the object, and the name. Nothing where the
  // name is not a literal.
  struct NamedMember {
    std::size_t object;
    ExprId name;
  };
  std::optional<NamedMember> named_member(const Expr& expr) const {
    const bool is_in = expr.text == "@in";
    if ((!is_in && expr.text != "_[_]" && expr.text != "_[?_]") || expr.args.size() != 2) return std::nullopt;
    const NamedMember member{is_in ? 1U : 0U, expr.args[is_in ? 0 : 1]};
    const Expr& key = ast_[member.name];
    if (key.kind != ExprKind::literal || !key.value.is(Value::Kind::string)) return std::nullopt;
    return member;
  }

  // The type of such an expression, where the name can be looked up now.
  std::optional<Type> literal_member(const Expr& expr, std::span<const Type> types) {
    const auto member = named_member(expr);
    if (!member || !types[member->object].is(TypeKind::object)) return std::nullopt;
    const Expr& key = ast_[member->name];
    const Type& object = types[member->object];
    const Type* const field = object.field(key.value.text());
    if (field == nullptr) return no_member(key.offset, object, key.value.text());
    if (expr.text == "@in") return Type::boolean();
    return expr.text == "_[_]" ? *field : Type::optional(*field);
  }

  std::vector<Type> arguments(const Expr& expr, ExprId receiver) {
    std::vector<Type> types;
    if (receiver != kNoExpr) types.push_back(check(receiver));
    const auto member = receiver == kNoExpr ? named_member(expr) : std::nullopt;
    for (std::size_t i = 0; i < expr.args.size(); ++i)
      types.push_back(member && member->object == i ? check_readable(expr.args[i]) : check(expr.args[i]));
    return types;
  }

  Type unknown_function(const Expr& expr) {
    if (expr.text == "not") return fail(expr.offset, "'not' is not an operator; write '!'");
    const auto known = function_names();
    const std::string_view near = nearest(expr.text, known);
    return fail(expr.offset, near.empty()
                                 ? fmt::format("unknown function '{}'", expr.text)
                                 : fmt::format("unknown function '{}'; did you mean '{}'?", expr.text, near));
  }

  Type resolve(const Expr& expr, const ResolvedFunction& function, std::span<const Type> types, bool method) {
    std::optional<Type> result;
    for (const auto* const overloads :
         {function.standard == nullptr ? nullptr : &function.standard->overloads, function.declared}) {
      if (overloads == nullptr) continue;
      for (const Overload& overload : *overloads) {
        if (overload.method != method || overload.parameters.size() != types.size()) continue;
        const std::size_t mark = types_.mark();
        TextMap<Type> variables;
        bool fits = true;
        for (std::size_t i = 0; fits && i < types.size(); ++i) {
          fits = types_.assign(types_.instantiate(overload.parameters[i], variables), types[i]);
        }
        if (!fits) {
          types_.forget(mark);
          continue;
        }
        const Type type = types_.solved(types_.instantiate(overload.result, variables));
        result = !result ? type : *result == type ? *result : Type::dyn();
      }
    }
    return result ? *result : no_overload(expr, function, types, method);
  }

  Type no_overload(const Expr& expr, const ResolvedFunction& function, std::span<const Type> types,
                   bool method) {
    std::string given;
    for (std::size_t i = 0; i < types.size(); ++i) {
      given += (i == 0 ? "" : ", ") + types_.final(types[i]).text();
    }
    if ((function.name == "_==_" || function.name == "_!=_") && types.size() == 2)
      return fail(expr.offset,
                  fmt::format("{} cannot compare {} with {}; both sides need one type", shown(function.name),
                              types_.final(types[0]).text(), types_.final(types[1]).text()));
    std::string message = fmt::format("{} cannot be applied to ({})", shown(function.name), given);
    std::string wanted;
    int count = 0;
    if (function.standard != nullptr) {
      for (const Overload& overload : function.standard->overloads) {
        if (overload.method != method || ++count > 6) continue;
        std::string signature;
        for (const Type& type : overload.parameters)
          signature += (signature.empty() ? "" : ", ") + type.text();
        wanted += (wanted.empty() ? "(" : " or (") + signature + ")";
      }
    }
    if (!wanted.empty()) message += "; it takes " + wanted;
    return fail(expr.offset, std::move(message));
  }

  // The type of an element written ?x is the type inside the optional.
  Type element(ExprId id, bool optional) {
    Type type = types_.solved(check(id));
    if (!optional) return type;
    const Type inside = types_.fresh();
    if (types_.assign(Type::optional(inside), type)) return types_.solved(inside);
    return fail(ast_[id].offset, fmt::format("an element behind ? must be optional, but this is {}",
                                             types_.final(type).text()));
  }

  Type joined(const std::optional<Type>& before, const Type& next) {
    return before ? types_.join(*before, next) : next;
  }

  Type list(const Expr& expr) {
    std::optional<Type> type;
    for (std::size_t i = 0; i < expr.args.size(); ++i)
      type = joined(type, element(expr.args[i], expr.optional[i]));
    return Type::list(type ? *type : types_.fresh());
  }

  static bool may_be_key(const Type& type) {
    switch (type.kind()) {
      case TypeKind::boolean:
      case TypeKind::integer:
      case TypeKind::unsigned_integer:
      case TypeKind::string:
      case TypeKind::dyn:
      case TypeKind::parameter: return true;
      case TypeKind::wrapper: return may_be_key(type.parameters()[0]);
      default: return false;
    }
  }

  Type map(const Expr& expr) {
    std::optional<Type> key;
    std::optional<Type> value;
    for (std::size_t i = 0; i + 1 < expr.args.size(); i += 2) {
      const Type type = types_.solved(check(expr.args[i]));
      if (!may_be_key(type))
        return fail(ast_[expr.args[i]].offset,
                    fmt::format("the key of a map must be int, uint, bool or string, but this is {}",
                                types_.final(type).text()));
      key = joined(key, type);
      value = joined(value, element(expr.args[i + 1], expr.optional[i / 2]));
    }
    return Type::map(key ? *key : types_.fresh(), value ? *value : types_.fresh());
  }

  Type block(const Expr& expr) {
    const std::size_t before = locals_.size();
    std::vector<std::string> names(expr.args.size());
    for (std::size_t i = 0; i + 1 < expr.args.size(); ++i) {
      names[i] = fmt::format("@index{}", i);
      check(expr.args[i]);
      locals_.push_back({names[i], Type::dyn()});  // as the reference declares cel.index()
    }
    const Type result = check(expr.args.back());
    locals_.resize(before, {"", Type::dyn()});
    return result;
  }

  Type comprehension(const Expr& expr) {
    Type range = types_.solved(check(expr.target));
    if (range.is(TypeKind::wrapper)) range = range.parameters()[0];
    Type key = Type::dyn();
    Type value = Type::dyn();
    const bool of_optional = expr.macro == Macro::opt_map || expr.macro == Macro::opt_flat_map;
    if (of_optional) {
      value = types_.fresh();
      if (!types_.assign(Type::optional(value), range))
        return fail(expr.offset, fmt::format("optMap() and optFlatMap() need an optional, but this is {}",
                                             types_.final(range).text()));
      value = types_.solved(value);
    } else if (range.is(TypeKind::list)) {
      key = Type::integer();
      value = range.parameters()[0];
    } else if (range.is(TypeKind::map)) {
      key = range.parameters()[0];
      value = range.parameters()[1];
    } else if (range.is(TypeKind::object)) {
      key = Type::string();
    } else if (range.is(TypeKind::parameter)) {
      types_.assign(range, Type::dyn());
    } else if (!range.is(TypeKind::dyn)) {
      return fail(expr.offset, fmt::format("a macro walks lists and maps, but this is {}", range.text()));
    }
    const std::size_t before = locals_.size();
    if (expr.variables.size() == 2) {
      locals_.push_back({expr.variables[0], key});
      locals_.push_back({expr.variables[1], value});
    } else {
      locals_.push_back(
          {expr.variables[0], range.is(TypeKind::map) || range.is(TypeKind::object) ? key : value});
    }
    const Type element = locals_.back().type;
    for (const ExprId id : expr.args) {
      if (id == kNoExpr || id == expr.args.back()) continue;
      condition(id);
    }
    const Type body = check(expr.args.back());
    locals_.resize(before, {"", Type::dyn()});
    return result_of(expr, key, element, body);
  }

  void condition(ExprId id) { require_bool(id, check(id)); }
  void require_bool(ExprId id, const Type& type) {
    if (!types_.assign(Type::boolean(), type))
      fail(ast_[id].offset,
           fmt::format("a macro's condition must be bool, but this is {}", types_.final(type).text()));
  }

  Type result_of(const Expr& expr, const Type& key, const Type& element, const Type& body) {
    switch (expr.macro) {
      case Macro::all:
      case Macro::exists:
      case Macro::exists_one: require_bool(expr.args.back(), body); return Type::boolean();
      case Macro::filter: require_bool(expr.args.back(), body); return Type::list(element);
      case Macro::map: return Type::list(body);
      case Macro::sort_by: return Type::list(element);
      case Macro::transform_map: return Type::map(key, body);
      case Macro::transform_map_entry: {
        const Type entry = Type::map(types_.fresh(), types_.fresh());
        if (types_.assign(entry, body)) return types_.solved(entry);
        return fail(
            ast_[expr.args.back()].offset,
            fmt::format("transformMapEntry() needs a map, but this is {}", types_.final(body).text()));
      }
      case Macro::opt_map: return Type::optional(body);
      case Macro::opt_flat_map: {
        if (types_.assign(Type::optional(types_.fresh()), body)) return types_.solved(body);
        return fail(ast_[expr.args.back()].offset,
                    fmt::format("optFlatMap() needs an optional, but this is {}", types_.final(body).text()));
      }
    }
    return Type::dyn();
  }

  const Ast& ast_;
  const Names& names_;
  std::vector<Problem>& problems_;
  std::vector<Local> locals_;
  Unifier types_;
};

}  // namespace

Type check(const Ast& ast, const Names& names, const Type& expected, std::vector<Problem>& problems) {
  return Checker(ast, names, problems).run(expected);
}

}  // namespace gatehouse::cel
