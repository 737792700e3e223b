// The meaning of a statement's text on the current tables: computed when the configuration is loaded, and
// again when it runs after a change of the tables. Only for the files of this room.
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "db/catalogue.h"
#include "db/connection_state.h"

namespace gatehouse::db {

struct StatementMeaning {
  std::vector<Column> columns;  // that it gives
  std::vector<ParameterUse> parameter_uses;
  std::vector<bool> search_texts;  // parameters by which search tables are searched
  bool searches = false;
  Effect effect = Effect::writes;
  // Its reads and writes, as reported to SQLite's authorizer: action, table, column, and the view or trigger.
  std::set<std::string> uses;
  // How that is defined: the text of the table, view or trigger in the schema, and of a table's unique
  // indices.
  std::map<std::string, std::vector<std::string>> definitions;
};

// `text` as take_apart() gives it, with so many parameters. Nothing of it is run.
std::expected<StatementMeaning, CatalogueProblem> check_statement(sqlite3* database, std::string_view text,
                                                                  std::size_t parameters,
                                                                  const CatalogueRules& rules);

// The difference to the checked meaning, for operators; nothing if the statement means the same.
std::optional<std::string> difference(const StatementMeaning& checked, const StatementMeaning& now);

}  // namespace gatehouse::db
