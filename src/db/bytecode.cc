#include "db/bytecode.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "db/connection_state.h"

namespace gatehouse::db {

namespace {

struct Instruction {
  std::string opcode;
  int p1 = 0, p2 = 0, p3 = 0;
  std::string p4;
  int p5 = 0;

  bool is(std::initializer_list<std::string_view> opcodes) const {
    return std::ranges::find(opcodes, opcode) != opcodes.end();
  }
};

// The statement's own; those of triggers stand behind it, and their addresses begin anew.
std::vector<Instruction> program_of(sqlite3* database, std::string_view text) {
  std::vector<Instruction> program;
  const auto explained = prepare(database, std::string("EXPLAIN ").append(text));
  if (!explained) return program;
  sqlite3_stmt* const rows = explained->get();
  const auto text_at = [&](int column) {
    const auto* found = reinterpret_cast<const char*>(sqlite3_column_text(rows, column));
    return std::string(found == nullptr ? "" : found);
  };
  while (sqlite3_step(rows) == SQLITE_ROW && sqlite3_column_int(rows, 0) == std::ssize(program)) {
    program.push_back({text_at(1), sqlite3_column_int(rows, 2), sqlite3_column_int(rows, 3),
                       sqlite3_column_int(rows, 4), text_at(5), sqlite3_column_int(rows, 6)});
  }
  return program;
}

// As SQLite writes them: 'A' is BLOB, 'B' TEXT, 'C' NUMERIC, 'D' INTEGER, 'E' REAL.
bool is_numeric(int affinity) { return affinity >= 'C' && affinity <= 'F'; }

bool is_function(const Instruction& at) { return at.is({"Function", "PureFunc"}); }

bool calls(const Instruction& at, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    return at.p4.starts_with(name) && at.p4.substr(name.size()).starts_with('(');
  });
}

bool looks_through_text(const Instruction& at) {
  return at.opcode == "VFilter" || (is_function(at) && calls(at, {"like", "glob", "instr"}));
}

// Which parameters have gone into a value, whatever was done to it on the way.
using Parameters = std::bitset<128>;

struct Held {
  Parameters from = {};
  bool as_number = false;          // a numeric affinity was applied to it
  std::vector<Parameters> fields = {};  // of a record
  bool operator==(const Held&) const = default;
};

void merge(std::vector<Parameters>& into, const std::vector<Parameters>& from) {
  if (into.size() < from.size()) into.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) into[i] |= from[i];
}

// Follows parameters through registers and tables of the statement's own, along every path of the program.
// What is not known to end a parameter's way does not end it, so that rather too many are found.
class Trace {
 public:
  explicit Trace(const std::vector<Instruction>& program) : program_(program) {
    for (const Instruction& at : program) {
      if (at.is({"OpenEphemeral", "OpenAutoindex", "SorterOpen"})) own_.insert(at.p1);
      if (at.opcode == "OpenDup") same_[at.p1] = at.p2;
      if (at.opcode == "OpenPseudo") pseudo_[at.p1] = at.p2;
    }
  }

  // Those that are compared as numbers.
  Parameters run() {
    constexpr std::size_t kMostInstructions = 20'000;
    if (program_.size() > kMostInstructions) return Parameters().set();
    std::map<int, std::vector<Parameters>> before;
    do {  // until the tables hold nothing more
      before = tables_;
      before_.assign(program_.size(), std::nullopt);
      waiting_.clear();
      go_on(0, {});
      while (!waiting_.empty()) {
        const std::size_t address = *waiting_.begin();
        waiting_.erase(waiting_.begin());
        Registers registers = *before_[address];
        const Instruction& at = program_[address];
        step(at, registers);
        for (const std::size_t next : successors(at, address)) go_on(next, registers);
      }
    } while (before != tables_);
    return numeric_;
  }

 private:
  using Registers = std::map<int, Held>;  // those that hold something of a parameter

  void go_on(std::size_t address, const Registers& registers) {
    if (address >= program_.size()) return;
    auto& known = before_[address];
    if (!known) {
      known = registers;
      waiting_.insert(address);
      return;
    }
    for (const auto& [number, held] : registers) {
      Held& one = (*known)[number];
      Held merged = one;
      merged.from |= held.from;
      merged.as_number |= held.as_number;
      merge(merged.fields, held.fields);
      if (merged == one) continue;
      one = std::move(merged);
      waiting_.insert(address);
    }
  }

