// What a statement's program does that its text does not show. Only for the files of this room.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

struct sqlite3;

namespace gatehouse::db {

struct ProgramFacts {
  // For each parameter whether SQLite may compare it, or what functions, operators, subqueries or CAST make
  // of it, as a number: with a column of INTEGER, REAL or NUMERIC affinity, before which it turns text that
  // reads as a number into one (https://sqlite.org/datatype3.html, section 4.2). What a trigger does with a
  // stored value is not looked at.
  std::vector<bool> compared_as_numbers;
  // Whether it looks through texts: LIKE, GLOB, instr(), or a search of a virtual table.
  bool searches = false;
};

// Read from the program that EXPLAIN shows (https://sqlite.org/opcode.html). `text` prepares.
ProgramFacts facts_of_program(sqlite3* database, std::string_view text, std::size_t parameters);

}  // namespace gatehouse::db
