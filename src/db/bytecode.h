// Effects of a statement's program that its text does not show. Only for the files of this room.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "db/catalogue.h"

struct sqlite3;

namespace gatehouse::db {

struct ProgramFacts {
  // For each parameter whether SQLite may use it, or a value that functions, operators, subqueries or CAST
  // derive from it, as a number: compare it with a column of INTEGER, REAL or NUMERIC affinity, store it in
  // one, or search the key of a row by it (https://sqlite.org/datatype3.html, sections 3 and 4.2); CAST it;
  // use it as a truth value; give it to an operator or a function that calculates, or to one as a path in
  // JSON; or compare a number that a JSON function reads from it. Dates are followed only into columns of
  // numbers. The use of a stored value in a trigger is not examined.
  std::vector<ParameterUse> uses;
  // For each parameter whether a search of a virtual table reads it, or a value derived from it.
  std::vector<bool> search_texts;
  // Whether a parameter, or a value of a table, is a command to an FTS5 table, or names the function that
  // ranks its rows (`rank`).
  bool commands_search_tables = false;
  // Whether it looks through texts: LIKE, GLOB, instr(), or a search of a virtual table.
  bool searches = false;
};

// Read from the program that EXPLAIN shows (https://sqlite.org/opcode.html). `text` prepares.
ProgramFacts facts_of_program(sqlite3* database, std::string_view text, std::size_t parameters);

}  // namespace gatehouse::db
