#include "policy/guard.h"

#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "cel/split.h"

namespace gatehouse::policy {
namespace {

using QuestionKind = cel::Question::Kind;

// A value that SQL cannot represent is bound as a blob; no compared column holds a blob.
constexpr GuardMark kError{""};
constexpr GuardMark kNotANumber{std::string_view("\0", 1)};
constexpr GuardMark kOtherKind{std::string_view("\1", 1)};

constexpr std::string_view kIsNumber = "IN ('integer', 'real')";

// One side of a comparison.
struct Side {
  std::string sql;  // without affinity
  std::string bad;  // true where the value is an error to CEL
  bool is_value = false;
};

class Writer {
 public:
  Writer(cel::Split split, const cel::Type& resource, std::string_view row, std::vector<GuardProgram>& values)
      : split_(std::move(split)), resource_(resource), row_(row), values_(values), first_(values.size()) {}

  std::optional<std::string> run() {
    for (cel::Program& program : split_.values)
      values_.push_back({std::move(program), GuardProgram::Use::scalar});
    write(split_.question);
    if (failed_) {
      values_.erase(values_.begin() + static_cast<std::ptrdiff_t>(first_), values_.end());
      return std::nullopt;
    }
    return std::move(out_);
  }

 private:
  void write(const cel::Question& question) {
    switch (question.kind) {
      case QuestionKind::all: return join(question, " AND ", "1");
      case QuestionKind::any: return join(question, " OR ", "0");
      case QuestionKind::negation:
        out_ += "(NOT ";
        write(question.parts[0]);
        out_ += ')';
        return;
      case QuestionKind::value:
        values_[first_ + question.left.value].use = GuardProgram::Use::truth;
        out_ += parameter(question.left.value);
        return;
      case QuestionKind::contained: return contained(question);
      case QuestionKind::equal: return equal(side(question.left), side(question.right));
      case QuestionKind::less: return ordered(side(question.left), "<", side(question.right));
      case QuestionKind::less_or_equal: return ordered(side(question.left), "<=", side(question.right));
    }
  }

  void join(const cel::Question& question, std::string_view with, std::string_view empty) {
    if (question.parts.empty()) {
      out_ += empty;
      return;
    }
    out_ += '(';
    for (std::size_t i = 0; i < question.parts.size(); ++i) {
      if (i > 0) out_ += with;
      write(question.parts[i]);
    }
    out_ += ')';
  }

  std::string parameter(std::size_t value) const { return fmt::format(":guard.v{}", first_ + value); }

  Side side(const cel::Operand& operand) {
    if (!operand.is_member()) {
      const std::string sql = parameter(operand.value);
      return {sql, fmt::format("{} = X''", sql), true};
    }
    return column(operand.member);
  }

  Side column(const std::string& name) {
    std::string quoted = fmt::format("{}.\"", row_);
    for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
    quoted += '"';
    const cel::Type* type = resource_.field(name);
    if (type == nullptr) return fail();
    const cel::Type inner = type->is(cel::Type::Kind::wrapper) ? type->parameters()[0] : *type;
    // JSON has no infinity: a lookup that finds it fails.
    const std::string infinite = fmt::format("abs(CAST({} AS REAL)) > 1.7976931348623157e308", quoted);
    switch (inner.kind()) {
      case cel::Type::Kind::integer:
        // A whole real is an integer to CEL, as in JSON.
        return {fmt::format("(+CASE typeof({0}) WHEN 'real' THEN CAST({0} AS INTEGER) ELSE {0} END)", quoted),
                fmt::format("(typeof({0}) NOT IN ('integer', 'null') AND (typeof({0}) <> 'real' OR {0} <> "
                            "CAST({0} AS INTEGER)))",
                            quoted)};
      case cel::Type::Kind::string:
        return {"(+" + quoted + ")", fmt::format("typeof({}) NOT IN ('text', 'null')", quoted)};
      case cel::Type::Kind::number:
        return {fmt::format("(+CAST({} AS REAL))", quoted),
                fmt::format("typeof({0}) NOT IN ('integer', 'real', 'null') OR {1}", quoted, infinite)};
      case cel::Type::Kind::dyn:
        return {"(+" + quoted + ")",
                fmt::format("typeof({0}) = 'blob' OR (typeof({0}) = 'real' AND {1})", quoted, infinite)};
      default: return fail();
    }
  }

  Side fail() {
    failed_ = true;
    return {};
  }

  void equal(const Side& left, const Side& right) {
    out_ += fmt::format("CASE WHEN {} OR {} THEN NULL", left.bad, right.bad);
    // The marks that are not errors are equal to nothing.
    for (const Side* side : {&left, &right}) {
      if (side->is_value) out_ += fmt::format(" WHEN typeof({}) = 'blob' THEN 0", side->sql);
    }
    as_doubles(left, "=", right);
    out_ += fmt::format(" ELSE {} IS {} COLLATE BINARY END", left.sql, right.sql);
  }