  std::vector<std::size_t> successors(const Instruction& at, std::size_t address) const {
    std::vector<std::size_t> all;
    const auto add = [&](int to) {
      if (to > 0) all.push_back(static_cast<std::size_t>(to));
    };
    const auto next = static_cast<int>(address) + 1;
    // Where subroutines return to, and coroutines go on.
    const auto add_places = [&](std::string_view opcode, auto&& places) {
      for (std::size_t i = 0; i < program_.size(); ++i) {
        if (program_[i].opcode == opcode && program_[i].p1 == at.p1) places(static_cast<int>(i), program_[i]);
      }
    };
    const auto add_yields = [&] {
      add_places("Yield", [&](int place, const Instruction& yield) { add(place + 1), add(yield.p2); });
    };
    if (at.opcode == "Halt") return all;
    if (at.is({"Goto", "Gosub", "Init"})) {
      add(at.p2);
    } else if (at.opcode == "Return") {
      add(next);
      add_places("Gosub", [&](int place, const Instruction&) { add(place + 1); });
    } else if (at.opcode == "InitCoroutine") {
      add(at.p2 > 0 ? at.p2 : next);
      add(at.p3);
    } else if (at.is({"Yield", "EndCoroutine"})) {
      add_yields();
      add_places("InitCoroutine", [&](int, const Instruction& coroutine) { add(coroutine.p3); });
    } else if (at.opcode == "Jump") {
      add(at.p1), add(at.p2), add(at.p3);
    } else {
      add(next);
      if (!goes_straight_on(at)) add(at.p2);
    }
    return all;
  }

  // Those whose P2 is no address. Of others it may be one.
  static bool goes_straight_on(const Instruction& at) {
    return at.is(
        {"Variable",   "Copy",        "SCopy",         "IntCopy",      "Move",         "Function",
         "PureFunc",   "Column",      "VColumn",       "Integer",      "Int64",        "Real",
         "String8",    "String",      "Null",          "SoftNull",     "Blob",         "MakeRecord",
         "Insert",     "IdxInsert",   "SorterInsert",  "Delete",       "IdxDelete",    "ResultRow",
         "OpenRead",   "OpenWrite",   "OpenEphemeral", "OpenPseudo",   "SorterOpen",   "OpenDup",
         "Affinity",   "Cast",        "Concat",        "Add",          "Subtract",     "Multiply",
         "Divide",     "Remainder",   "BitAnd",        "BitOr",        "ShiftLeft",    "ShiftRight",
         "BitNot",     "Not",         "AddImm",        "AggStep",      "AggFinal",     "AggValue",
         "AggInverse", "Rowid",       "NewRowid",      "IdxRowid",     "Sequence",     "CollSeq",
         "RowData",    "SorterData",  "Transaction",   "Close",        "NullRow",      "DeferredSeek",
         "Compare",    "Permutation", "Count",         "RealAffinity", "MemMax",       "OffsetLimit",
         "Noop",       "Explain",     "BeginSubrtn",   "TypeCheck",    "HaltIfNull",   "IsTrue",
         "ClrSubtype", "ResetSorter", "FkCounter",     "ReopenIdx",    "OpenAutoindex"});
  }

  void step(const Instruction& at, Registers& registers) {
    const std::string_view opcode = at.opcode;
    if (opcode == "Variable") {
      put(registers, at.p2, {.from = Parameters().set(static_cast<std::size_t>(at.p1 - 1) % 128)});
    } else if (at.is({"SCopy", "IntCopy", "Not", "BitNot"})) {
      put(registers, at.p2, held(registers, at.p1));
    } else if (at.is({"Copy", "Move"})) {
      const int count = opcode == "Copy" ? at.p3 + 1 : std::max(at.p3, 1);
      for (int i = 0; i < count; ++i) put(registers, at.p2 + i, held(registers, at.p1 + i));
    } else if (is_function(at)) {
      const std::size_t bracket = at.p4.find('(');
      const int count = bracket == at.p4.npos ? -1 : std::atoi(at.p4.c_str() + bracket + 1);
      put(registers, at.p3, gives_own_number(at) ? Held{} : arguments(registers, at.p2, count));
    } else if (at.is({"Concat", "Add", "Subtract", "Multiply", "Divide", "Remainder", "BitAnd", "BitOr",
                      "ShiftLeft", "ShiftRight"})) {
      put(registers, at.p3, {.from = held(registers, at.p1).from | held(registers, at.p2).from});
    } else if (at.is({"AggStep", "AggStep1", "AggInverse"})) {
      if (gives_own_number(at)) return;
      Held sum = held(registers, at.p3);
      sum.from |= arguments(registers, at.p2, at.p5).from;
      put(registers, at.p3, std::move(sum));
    } else if (opcode == "AggValue") {
      put(registers, at.p3, held(registers, at.p1));
    } else if (opcode == "Affinity") {
      for (int i = 0; i < at.p2 && i < std::ssize(at.p4); ++i) {
        if (const auto found = registers.find(at.p1 + i); found != registers.end())
          found->second.as_number = is_numeric(at.p4[static_cast<std::size_t>(i)]);
      }
    } else if (opcode == "MakeRecord") {
      make_record(at, registers);
    } else if (at.is({"Insert", "IdxInsert", "SorterInsert"})) {
      const int table = table_of(at.p1);
      if (own_.contains(table)) merge(tables_[table], held(registers, at.p2).fields);
    } else if (at.is({"RowData", "SorterData"})) {
      put(registers, at.p2, {.fields = tables_[table_of(at.p1)]});
    } else if (opcode == "Column") {
      const auto pseudo = pseudo_.find(at.p1);
      const std::vector<Parameters> fields =
          pseudo != pseudo_.end() ? held(registers, pseudo->second).fields : tables_[table_of(at.p1)];
      const auto column = static_cast<std::size_t>(at.p2);
      put(registers, at.p3, {.from = column < fields.size() ? fields[column] : Parameters()});
    } else if (opcode == "VColumn") {
      registers.erase(at.p3);
    } else if (opcode == "Null") {
      for (int i = at.p2; i <= std::max(at.p2, at.p3); ++i) registers.erase(i);
    } else if (at.is({"Integer", "Int64", "Real", "String8", "String", "Blob", "Rowid", "NewRowid",
                      "IdxRowid", "Sequence", "Count", "IsTrue", "OffsetLimit"})) {
      registers.erase(at.p2);
    } else if (at.is({"Eq", "Ne", "Lt", "Le", "Gt", "Ge"})) {
      constexpr int kAffinityBits = 0x47;
      if (!is_numeric(at.p5 & kAffinityBits)) return;
      numeric_ |= held(registers, at.p1).from | held(registers, at.p3).from;
    } else if (opcode.starts_with("Seek") || opcode.starts_with("Idx") || at.is({"Found", "NotFound"})) {
      seek(at, registers);
    }
  }

