#include "db/catalogue.h"

#include "db/connection_state.h"
#include "db/statement_check.h"
#include "db/statement_text.h"
#include "json/writer.h"

namespace gatehouse::db {

std::string ParameterName::text() const {
  std::string out;
  for (const std::string& name : path) {
    if (!out.empty()) out += '.';
    out += name;
  }
  return out;
}

FixedStatement::FixedStatement() = default;
FixedStatement::FixedStatement(FixedStatement&&) noexcept = default;
FixedStatement::~FixedStatement() = default;

const std::vector<Column>& FixedStatement::columns() const { return meaning_->columns; }
Effect FixedStatement::effect() const { return meaning_->effect; }
ParameterUse FixedStatement::use_of(std::size_t parameter) const {
  return meaning_->parameter_uses[parameter];
}
bool FixedStatement::searches() const { return meaning_->searches; }

StatementCatalogue::StatementCatalogue(Connection& database, CatalogueRules rules)
    : database_(&database), rules_(std::make_shared<const CatalogueRules>(std::move(rules))) {}

bool StatementCatalogue::is_utf8() const {
  auto rows = database_->query("PRAGMA encoding");
  if (!rows) return false;
  const auto there = rows->next();
  return there && *there && rows->text(0) == "UTF-8";
}

std::expected<const FixedStatement*, CatalogueProblem> StatementCatalogue::add(std::string_view text) {
  auto apart = take_apart(text);
  if (!apart) return std::unexpected(std::move(apart).error());
  auto meaning =
      check_statement(database_->state_->database.get(), apart->text, apart->parameters.size(), *rules_);
  if (!meaning) return std::unexpected(std::move(meaning).error());

  FixedStatement fixed;
  fixed.text_ = std::move(apart->text);
  fixed.parameters_ = std::move(apart->parameters);
  fixed.rules_ = rules_;
  for (const Column& column : meaning->columns) {
    std::string head;
    json::append_string(head, column.name);
    fixed.member_heads_.push_back(head + ":");
  }
  fixed.meaning_ = std::make_shared<const StatementMeaning>(*std::move(meaning));
  return &statements_.emplace_back(std::move(fixed));
}

}  // namespace gatehouse::db