  void ordered(const Side& left, std::string_view relation, const Side& right) {
    out_ += fmt::format("CASE WHEN {} OR {} THEN NULL", left.bad, right.bad);
    not_a_number(left, right);
    not_a_number(right, left);
    as_doubles(left, relation, right);
    out_ += fmt::format(
        " WHEN (typeof({0}) {3} AND typeof({2}) {3}) OR (typeof({0}) = 'text' AND typeof({2}) = 'text')"
        " THEN {0} {1} {2} COLLATE BINARY ELSE NULL END",
        left.sql, relation, right.sql, kIsNumber);
  }

  void not_a_number(const Side& value, const Side& other) {
    if (!value.is_value) return;
    out_ += fmt::format(" WHEN {} = X'00' THEN CASE WHEN typeof({}) {} THEN 0 END", value.sql, other.sql,
                        kIsNumber);
  }

  void as_doubles(const Side& left, std::string_view relation, const Side& right) {
    out_ += fmt::format(
        " WHEN typeof({0}) = 'integer' AND typeof({2}) = 'real' THEN CAST({0} AS REAL) {1} {2}"
        " WHEN typeof({0}) = 'real' AND typeof({2}) = 'integer' THEN {0} {1} CAST({2} AS REAL)",
        left.sql, relation, right.sql);
  }

  void contained(const cel::Question& question) {
    values_[first_ + question.right.value].use = GuardProgram::Use::strings;
    const Side item = side(question.left);
    const std::string list = parameter(question.right.value);
    out_ += fmt::format(
        "CASE WHEN {0} OR {1} = X'' THEN NULL WHEN typeof({2}) = 'text' THEN instr({1}, ',' || hex({2}) || "
        "',') > 0 ELSE 0 END",
        item.bad, list, item.sql);
  }

  cel::Split split_;
  const cel::Type& resource_;
  std::string_view row_;
  std::vector<GuardProgram>& values_;
  std::size_t first_;
  std::string out_;
  bool failed_ = false;
};

GuardValue scalar(const cel::Value& value) {
  using Of = cel::Value::Kind;
  switch (value.kind()) {
    case Of::null: return std::monostate{};
    case Of::integer: return value.integer();
    case Of::unsigned_integer:
      if (value.unsigned_integer() > std::numeric_limits<std::int64_t>::max()) return kError;
      return static_cast<std::int64_t>(value.unsigned_integer());
    case Of::number:
      if (std::isnan(value.number())) return kNotANumber;
      return value.number();
    case Of::string: return std::string(value.text());
    default: return kOtherKind;
  }
}

GuardValue strings(const cel::Value& value) {
  if (!value.is(cel::Value::Kind::list)) return kError;
  std::string out = ",";
  for (cel::Cursor cursor(value); cursor.next();) {
    const cel::Value item = cursor.value();
    if (!item.is(cel::Value::Kind::string)) return kError;
    for (const char c : item.text())
      fmt::format_to(std::back_inserter(out), "{:02X}", static_cast<unsigned char>(c));
    out += ',';
  }
  return out;
}

// Text that must not stand before the closing bracket around a statement.
std::string_view without_end(std::string_view statement) {
  while (!statement.empty() &&
         std::string_view(" \t\r\n\f;").find(statement.back()) != std::string_view::npos) {
    statement.remove_suffix(1);
  }
  return statement;
}

}  // namespace

std::optional<std::string> guard_sql(cel::Split split, const cel::Type& resource, std::string_view row,
                                     std::vector<GuardProgram>& values) {
  return Writer(std::move(split), resource, row, values).run();
}

GuardValue guard_value(const cel::Evaluated& outcome, GuardProgram::Use use) {
  switch (use) {
    case GuardProgram::Use::truth:
      if (!outcome || !outcome->is(cel::Value::Kind::boolean)) return std::monostate{};
      return std::int64_t{outcome->boolean() ? 1 : 0};
    case GuardProgram::Use::scalar: return outcome ? scalar(*outcome) : kError;
    case GuardProgram::Use::strings: return outcome ? strings(*outcome) : kError;
  }
  return kError;
}

// A LIMIT is computed before the first row is looked for, and a WHERE perhaps after it: if the guard is
// false, the statement must not run, because its time and its errors would reveal the object. Newlines end a
// comment at the end of a statement.
std::string guarded_statement(std::string_view statement, std::string_view lookup,
                              std::string_view condition) {
  return fmt::format(
      "SELECT * FROM ({}\n) LIMIT CASE WHEN EXISTS (SELECT 1 FROM (SELECT * FROM ({}\n) LIMIT 1) AS {} WHERE "
      "{}) THEN -1 ELSE 0 END",
      without_end(statement), without_end(lookup), kGuardRow, condition);
}

}  // namespace gatehouse::policy