  // By a key in registers, or by a row's number in one.
  void seek(const Instruction& at, const Registers& registers) {
    if (opcode_has_no_key(at)) return;
    const int fields = at.p4.empty() ? 0 : std::atoi(at.p4.c_str());
    if (fields == 0 && at.opcode.starts_with("Seek")) numeric_ |= held(registers, at.p3).from;
    for (int i = 0; i < fields; ++i) {
      const Held key = held(registers, at.p3 + i);
      if (key.as_number) numeric_ |= key.from;
    }
  }
  static bool opcode_has_no_key(const Instruction& at) {
    return at.is({"IdxDelete", "IdxRowid", "SeekScan", "SeekHit"});
  }

  // A record's field that is made a number is compared as one: a member of an IN list.
  void make_record(const Instruction& at, Registers& registers) {
    Held record;
    for (int i = 0; i < at.p2; ++i) {
      const Held field = held(registers, at.p1 + i);
      record.fields.push_back(field.from);
      if (i < std::ssize(at.p4) && is_numeric(at.p4[static_cast<std::size_t>(i)])) numeric_ |= field.from;
    }
    put(registers, at.p3, std::move(record));
  }

  // Functions whose result is a number that they count or find themselves, and no text that reads as one.
  static bool gives_own_number(const Instruction& at) {
    return calls(at, {"length", "octet_length", "instr", "unicode", "like", "glob", "count", "unixepoch",
                      "julianday", "json_valid", "json_array_length"});
  }

  // `count` below 0: the call does not say how many it has.
  static Held arguments(const Registers& registers, int first, int count) {
    constexpr int kMostArguments = 127;
    Held all;
    const int behind = first + (count < 0 ? kMostArguments : count);
    for (auto one = registers.lower_bound(first); one != registers.end() && one->first < behind; ++one)
      all.from |= one->second.from;
    return all;
  }
  static Held held(const Registers& registers, int number) {
    const auto found = registers.find(number);
    return found == registers.end() ? Held{} : found->second;
  }
  static void put(Registers& registers, int number, Held held) {
    if (held == Held{}) {
      registers.erase(number);
    } else {
      registers[number] = std::move(held);
    }
  }
  int table_of(int cursor) const {
    const auto other = same_.find(cursor);
    return other == same_.end() ? cursor : other->second;
  }

  const std::vector<Instruction>& program_;
  std::set<int> own_;                              // cursors of tables that the statement fills for itself
  std::map<int, int> same_;                        // a second cursor of such a table
  std::map<int, int> pseudo_;                      // cursors whose row is a record in a register
  std::map<int, std::vector<Parameters>> tables_;  // what such a table's columns hold
  std::vector<std::optional<Registers>> before_;   // each instruction
  std::set<std::size_t> waiting_;                  // instructions to be followed again
  Parameters numeric_;
};

}  // namespace

ProgramFacts facts_of_program(sqlite3* database, std::string_view text, std::size_t parameters) {
  const std::vector<Instruction> program = program_of(database, text);
  ProgramFacts facts;
  const Parameters numeric = program.empty() ? Parameters().set() : Trace(program).run();
  for (std::size_t i = 0; i < parameters; ++i) facts.compared_as_numbers.push_back(numeric[i]);
  facts.searches = std::ranges::any_of(program, looks_through_text);
  return facts;
}

}  // namespace gatehouse::db
