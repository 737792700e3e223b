#include "cel/compiler.h"

#include <algorithm>

#include <fmt/format.h>

#include "cel/compile.h"
#include "cel/evaluator.h"

namespace gatehouse::cel {
namespace {

constexpr std::uint64_t kFoldingBudget = 20'000;
constexpr std::int64_t kPatternMemory = 8 << 20;
constexpr std::size_t kMaxElements = 0xFFFF;  // of a list or call, so that a node's count holds it

class Compiler {
 public:
  Compiler(const Ast& ast, const Names& names, Program::Code& code, std::vector<Problem>& problems)
      : ast_(ast), names_(names), code_(code), problems_(problems) {}

  void run() {
    code_.root = generate(ast_.root);
    std::sort(code_.slots.begin(), code_.slots.end());
    code_.slots.erase(std::unique(code_.slots.begin(), code_.slots.end()), code_.slots.end());
  }

 private:
  std::uint32_t add(Node node) {
    code_.nodes.push_back(node);
    return static_cast<std::uint32_t>(code_.nodes.size() - 1);
  }
  std::uint32_t constant(const Value& value) {
    code_.constants.push_back(value);
    return add({.op = Op::constant, .a = static_cast<std::uint32_t>(code_.constants.size() - 1)});
  }
  std::uint32_t error(Fault fault, std::string_view text) { return constant(Value::error(fault, text)); }
  // A text that the program keeps, as the index of a constant.
  std::uint32_t key(std::string_view text) {
    char* const kept = code_.arena.allocate_array<char>(text.size() + 1);
    if (kept != nullptr) std::copy(text.begin(), text.end(), kept);
    code_.constants.push_back(kept == nullptr ? Value::string("") : Value::string({kept, text.size()}));
    return static_cast<std::uint32_t>(code_.constants.size() - 1);
  }
  bool is_constant(std::uint32_t node) const {
    return code_.nodes[node].op == Op::constant && !code_.constants[code_.nodes[node].a].is_error();
  }

  // Computes the node now when all it needs is there; one that fails fails when it is evaluated.
  std::uint32_t folded(std::uint32_t node) {
    const Node& made = code_.nodes[node];
    const auto all = [&](std::uint32_t count) {
      for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint32_t child = code_.children[made.a + i];
        if (!is_constant(child) &&
            !(code_.nodes[child].op == Op::optional_element && is_constant(code_.nodes[child].a)))
          return false;
      }
      return true;
    };
    switch (made.op) {
      case Op::select:
      case Op::select_optional:
      case Op::presence:
      case Op::matches:
        if (!is_constant(made.a)) return node;
        break;
      case Op::optional_or:
      case Op::optional_or_value:
        if (!is_constant(made.a) || !is_constant(made.b)) return node;
        break;
      default:
        if (!all(made.count)) return node;
    }
    Run run(code_.arena, kFoldingBudget);
    const Bindings nothing;
    std::vector<Value> locals;
    const Value value = Evaluator(code_, nothing, run, locals).evaluate(node);
    return value.is_error() || run.exhausted() ? node : constant(value);
  }

  std::uint32_t with_children(Op op, std::span<const std::uint32_t> children,
                              Implementation function = nullptr) {
    Node node{.op = op, .count = static_cast<std::uint16_t>(children.size()), .call = function};
    node.a = static_cast<std::uint32_t>(code_.children.size());
    code_.children.insert(code_.children.end(), children.begin(), children.end());
    return add(node);
  }

  std::optional<std::uint32_t> local(std::string_view name) const {
    for (std::size_t i = locals_.size(); i > 0; --i) {
      if (locals_[i - 1] == name) return static_cast<std::uint32_t>(i - 1);
    }
    return std::nullopt;
  }
  std::uint32_t declare(std::string_view name) {
    locals_.push_back(name);
    code_.locals = std::max(code_.locals, static_cast<std::uint32_t>(locals_.size()));
    return static_cast<std::uint32_t>(locals_.size() - 1);
  }

  std::uint32_t generate(ExprId id) {
    const Expr& expr = ast_[id];
    switch (expr.kind) {
      case ExprKind::literal: return constant(expr.value);
      case ExprKind::name: return name(id);
      case ExprKind::select: return select(id);
      case ExprKind::call: return call(id);
      case ExprKind::list:
      case ExprKind::map: return aggregate(expr);
      case ExprKind::message: return error(Fault::unknown_name, "there are no message types");
      case ExprKind::comprehension: return comprehension(expr);
      case ExprKind::bind: return bind(expr);
      case ExprKind::block: return block(expr);
    }
    return 0;
  }

  std::optional<std::uint32_t> resolved(std::string_view name) {
    const ResolvedName found = names_.name(name);
    switch (found.kind) {
      case ResolvedName::Kind::variable:
        code_.slots.push_back(found.slot);
        return add({.op = Op::variable, .a = found.slot});
      case ResolvedName::Kind::type: return constant(Value::type_name(found.type_name));
      case ResolvedName::Kind::nothing: break;
    }
    return std::nullopt;
  }

  std::uint32_t name(ExprId id) {
    const Expr& expr = ast_[id];
    if (!expr.absolute) {
      if (const auto index = local(expr.text)) return add({.op = Op::local, .a = *index});
    }
    const auto found = resolved((expr.absolute ? "." : "") + expr.text);
    return found ? *found : error(Fault::unknown_name, "unknown name");
  }

