#include "cel/parser.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "cel/compile.h"
#include "cel/lexer.h"
#include "cel/text.h"
#include "cel/utf8.h"

namespace gatehouse::cel {
namespace {

constexpr std::string_view kReserved[] = {"as",        "break",  "const",  "continue", "else", "for",
                                          "function",  "if",     "import", "let",      "loop", "package",
                                          "namespace", "return", "var",    "void",     "while"};
constexpr std::string_view kKeywords[] = {"true", "false", "null", "in"};

bool contains(std::span<const std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Binary {
  std::string_view symbol;
  std::string_view function;
  int precedence;
};
constexpr Binary kBinary[] = {
    {"||", "_||_", 1}, {"&&", "_&&_", 2}, {"==", "_==_", 3}, {"!=", "_!=_", 3}, {"<", "_<_", 3},
    {"<=", "_<=_", 3}, {">", "_>_", 3},   {">=", "_>=_", 3}, {"in", "@in", 3},  {"+", "_+_", 4},
    {"-", "_-_", 4},   {"*", "_*_", 5},   {"/", "_/_", 5},   {"%", "_%_", 5},
};

class Parser {
 public:
  Parser(std::string_view text, Arena& arena) : lexer_(text, arena) {
    current_ = lexer_.next();
    following_ = lexer_.next();
  }

  std::expected<Ast, Problem> run() {
    ast_.root = expression();
    if (!failed_ && current_.kind != TokenKind::end) unexpected("an operator or the end");
    if (failed_) return std::unexpected(std::move(problem_));
    return std::move(ast_);
  }

 private:
  // After a problem every function returns quickly: the current token is the end from then on.
  ExprId fail(std::uint32_t offset, std::string message) {
    if (!failed_) problem_ = {offset, std::move(message)};
    failed_ = true;
    current_ = following_ = Token{};
    return 0;
  }
  ExprId unexpected(std::string_view wanted) {
    if (current_.kind == TokenKind::error) return fail(current_.offset, std::string(current_.text));
    const bool shown = current_.kind == TokenKind::symbol || current_.kind == TokenKind::name;
    // Operators of other languages.
    constexpr std::pair<std::string_view, std::string_view> kForeign[] = {
        {"or", "||"}, {"OR", "||"}, {"and", "&&"}, {"AND", "&&"}, {"is", "=="}, {"not", "!"}, {"NOT", "!"}};
    for (const auto& [word, symbol] : kForeign) {
      if (shown && current_.text == word)
        return fail(current_.offset, fmt::format("'{}' is not an operator; write '{}'", word, symbol));
    }
    return fail(current_.offset, fmt::format("expected {} but found {}", wanted,
                                             current_.kind == TokenKind::end ? "the end"
                                             : shown ? fmt::format("'{}'", current_.text)
                                                     : std::string("a literal")));
  }

  void advance() {
    current_ = following_;
    if (!failed_ && current_.kind != TokenKind::end) following_ = lexer_.next();
  }
  bool at(std::string_view symbol) const {
    return current_.kind == TokenKind::symbol && current_.text == symbol;
  }
  bool accept(std::string_view symbol) {
    if (!at(symbol)) return false;
    advance();
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) unexpected(fmt::format("'{}'", symbol));
  }

  ExprId add(Expr expr) {
    if (failed_) return 0;
    unsigned depth = 0;
    const auto consider = [&](ExprId id) {
      if (id != kNoExpr) depth = std::max<unsigned>(depth, ast_[id].depth);
    };
    consider(expr.target);
    for (const ExprId id : expr.args) consider(id);
    if (depth + 1 > kMaxDepth)
      return fail(expr.offset, fmt::format("the expression is nested deeper than {} levels", kMaxDepth));
    expr.depth = static_cast<std::uint16_t>(depth + 1);
    ast_.exprs.push_back(std::move(expr));
    return static_cast<ExprId>(ast_.exprs.size() - 1);
  }
  ExprId call(std::uint32_t offset, std::string_view function, std::vector<ExprId> args) {
    Expr expr{.kind = ExprKind::call, .offset = offset, .text = std::string(function)};
    expr.args = std::move(args);
    return add(std::move(expr));
  }
  ExprId literal(std::uint32_t offset, Value value) {
    return add({.kind = ExprKind::literal, .offset = offset, .value = value});
  }

  // Expr = ConditionalOr ["?" ConditionalOr ":" Expr]
  ExprId expression() {
    if (++nesting_ > kMaxDepth)
      return fail(current_.offset, fmt::format("the expression is nested deeper than {} levels", kMaxDepth));
    ExprId result = binary(1);
    const std::uint32_t offset = current_.offset;
    if (accept("?")) {
      const ExprId yes = binary(1);
      expect(":");
      const ExprId no = expression();
      result = call(offset, "_?_:_", {result, yes, no});
    }
    --nesting_;
    return result;
  }

  const Binary* operator_here(int minimum) const {
    for (const Binary& candidate : kBinary) {
      const bool word = candidate.symbol == "in";
      if (current_.kind == (word ? TokenKind::name : TokenKind::symbol) &&
          current_.text == candidate.symbol) {
        return candidate.precedence >= minimum ? &candidate : nullptr;
      }
    }
    return nullptr;
  }

  // All binary operators are left-associative; a run of && or of || becomes one call.
  ExprId binary(int minimum) {
    ExprId left = unary();
    while (const Binary* const found = operator_here(minimum)) {
      const std::uint32_t offset = current_.offset;
      advance();
      const ExprId right = binary(found->precedence + 1);
      if (failed_) return 0;
      if (found->precedence > 2) {
        left = call(offset, found->function, {left, right});
        continue;
      }
      std::vector<ExprId> terms{left, right};
      while (!failed_ && accept(found->symbol)) terms.push_back(binary(found->precedence + 1));
      left = call(offset, found->function, std::move(terms));
    }
    return left;
  }

  ExprId unary() {
    const std::uint32_t offset = current_.offset;
    if (at("!") || at("-")) {
      const bool negation = at("-");
      const bool number = following_.kind == TokenKind::integer || following_.kind == TokenKind::number;
      if (negation && number) return postfix();
      if (++nesting_ > kMaxDepth)
        return fail(offset, fmt::format("the expression is nested deeper than {} levels", kMaxDepth));
      advance();
      const ExprId operand = unary();
      --nesting_;
      return call(offset, negation ? "-_" : "!_", {operand});
    }
    return postfix();
  }

  ExprId postfix() {
    ExprId result = primary();
    while (!failed_) {
      const std::uint32_t offset = current_.offset;
      if (accept(".")) {
        result = selection(offset, result);
      } else if (accept("[")) {
        const bool optional = accept("?");
        const ExprId index = expression();
        expect("]");
        result = call(offset, optional ? "_[?_]" : "_[_]", {result, index});
      } else if (at("{") && is_type_name(result)) {
        result = message(result);
      } else {
        break;
      }
    }
    return result;
  }

  bool is_type_name(ExprId id) const {
    const Expr& expr = ast_[id];
    if (expr.kind == ExprKind::name) return true;
    return expr.kind == ExprKind::select && !expr.presence_test && !expr.optional_select &&
           is_type_name(expr.target);
  }
  std::string qualified(ExprId id) const {
    const Expr& expr = ast_[id];
    if (expr.kind == ExprKind::name) return (expr.absolute ? "." : "") + expr.text;
    return qualified(expr.target) + "." + expr.text;
  }

  ExprId selection(std::uint32_t offset, ExprId operand) {
    const bool optional = accept("?");
    const bool word = current_.kind == TokenKind::name && !contains(kKeywords, current_.text);
    if (!word && current_.kind != TokenKind::quoted_name) return unexpected("the name of a member");
    const Token name = current_;
    advance();
    if (word && !optional && at("(")) {
      const std::uint32_t call_offset = current_.offset;
      return function_call(call_offset, name.text, operand);
    }
    Expr expr{.kind = ExprKind::select,
              .optional_select = optional,
              .offset = offset,
              .text = std::string(name.text)};
    expr.target = operand;
    return add(std::move(expr));
  }

  ExprId function_call(std::uint32_t offset, std::string_view name, ExprId target) {
    advance();
    std::vector<ExprId> args;
    while (!failed_ && !at(")")) {
      args.push_back(expression());
      if (!accept(",")) break;
      if (at(")")) return unexpected("an argument");
    }
    expect(")");
    if (failed_) return 0;
    auto expanded = expand_macro(ast_, offset, name, target, args);
    if (!expanded) return fail(expanded.error().offset, std::move(expanded.error().message));
    if (*expanded != kNoExpr) {
      Expr made = std::move(ast_.exprs.back());  // gets its depth from add()
      ast_.exprs.pop_back();
      return add(std::move(made));
    }
    Expr expr{.kind = ExprKind::call, .offset = offset, .text = std::string(name)};
    expr.target = target;
    expr.args = std::move(args);
    return add(std::move(expr));
  }

  ExprId primary() {
    const Token token = current_;
    switch (token.kind) {
      case TokenKind::string: advance(); return literal(token.offset, Value::string(token.text));
      case TokenKind::bytes: advance(); return literal(token.offset, Value::bytes(token.text));
      case TokenKind::integer:
      case TokenKind::unsigned_integer:
      case TokenKind::number: return number(false);
      case TokenKind::name: return name(false);
      case TokenKind::symbol: break;
      default: return unexpected("an expression");
    }
    if (accept("-")) return number(true);
    if (accept("(")) {
      const ExprId inner = expression();
      expect(")");
      return inner;
    }
    if (accept("[")) return list(token.offset);
    if (accept("{")) return map(token.offset);
    if (accept(".")) {
      if (current_.kind != TokenKind::name) return unexpected("a name");
      return name(true);
    }
    return unexpected("an expression");
  }

  ExprId number(bool negative) {
    const Token token = current_;
    advance();
    const std::string text = (negative ? "-" : "") + std::string(token.text);
    if (token.kind == TokenKind::number) {
      const auto value = parse_double(text);
      if (!value || std::isinf(*value)) return fail(token.offset, "this number does not fit a double");
      return literal(token.offset, Value::number(*value));
    }
    const bool hex = token.text.starts_with("0x") || token.text.starts_with("0X");
    const std::string digits = (negative ? "-" : "") + std::string(token.text.substr(hex ? 2 : 0));
    const char* const digits_end = digits.data() + digits.size();
    if (token.kind == TokenKind::unsigned_integer) {
      std::uint64_t value = 0;
      const auto [stop, error] = std::from_chars(digits.data(), digits_end, value, hex ? 16 : 10);
      if (error != std::errc()) return fail(token.offset, "this number does not fit a uint (64 bits)");
      return literal(token.offset, Value::unsigned_integer(value));
    }
    std::int64_t value = 0;
    const auto [stop, error] = std::from_chars(digits.data(), digits_end, value, hex ? 16 : 10);
    if (error != std::errc()) return fail(token.offset, "this number does not fit an int (64 bits)");
    return literal(token.offset, Value::integer(value));
  }

  ExprId name(bool absolute) {
    const Token token = current_;
    advance();
    if (!absolute && token.text == "true") return literal(token.offset, Value::boolean(true));
    if (!absolute && token.text == "false") return literal(token.offset, Value::boolean(false));
    if (!absolute && token.text == "null") return literal(token.offset, Value::null());
    if (contains(kReserved, token.text) || contains(kKeywords, token.text)) {
      return fail(token.offset, fmt::format("'{}' is a reserved word and cannot be a name", token.text));
    }
    if (at("(")) {
      const std::uint32_t offset = current_.offset;
      return function_call(offset, absolute ? "." + std::string(token.text) : std::string(token.text),
                           kNoExpr);
    }
    return add({.kind = ExprKind::name,
                .absolute = absolute,
                .offset = token.offset,
                .text = std::string(token.text)});
  }

  ExprId list(std::uint32_t offset) {
    Expr expr{.kind = ExprKind::list, .offset = offset};
    while (!failed_ && !at("]")) {
      expr.optional.push_back(accept("?"));
      expr.args.push_back(expression());
      if (!accept(",")) break;
    }
    expect("]");
    return add(std::move(expr));
  }

  ExprId map(std::uint32_t offset) {
    Expr expr{.kind = ExprKind::map, .offset = offset};
    while (!failed_ && !at("}")) {
      expr.optional.push_back(accept("?"));
      expr.args.push_back(expression());
      expect(":");
      expr.args.push_back(expression());
      if (!accept(",")) break;
    }
    expect("}");
    return add(std::move(expr));
  }

  ExprId message(ExprId type) {
    Expr expr{.kind = ExprKind::message, .offset = current_.offset, .text = qualified(type)};
    advance();
    while (!failed_ && !at("}")) {
      expr.optional.push_back(accept("?"));
      if (current_.kind != TokenKind::name && current_.kind != TokenKind::quoted_name)
        return unexpected("a field's name");
      expr.variables.emplace_back(current_.text);
      advance();
      expect(":");
      expr.args.push_back(expression());
      if (!accept(",")) break;
    }
    expect("}");
    return add(std::move(expr));
  }

  Lexer lexer_;
  Token current_;
  Token following_;
  Ast ast_;
  unsigned nesting_ = 0;
  bool failed_ = false;
  Problem problem_;
};

}  // namespace

std::expected<Ast, Problem> parse(std::string_view text, Arena& arena) {
  if (text.size() > kMaxTextSize) return std::unexpected(Problem{0, "the expression is longer than 64 KiB"});
  if (!valid_utf8(text)) return std::unexpected(Problem{0, "the expression is not UTF-8"});
  return Parser(text, arena).run();
}

}  // namespace gatehouse::cel
