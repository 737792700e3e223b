#include "cel/split.h"

#include <algorithm>
#include <memory>

#include "cel/checker.h"
#include "cel/code.h"
#include "cel/compile.h"
#include "cel/compiler.h"
#include "cel/parser.h"

namespace gatehouse::cel {
namespace {

using QuestionKind = Question::Kind;

class Splitter {
 public:
  Splitter(std::string_view text, const Environment& environment, std::string_view variable)
      : text_(text),
        names_(environment),
        variable_(variable),
        slot_(environment.find(variable)),
        arena_(Program::Code::kMemory) {}

  std::optional<Split> run() {
    auto ast = parse(text_, arena_);
    if (!ast || !slot_) return std::nullopt;
    ast_ = *std::move(ast);
    auto question = truth(ast_.root);
    if (!question) return std::nullopt;
    return Split{*std::move(question), std::move(values_)};
  }

 private:
  // A part of the expression as a program of its own. Parts are whole operands of operators, never of a
  // macro's body, so that none of them names a macro's variable.
  std::optional<Program> part(ExprId id) const {
    auto code = std::make_unique<Program::Code>();
    code->text = text_;
    auto ast = parse(code->text,
                     code->arena);  // the same text has the same tree; its literals live with this program
    if (!ast) return std::nullopt;
    ast->root = id;
    std::vector<Problem> problems;
    code->result = check(*ast, names_, Type::dyn(), problems);
    if (problems.empty()) generate(*ast, names_, *code, problems);
    if (!problems.empty()) return std::nullopt;
    return Program(std::move(code));
  }

  // The index of a part that does not ask for the variable; nothing for one that does.
  std::optional<std::size_t> value(ExprId id, bool (*fits)(const Type&)) {
    auto program = part(id);
    if (!program || std::ranges::binary_search(program->slots(), *slot_)) return std::nullopt;
    if (!fits(program->result_type())) return std::nullopt;
    values_.push_back(*std::move(program));
    return values_.size() - 1;
  }
  static bool is_scalar(const Type& type) { return !type.is(Type::Kind::unsigned_integer); }
  static bool is_truth(const Type& type) { return type.is(Type::Kind::boolean) || type.is(Type::Kind::dyn); }
  static bool is_strings(const Type& type) {
    return type.is(Type::Kind::list) && type.parameters()[0].is(Type::Kind::string);
  }

  std::optional<Operand> operand(ExprId id) {
    const Expr& expr = ast_[id];
    if (expr.kind == ExprKind::select && !expr.presence_test && !expr.optional_select) {
      const Expr& target = ast_[expr.target];
      if (target.kind == ExprKind::name && !target.absolute && target.text == variable_)
        return Operand{expr.text};
    }
    const auto index = value(id, is_scalar);
    if (!index) return std::nullopt;
    return Operand{{}, *index};
  }

  std::optional<Question> truth(ExprId id) {
    if (const auto index = value(id, is_truth)) return Question{QuestionKind::value, {}, Operand{{}, *index}};
    const Expr& expr = ast_[id];
    if (expr.kind != ExprKind::call || expr.target != kNoExpr) return std::nullopt;
    if (expr.text == "_&&_") return joined(QuestionKind::all, expr);
    if (expr.text == "_||_") return joined(QuestionKind::any, expr);
    if (expr.text == "!_") return joined(QuestionKind::negation, expr);
    if (expr.args.size() != 2) return std::nullopt;
    const auto [first, second] = std::pair(expr.args[0], expr.args[1]);
    if (expr.text == "_==_") return compared(QuestionKind::equal, first, second);
    if (expr.text == "_!=_") return negated(compared(QuestionKind::equal, first, second));
    if (expr.text == "_<_") return compared(QuestionKind::less, first, second);
    if (expr.text == "_<=_") return compared(QuestionKind::less_or_equal, first, second);
    if (expr.text == "_>_") return compared(QuestionKind::less, second, first);
    if (expr.text == "_>=_") return compared(QuestionKind::less_or_equal, second, first);
    if (expr.text == "@in") return contained(first, second);
    return std::nullopt;
  }

  std::optional<Question> joined(QuestionKind kind, const Expr& expr) {
    Question question{kind};
    for (const ExprId id : expr.args) {
      auto next = truth(id);
      if (!next) return std::nullopt;
      question.parts.push_back(*std::move(next));
    }
    return question;
  }

  static std::optional<Question> negated(std::optional<Question> question) {
    if (!question) return std::nullopt;
    Question result{QuestionKind::negation};
    result.parts.push_back(*std::move(question));
    return result;
  }

  std::optional<Question> compared(QuestionKind kind, ExprId first, ExprId second) {
    auto left = operand(first);
    auto right = operand(second);
    if (!left || !right) return std::nullopt;
    return Question{kind, {}, *std::move(left), *std::move(right)};
  }

  std::optional<Question> contained(ExprId item, ExprId list) {
    const auto left = operand(item);
    if (!left || !left->is_member()) return std::nullopt;
    if (const auto index = value(list, is_strings))
      return Question{QuestionKind::contained, {}, *left, Operand{{}, *index}};
    // Elements of other types, where they are written one by one.
    const Expr& expr = ast_[list];
    if (expr.kind != ExprKind::list || expr.args.empty() ||
        std::ranges::find(expr.optional, true) != expr.optional.end()) {
      return std::nullopt;
    }
    Question question{QuestionKind::any};
    for (const ExprId id : expr.args) {
      // An element that may fail would fail the whole list: only literals cannot.
      if (ast_[id].kind != ExprKind::literal) return std::nullopt;
      const auto index = value(id, is_scalar);
      if (!index) return std::nullopt;
      question.parts.push_back({QuestionKind::equal, {}, *left, Operand{{}, *index}});
    }
    return question;
  }

  std::string_view text_;
  Names names_;
  std::string_view variable_;
  std::optional<Slot> slot_;
  Arena arena_;
  Ast ast_;
  std::vector<Program> values_;
};

}  // namespace

std::optional<Split> split(std::string_view text, const Environment& environment, std::string_view variable) {
  return Splitter(text, environment, variable).run();
}

}  // namespace gatehouse::cel
