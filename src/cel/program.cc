#include "cel/program.h"

#include <utility>

#include "cel/checker.h"
#include "cel/compile.h"
#include "cel/compiler.h"
#include "cel/evaluator.h"
#include "cel/parser.h"

namespace gatehouse::cel {

Program::Program(std::unique_ptr<const Code> code) : code_(std::move(code)) {}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

const Type& Program::result_type() const { return code_->result; }
const std::string& Program::text() const { return code_->text; }
const std::vector<Slot>& Program::slots() const { return code_->slots; }

Evaluated Program::evaluate(const Activation& activation, Scratch& scratch) const {
  scratch.arena_.reset();
  if (scratch.locals_.size() < code_->locals) scratch.locals_.resize(code_->locals);
  Run run(scratch.arena_, scratch.limits_.cost);
  Value value = Evaluator(*code_, activation, run, scratch.locals_).evaluate(code_->root);
  if (run.exhausted()) value = run.exhaustion();
  if (value.is_error()) return std::unexpected(Failure{value.fault(), value.text()});
  return value;
}

std::expected<Program, std::vector<Problem>> compile(std::string_view text, const Environment& environment,
                                                     const Type& expected, Checking checking) {
  auto code = std::make_unique<Program::Code>();
  code->text = text;
  const auto ast = parse(code->text, code->arena);
  if (!ast) return std::unexpected(std::vector{ast.error()});
  const Names names(environment);
  std::vector<Problem> problems;
  if (checking == Checking::strict) code->result = check(*ast, names, expected, problems);
  if (problems.empty()) generate(*ast, names, *code, problems);
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return Program(std::move(code));
}

}  // namespace gatehouse::cel
