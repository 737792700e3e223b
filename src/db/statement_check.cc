#include "db/statement_check.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "db/bytecode.h"

namespace gatehouse::db {

namespace {

// The questions of SQLite while it compiles a statement (sqlite3_set_authorizer).
struct Guard {
  std::string_view reserved_prefix;
  std::string refused = {};  // why, for the problem's text
  std::set<std::string> uses = {};
  std::set<std::string> names = {};  // of the tables, views and triggers

  static int ask(void* self, int action, const char* first, const char* second, const char*,
                 const char* within) {
    const auto text = [](const char* from) { return std::string_view(from == nullptr ? "" : from); };
    return static_cast<Guard*>(self)->answer(action, text(first), text(second), text(within));
  }

  int answer(int action, std::string_view first, std::string_view second, std::string_view within) {
    if (!within.empty()) names.emplace(within);
    switch (action) {
      case SQLITE_SELECT:
      case SQLITE_RECURSIVE: return SQLITE_OK;
      case SQLITE_READ:
      case SQLITE_INSERT:
      case SQLITE_UPDATE:
      case SQLITE_DELETE:
        uses.insert(fmt::format("{} {}.{} {}", action, first, second, within));
        names.emplace(first);
        return table(first);
      case SQLITE_FUNCTION: return function(second);
      default: refused = "a statement may only read, insert, update or delete rows"; return SQLITE_DENY;
    }
  }

  int table(std::string_view name) {
    for (const std::string_view denied :
         {std::string_view("sqlite_"), std::string_view("pragma_"), std::string_view("dbstat"),
          std::string_view("schema_versions"), reserved_prefix}) {
      if (!denied.empty() && equal_ignoring_case(name.substr(0, denied.size()), denied)) {
        refused = fmt::format("the table {} cannot be used in statements of the configuration", name);
        return SQLITE_DENY;
      }
    }
    return SQLITE_OK;
  }