  std::uint32_t select(ExprId id) {
    const Expr& expr = ast_[id];
    if (!expr.optional_select && !local(root_name(ast_, id))) {
      if (auto scope = qualified_name(ast_, expr.target)) {
        const std::string whole = *scope + "." + expr.text;
        if (const auto found = resolved(whole)) {
          if (expr.presence_test && code_.nodes[*found].op == Op::variable)
            code_.nodes[*found].op = Op::variable_presence;
          return *found;
        }
      }
    }
    const std::uint32_t operand = generate(expr.target);
    const Op op = expr.presence_test ? Op::presence : expr.optional_select ? Op::select_optional : Op::select;
    return folded(add({.op = op, .a = operand, .b = key(expr.text)}));
  }

  std::uint32_t call(ExprId id) {
    const Expr& expr = ast_[id];
    if (expr.args.size() > kMaxElements) return too_large(expr);
    ResolvedFunction function;
    bool method = expr.target != kNoExpr;
    if (method && !local(root_name(ast_, expr.target))) {
      if (const auto scope = qualified_name(ast_, expr.target)) {
        function = names_.function(*scope + "." + expr.text);
        if (function) method = false;
      }
    }
    if (!function) function = names_.function((method ? "." : "") + expr.text);

    std::vector<std::uint32_t> args;
    if (method) args.push_back(generate(expr.target));
    for (const ExprId arg : expr.args) args.push_back(generate(arg));
    if (expr.text == "_&&_") return folded(with_children(Op::conjunction, args));
    if (expr.text == "_||_") return folded(with_children(Op::disjunction, args));
    if (expr.text == "_?_:_") return folded(with_children(Op::conditional, args));
    if (expr.text == "_==_") return folded(with_children(Op::equal, args));
    if (expr.text == "_!=_") return folded(with_children(Op::not_equal, args));
    if (expr.text == "@in") return folded(with_children(Op::contained, args));
    if (!function) return error(Fault::unknown_name, "unknown function");
    if (!function.accepts(method, args.size())) return error(Fault::no_such_overload, "no such overload");
    if (function.name == "or" || function.name == "orValue") {
      return folded(add({.op = function.name == "or" ? Op::optional_or : Op::optional_or_value,
                         .a = args[0],
                         .b = args[1]}));
    }
    if (function.name == "matches") {
      if (const auto compiled = pattern(expr, args)) return folded(*compiled);
    }
    if (function.standard == nullptr) return error(Fault::unknown_name, "the function has no implementation");
    return folded(with_children(Op::call, args, function.standard->call));
  }

  std::optional<std::uint32_t> pattern(const Expr& expr, std::span<const std::uint32_t> args) {
    if (!is_constant(args[1])) return std::nullopt;
    const Value& text = code_.constants[code_.nodes[args[1]].a];
    if (!text.is(Value::Kind::string)) return std::nullopt;
    auto compiled = Pattern::compile(text.text(), kPatternMemory);
    if (!compiled) {
      problems_.push_back(
          {ast_[expr.args.back()].offset,
           fmt::format("this is not a regular expression that RE2 accepts: {}", compiled.error())});
      return std::nullopt;
    }
    code_.patterns.push_back(*std::move(compiled));
    return add({.op = Op::matches, .a = args[0], .b = static_cast<std::uint32_t>(code_.patterns.size() - 1)});
  }

  std::uint32_t too_large(const Expr& expr) {
    problems_.push_back({expr.offset, fmt::format("more than {} elements", kMaxElements)});
    return error(Fault::cost, "too many elements");
  }

  std::uint32_t aggregate(const Expr& expr) {
    if (expr.args.size() > kMaxElements) return too_large(expr);
    const bool map = expr.kind == ExprKind::map;
    std::vector<std::uint32_t> children;
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      std::uint32_t child = generate(expr.args[i]);
      const bool optional = map ? i % 2 == 1 && expr.optional[i / 2] : expr.optional[i];
      if (optional) child = add({.op = Op::optional_element, .a = child});
      children.push_back(child);
    }
    return folded(with_children(map ? Op::map : Op::list, children));
  }

  std::uint32_t comprehension(const Expr& expr) {
    Node node{.op = Op::comprehension,
              .macro = expr.macro,
              .count = static_cast<std::uint16_t>(expr.variables.size())};
    node.a = generate(expr.target);
    const std::size_t before = locals_.size();
    node.b = static_cast<std::uint32_t>(before);
    for (const std::string& variable : expr.variables) declare(variable);
    if (expr.args.size() == 2 && expr.args[0] != kNoExpr) node.c = generate(expr.args[0]);
    node.d = generate(expr.args.back());
    locals_.resize(before);
    return add(node);
  }

  std::uint32_t bind(const Expr& expr) {
    Node node{.op = Op::bind};
    node.a = generate(expr.args[0]);
    node.b = declare(expr.variables[0]);
    node.c = generate(expr.args[1]);
    locals_.pop_back();
    return add(node);
  }

  std::uint32_t block(const Expr& expr) {
    if (expr.args.size() > kMaxElements) return too_large(expr);
    const std::size_t before = locals_.size();
    std::vector<std::string> names(expr.args.size());
    std::vector<std::uint32_t> children;
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      children.push_back(generate(expr.args[i]));
      if (i + 1 == expr.args.size()) break;
      names[i] = fmt::format("@index{}", i);
      declare(names[i]);
    }
    locals_.resize(before);
    const std::uint32_t made = with_children(Op::block, children);
    code_.nodes[made].b = static_cast<std::uint32_t>(before);
    return made;
  }

  const Ast& ast_;
  const Names& names_;
  Program::Code& code_;
  std::vector<Problem>& problems_;
  std::vector<std::string_view> locals_;
};

}  // namespace

void generate(const Ast& ast, const Names& names, Program::Code& code, std::vector<Problem>& problems) {
  Compiler(ast, names, code, problems).run();
}

}  // namespace gatehouse::cel
