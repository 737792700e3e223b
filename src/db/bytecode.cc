#include "db/bytecode.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <string>

#include "db/connection_state.h"

namespace gatehouse::db {

namespace {

struct Instruction {
  std::string opcode;
  int p1 = 0, p2 = 0, p3 = 0;
  std::string p4;
  int p5 = 0;
};

std::vector<Instruction> program_of(sqlite3* database, std::string_view text) {
  std::vector<Instruction> program;
  const auto explained = prepare(database, std::string("EXPLAIN ").append(text));
  if (!explained) return program;
  sqlite3_stmt* const rows = explained->get();
  const auto text_at = [&](int column) {
    const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(rows, column));
    return std::string(found == nullptr ? "" : found);
  };
  while (sqlite3_step(rows) == SQLITE_ROW) {
    program.push_back({text_at(1), sqlite3_column_int(rows, 2), sqlite3_column_int(rows, 3),
                       sqlite3_column_int(rows, 4), text_at(5), sqlite3_column_int(rows, 6)});
  }
  return program;
}

// As SQLite writes them: 'A' is BLOB, 'B' TEXT, 'C' NUMERIC, 'D' INTEGER, 'E' REAL.
bool is_numeric(int affinity) { return affinity >= 'C' && affinity <= 'F'; }

bool looks_through_text(const Instruction& at) {
  if (at.opcode == "VFilter") return true;
  if (at.opcode != "Function" && at.opcode != "PureFunc") return false;
  return std::ranges::any_of(std::array<std::string_view, 3>{"like(", "glob(", "instr("},
                             [&](std::string_view name) { return at.p4.starts_with(name); });
}

// Follows parameters through registers, in the order of the program: what is prepared once is at its end, and
// comes first.
class Trace {
 public:
  explicit Trace(std::size_t parameters) : numeric_(parameters) {}

  void run(const std::vector<Instruction>& program) {
    if (program.empty()) return;
    const auto body =
        static_cast<std::size_t>(std::clamp(program[0].p2, 1, static_cast<int>(program.size())));
    for (std::size_t i = body; i < program.size(); ++i) step(program[i], static_cast<int>(i));
    for (std::size_t i = 1; i < body; ++i) step(program[i], static_cast<int>(i));
  }
  std::vector<bool> take() { return std::move(numeric_); }

 private:
  struct Held {
    std::size_t parameter = 0;
    bool as_number = false;  // an affinity was applied to it
  };

  void step(const Instruction& at, int address) {
    address_ = address;
    const std::string_view opcode = at.opcode;
    if (opcode == "Variable") {
      held_[at.p2] = {static_cast<std::size_t>(at.p1 - 1)};
    } else if (opcode == "SCopy" || opcode == "Copy") {
      const int count = opcode == "Copy" ? at.p3 + 1 : 1;
      for (int i = 0; i < count; ++i) copy(at.p1 + i, at.p2 + i);
    } else if (opcode == "Affinity") {
      for (int i = 0; i < at.p2; ++i) {
        if (const auto found = held_.find(at.p1 + i); found != held_.end() && i < std::ssize(at.p4))
          found->second.as_number = is_numeric(at.p4[static_cast<std::size_t>(i)]);
      }
    } else if (opcode == "MakeRecord") {  // the members of an IN list
      for (int i = 0; i < at.p2 && i < std::ssize(at.p4); ++i) {
        if (is_numeric(at.p4[static_cast<std::size_t>(i)])) mark(at.p1 + i);
      }
    } else if (opcode == "SeekRowid") {
      mark(at.p3);
    } else if (opcode.starts_with("Seek") || opcode.starts_with("Idx") || opcode == "Found" ||
               opcode == "NotFound") {
      seek(at);
    } else if (opcode == "Eq" || opcode == "Ne" || opcode == "Lt" || opcode == "Le" || opcode == "Gt" ||
               opcode == "Ge") {
      if (!is_numeric(at.p5 & kAffinityBits)) return;
      mark(at.p1);
      mark(at.p3);
    } else if (opcode == "Column" || opcode == "Function" || opcode == "PureFunc") {
      overwrite(at.p3);
    } else if (opcode == "Integer" || opcode == "String8" || opcode == "Null" || opcode == "Rowid") {
      overwrite(at.p2);
    } else if (opcode == "Cast") {
      overwrite(at.p1);
    } else if (opcode == "NotNull") {  // coalesce(): what stands in for a NULL goes into the same register
      stands_in_until_[at.p1] = at.p2;
    }
  }

  // By a key in registers, or by a row's number in one. An IdxInsert or IdxDelete has its key in P2.
  void seek(const Instruction& at) {
    if (at.opcode == "IdxInsert" || at.opcode == "IdxDelete") return;
    const int fields = at.p4.empty() ? 0 : std::atoi(at.p4.c_str());
    if (fields == 0 && at.opcode.starts_with("Seek")) return mark(at.p3);
    for (int i = 0; i < fields; ++i) {
      if (const auto found = held_.find(at.p3 + i); found != held_.end() && found->second.as_number)
        mark(at.p3 + i);
    }
  }

  void copy(int from, int to) {
    if (const auto found = held_.find(from); found != held_.end()) {
      held_[to] = found->second;
    } else {
      overwrite(to);
    }
  }
  void overwrite(int at) {
    const auto found = stands_in_until_.find(at);
    if (found == stands_in_until_.end() || found->second <= address_) held_.erase(at);
  }
  void mark(int at) {
    if (const auto found = held_.find(at); found != held_.end() && found->second.parameter < numeric_.size())
      numeric_[found->second.parameter] = true;
  }

  static constexpr int kAffinityBits = 0x47;

  std::map<int, Held> held_;            // by register
  std::map<int, int> stands_in_until_;  // by register: an address
  int address_ = 0;                     // of the instruction at hand
  std::vector<bool> numeric_;
};

}  // namespace

ProgramFacts facts_of_program(sqlite3* database, std::string_view text, std::size_t parameters) {
  const std::vector<Instruction> program = program_of(database, text);
  ProgramFacts facts;
  Trace trace(parameters);
  trace.run(program);
  facts.compared_as_numbers = trace.take();
  facts.searches = std::ranges::any_of(program, looks_through_text);
  return facts;
}

}  // namespace gatehouse::db