  int function(std::string_view name) {
    if (equal_ignoring_case(name, "snippet")) {
      refused =
          "the function snippet takes time that is the square of the number of matching words, minutes for a "
          "long text of a caller, and cannot be interrupted: use highlight";
      return SQLITE_DENY;
    }
    for (const std::string_view denied :
         {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit"}) {
      if (equal_ignoring_case(name, denied)) {
        refused = fmt::format("the function {} cannot be used in statements of the configuration", name);
        return SQLITE_DENY;
      }
    }
    return SQLITE_OK;
  }
};

std::unexpected<CatalogueProblem> problem(std::size_t offset, std::string what) {
  return std::unexpected(CatalogueProblem{offset, std::move(what)});
}

// Everyone who can write the database's file can write its schema. So triggers and views reach no virtual
// table and no function with effects (trusted_schema is off); SQLite's message about it is short.
std::string explained(std::string message) {
  if (message.starts_with("no such module: ")) {
    return message +
           ": statements of the configuration can use search tables of FTS5, json_each and json_tree, and no "
           "other virtual table. For a full-text search use FTS5";
  }
  if (!message.starts_with("unsafe use of ")) return message;
  return message +
         ": a trigger or a view uses it, and the schema of the database is not trusted with virtual tables. "
         "Name it in the statement itself. If a trigger fills a search table, drop the trigger and fill the "
         "table by a statement of its own, or leave this change to the program that owns the database";
}

// The texts in the first column that a query about `name` gives.
std::vector<std::string> texts(sqlite3* database, std::string_view query, const std::string& name) {
  std::vector<std::string> found;
  const auto prepared = prepare(database, query);
  if (!prepared) return found;
  sqlite3_stmt* const rows = prepared->get();
  bind(rows, 1, Parameter(name), SQLITE_STATIC);
  while (sqlite3_step(rows) == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(rows, 0));
    found.emplace_back(text == nullptr ? "" : text);
  }
  return found;
}

std::vector<std::string> definition_of(sqlite3* database, const std::string& name) {
  return texts(database,
               "SELECT sql FROM sqlite_schema WHERE (name = ?1 COLLATE NOCASE AND type <> 'index') OR "
               "(tbl_name = ?1 COLLATE NOCASE AND type = 'index' AND sql LIKE 'CREATE UNIQUE%') "
               "ORDER BY type, name",
               name);
}

// By SQLite's rules: where a condition is part of a statement, the two would be one name there.
std::optional<std::string> same_name(const std::vector<Column>& columns, const Column& column) {
  const auto other = std::ranges::find_if(
      columns, [&](const Column& one) { return equal_ignoring_case(one.name, column.name); });
  if (other == columns.end()) return std::nullopt;
  if (other->name == column.name)
    return fmt::format("two columns are called {}: name one of them with AS", column.name);
  return fmt::format(
      "SQLite ignores case, so the columns {} and {} have the same name: name one of them with AS",
      other->name, column.name);
}

}  // namespace

std::expected<StatementMeaning, CatalogueProblem> check_statement(sqlite3* database, std::string_view text,
                                                                  std::size_t parameters,
                                                                  const CatalogueRules& rules) {
  // SQLite compiles against the schema as the connection last saw it; a step looks whether that is still so.
  if (const auto looking = prepare(database, "SELECT 1 FROM sqlite_schema")) sqlite3_step(looking->get());
  // A connection meets a virtual table (a full-text search) by its first statement over it, and that looks to
  // a Guard like a wish to read the schema. So the statement is compiled once before there is a Guard; its
  // first word has been checked, and nothing of it runs.
  static_cast<void>(prepare(database, text));
  Guard guard{.reserved_prefix = rules.reserved_prefix};
  sqlite3_set_authorizer(database, &Guard::ask, &guard);
  auto prepared = prepare(database, text);
  const int offset = sqlite3_error_offset(database);
  const std::string message = sqlite3_errmsg(database);
  sqlite3_set_authorizer(database, nullptr, nullptr);

  if (!prepared) {
    if (!guard.refused.empty()) return problem(0, std::move(guard.refused));
    return problem(offset < 0 ? 0 : static_cast<std::size_t>(offset), explained(message));
  }
  sqlite3_stmt* const statement = prepared->get();
  if (statement == nullptr) return problem(0, "there is no statement here");
  if (sqlite3_stmt_isexplain(statement) != 0)
    return problem(0, "EXPLAIN cannot be used in statements of the configuration");

  StatementMeaning meaning;
  ProgramFacts facts = facts_of_program(database, text, parameters);
  if (facts.commands_search_tables)
    return problem(0,
                   "a value of a caller or of a table reaches the column rank of a search table, or the "
                   "column of its commands: FTS5 calls the function that the value names, with any column "
                   "and for any time. Write the function or the command in the statement itself");
  meaning.parameter_uses = std::move(facts.uses);
  meaning.search_texts = std::move(facts.search_texts);
  meaning.searches = facts.searches;
  meaning.effect = sqlite3_stmt_readonly(statement) != 0 ? Effect::reads : Effect::writes;
  for (int i = 0; i < sqlite3_column_count(statement); ++i) {
    const char* type = sqlite3_column_decltype(statement, i);
    Column column{sqlite3_column_name(statement, i), type == nullptr ? "" : type};
    if (auto twice = same_name(meaning.columns, column)) return problem(0, *std::move(twice));
    meaning.columns.push_back(std::move(column));
  }
  for (const std::string& name : guard.names) meaning.definitions[name] = definition_of(database, name);
  meaning.uses = std::move(guard.uses);
  return meaning;
}

std::optional<std::string> difference(const StatementMeaning& checked, const StatementMeaning& now) {
  if (!std::ranges::equal(checked.columns, now.columns)) return "it gives other columns";
  if (checked.effect != now.effect || checked.uses != now.uses)
    return "it reads or writes other tables or columns";
  for (const auto& [name, lines] : checked.definitions) {
    const auto found = now.definitions.find(name);
    if (found == now.definitions.end() || found->second != lines)
      return fmt::format("{} has another definition", name);
  }
  for (std::size_t i = 0; i < checked.parameter_uses.size() && i < now.parameter_uses.size(); ++i) {
    const ParameterUse before = checked.parameter_uses[i];
    if (now.parameter_uses[i] != before && before == ParameterUse::as_written)
      return "it converts a text to a number";
  }
  return std::nullopt;
}

}  // namespace gatehouse::db
