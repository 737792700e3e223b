// The program that SQLite makes of a statement, as EXPLAIN shows it (https://sqlite.org/opcode.html). Only
// for the files of this room.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;

namespace gatehouse::db {

struct Instruction {
  std::string opcode;
  int p1 = 0, p2 = 0, p3 = 0;
  std::string p4;
  int p5 = 0;

  bool is(std::initializer_list<std::string_view> opcodes) const {
    return std::ranges::find(opcodes, opcode) != opcodes.end();
  }
};

// The statement's own instructions; those of triggers stand behind them, and their addresses begin anew. Of a
// TypeCheck P4 is the affinities of its columns. Empty where `text` does not prepare.
std::vector<Instruction> explained_program(sqlite3* database, std::string_view text);

}  // namespace gatehouse::db
