#include "db/catalogue.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "db/bytecode.h"
#include "db/connection_state.h"
#include "db/statement_text.h"
#include "json/writer.h"

namespace gatehouse::db {

namespace {

// What SQLite asks leave for while it compiles a statement (sqlite3_set_authorizer).
struct Guard {
  std::string_view reserved_prefix;
  std::string refused;  // why, for the problem's text

  static int ask(void* self, int action, const char* first, const char* second, const char*, const char*) {
    auto& guard = *static_cast<Guard*>(self);
    const std::string_view what = first == nullptr ? "" : first;
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_RECURSIVE: return SQLITE_OK;
      case SQLITE_READ:
      case SQLITE_INSERT:
      case SQLITE_UPDATE:
      case SQLITE_DELETE: return guard.table(what);
      case SQLITE_FUNCTION: return guard.function(second == nullptr ? "" : second);
      default: guard.refused = "it may only read rows or insert, update or delete them"; return SQLITE_DENY;
    }
  }

  int table(std::string_view name) {
    for (const std::string_view denied :
         {std::string_view("sqlite_"), std::string_view("pragma_"), std::string_view("dbstat"),
          std::string_view("schema_versions"), reserved_prefix}) {
      if (!denied.empty() && equal_ignoring_case(name.substr(0, denied.size()), denied)) {
        refused = fmt::format("the table {} is not for statements of the configuration", name);
        return SQLITE_DENY;
      }
    }
    return SQLITE_OK;
  }

  int function(std::string_view name) {
    for (const std::string_view denied :
         {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}) {
      if (equal_ignoring_case(name, denied)) {
        refused = fmt::format("the function {} is not for statements of the configuration", name);
        return SQLITE_DENY;
      }
    }
    return SQLITE_OK;
  }
};

std::unexpected<CatalogueProblem> problem(std::size_t offset, std::string what) {
  return std::unexpected(CatalogueProblem{offset, std::move(what)});
}

// Who could write the database's file wrote its schema. So triggers and views reach no virtual table and no
// function with effects (trusted_schema is off), which SQLite says in few words.
std::string explained(std::string message) {
  if (!message.starts_with("unsafe use of ")) return message;
  return message +
         ": a trigger or a view has it, and the database's schema is not trusted with that. Name it in the "
         "statement "
         "itself. Where a trigger fills a search table, drop the trigger and fill the table by a statement "
         "of its own, "
         "or leave this change to the program that owns the database";
}

}  // namespace

std::string ParameterName::text() const {
  std::string out;
  for (const std::string& name : path) {
    if (!out.empty()) out += '.';
    out += name;
  }
  return out;
}

Catalogue::Catalogue(Connection& database, CatalogueRules rules)
    : database_(&database), rules_(std::move(rules)) {}

bool Catalogue::is_utf8() const {
  auto rows = database_->query("PRAGMA encoding");
  if (!rows) return false;
  const auto there = rows->next();
  return there && *there && rows->text(0) == "UTF-8";
}

std::expected<const FixedStatement*, CatalogueProblem> Catalogue::add(std::string_view text) {
  auto apart = take_apart(text);
  if (!apart) return std::unexpected(std::move(apart).error());
  sqlite3* database = database_->state_->database.get();

  // A connection meets a virtual table (a full-text search) by its first statement over it, and that looks to
  // a Guard like a wish to read the schema. So the statement is compiled once before there is a Guard; its
  // first word has been checked, and nothing of it runs.
  static_cast<void>(prepare(database, apart->text));
  Guard guard{.reserved_prefix = rules_.reserved_prefix, .refused = {}};
  sqlite3_set_authorizer(database, &Guard::ask, &guard);
  auto prepared = prepare(database, apart->text);
  const int offset = sqlite3_error_offset(database);
  const std::string message = sqlite3_errmsg(database);
  sqlite3_set_authorizer(database, nullptr, nullptr);

  if (!prepared) {
    if (!guard.refused.empty()) return problem(0, std::move(guard.refused));
    return problem(offset < 0 ? 0 : static_cast<std::size_t>(offset), explained(message));
  }
  sqlite3_stmt* statement = prepared->get();
  if (statement == nullptr) return problem(0, "there is no statement here");
  if (sqlite3_stmt_isexplain(statement) != 0)
    return problem(0, "EXPLAIN is not for statements of the configuration");

  FixedStatement fixed;
  fixed.text_ = std::move(apart->text);
  fixed.parameters_ = std::move(apart->parameters);
  ProgramFacts facts = facts_of_program(database, fixed.text_, fixed.parameters_.size());
  fixed.numeric_ = std::move(facts.compared_as_numbers);
  fixed.searches_ = facts.searches;
  fixed.effect_ = sqlite3_stmt_readonly(statement) != 0 ? Effect::reads : Effect::writes;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const char* type = sqlite3_column_decltype(statement, i);
    Column column{sqlite3_column_name(statement, i), type == nullptr ? "" : type};
    // By SQLite's rules: where a condition is part of a statement, the two would be one name there.
    const auto other = std::ranges::find_if(
        fixed.columns_, [&](const Column& one) { return equal_ignoring_case(one.name, column.name); });
    if (other != fixed.columns_.end()) {
      return problem(
          0, other->name == column.name
                 ? fmt::format("two columns are called {}: name one of them with AS", column.name)
                 : fmt::format("the columns {} and {} are one name to SQLite, which ignores case: name "
                               "one of them with AS",
                               other->name, column.name));
    }
    std::string head;
    json::append_string(head, column.name);
    fixed.member_heads_.push_back(head + ":");
    fixed.columns_.push_back(std::move(column));
  }
  return &statements_.emplace_back(std::move(fixed));
}

}  // namespace gatehouse::db
