#include "db/bytecode.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "db/explained_program.h"
#include "db/known_functions.h"

namespace gatehouse::db {

namespace {

// As SQLite writes them: 'A' is BLOB, 'B' TEXT, 'C' NUMERIC, 'D' INTEGER, 'E' REAL.
bool is_numeric(int affinity) { return affinity >= 'C' && affinity <= 'F'; }

bool looks_through_text(const Instruction& at) {
  return at.opcode == "VFilter" || (is_function(at) && calls(at, {"like", "glob", "instr"}));
}

// The parameters that a value was derived from, by any operations.
using Parameters = std::bitset<128>;

struct Origin {
  Parameters texts = {};
  // Those in which a JSON function may have read a number: 5e1, 50.0 and 50 are one number then, also where
  // it is made a text again.
  Parameters json_numbers = {};
  // Whether it is a stored value, or derived from one. Followed if there is a search table that accepts
  // commands.
  bool stored = false;

  bool operator==(const Origin&) const = default;
  Origin& operator|=(const Origin& other) {
    texts |= other.texts;
    json_numbers |= other.json_numbers;
    stored |= other.stored;
    return *this;
  }
};

struct Held {
  Origin from = {};
  std::vector<Origin> fields = {};  // of a record
  bool operator==(const Held&) const = default;
};

// Whether that changed anything.
bool merge(Origin& into, const Origin& from) {
  const Origin before = into;
  into |= from;
  return into != before;
}
bool merge(std::vector<Origin>& into, const std::vector<Origin>& from) {
  bool changed = into.size() < from.size();
  if (changed) into.resize(from.size());
  for (std::size_t i = 0; i < from.size(); ++i) changed = merge(into[i], from[i]) || changed;
  return changed;
}

// The registers that hold something to be followed, sorted: they are few, and copied for each instruction.
class Registers {
 public:
  Held at(int number) const {
    const auto found = place(number);
    return found == list_.end() || found->first != number ? Held{} : found->second;
  }
  void put(int number, Held held) {
    if (held == Held{}) return erase(number);
    const auto found = place(number);
    if (found != list_.end() && found->first == number) {
      at(found).second = std::move(held);
    } else {
      list_.emplace(found, number, std::move(held));
    }
  }
  void erase(int number) {
    const auto found = place(number);
    if (found != list_.end() && found->first == number) list_.erase(found);
  }
  // The origins of the registers in [first, behind) together.
  Origin from(int first, int behind) const {
    Origin all;
    for (auto one = place(first); one != list_.end() && one->first < behind; ++one) all |= one->second.from;
    return all;
  }
  // Whether that changed anything.
  bool merge_all(const Registers& others) {
    bool changed = false;
    for (const auto& [number, held] : others.list_) {
      const auto found = place(number);
      if (found == list_.end() || found->first != number) {
        list_.emplace(found, number, held);
        changed = true;
        continue;
      }
      Held& mine = at(found).second;
      changed = merge(mine.from, held.from) || changed;
      changed = merge(mine.fields, held.fields) || changed;
    }
    return changed;
  }

 private:
  using List = std::vector<std::pair<int, Held>>;
  List::const_iterator place(int number) const {
    return std::ranges::lower_bound(list_, number, {}, &List::value_type::first);
  }
  List::value_type& at(List::const_iterator place) {
    return list_[static_cast<std::size_t>(place - list_.begin())];
  }

  List list_;
};

// Follows parameters through registers and the statement's own tables, along every path of the program. An
// instruction that is not known to end a parameter's way does not end it: the result may be too large, never
// too small.
class Trace {
 public:
  explicit Trace(const std::vector<Instruction>& program)
      : program_(program), follows_stored_(std::ranges::any_of(program, may_command)) {
    for (const Instruction& at : program) {
      if (at.is({"OpenEphemeral", "OpenAutoindex", "SorterOpen"})) own_.insert(at.p1);
      if (at.opcode == "OpenDup") same_[at.p1] = at.p2;
      if (at.opcode == "OpenPseudo") pseudo_[at.p1] = at.p2;
    }
  }

  ParameterUse use_of(std::size_t parameter) const {
    const std::size_t bit = parameter % numeric_.size();
    return numeric_[bit]         ? ParameterUse::as_number
           : json_compared_[bit] ? ParameterUse::as_json_number
                                 : ParameterUse::as_written;
  }
  // Those by which search tables are searched.
  const Parameters& search_texts() const { return search_texts_; }
  // Whether one, or something stored, is a command to a search table, or names the function by which such a
  // table ranks.
  bool commands_search_tables() const { return commands_; }

  void run() {
    constexpr std::size_t kMostInstructions = 20'000;
    if (program_.empty() || program_.size() > kMostInstructions) {
      numeric_.set();
      search_texts_.set();
      commands_ = follows_stored_;
      return;
    }
    std::map<int, std::vector<Origin>> before;
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
  }

 private:
  void go_on(std::size_t address, const Registers& registers) {
    if (address >= program_.size()) return;
    auto& known = before_[address];
    if (!known) {
      known = registers;
      waiting_.insert(address);
      return;
    }
    if (known->merge_all(registers)) waiting_.insert(address);
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

  // Instructions whose P2 is not an address. Of others it may be one.
  static bool goes_straight_on(const Instruction& at) {
    return at.is(
        {"Variable",   "Copy",        "SCopy",         "IntCopy",      "Move",          "Function",
         "PureFunc",   "Column",      "VColumn",       "Integer",      "Int64",         "Real",
         "String8",    "String",      "Null",          "SoftNull",     "Blob",          "MakeRecord",
         "Insert",     "IdxInsert",   "SorterInsert",  "Delete",       "IdxDelete",     "ResultRow",
         "OpenRead",   "OpenWrite",   "OpenEphemeral", "OpenPseudo",   "SorterOpen",    "OpenDup",
         "Affinity",   "Cast",        "Concat",        "Add",          "Subtract",      "Multiply",
         "Divide",     "Remainder",   "BitAnd",        "BitOr",        "ShiftLeft",     "ShiftRight",
         "BitNot",     "Not",         "AddImm",        "AggStep",      "AggFinal",      "AggValue",
         "AggInverse", "Rowid",       "NewRowid",      "IdxRowid",     "Sequence",      "CollSeq",
         "RowData",    "SorterData",  "Transaction",   "Close",        "NullRow",       "DeferredSeek",
         "Compare",    "Permutation", "Count",         "RealAffinity", "MemMax",        "OffsetLimit",
         "Noop",       "Explain",     "BeginSubrtn",   "TypeCheck",    "HaltIfNull",    "IsTrue",
         "ClrSubtype", "ResetSorter", "FkCounter",     "ReopenIdx",    "OpenAutoindex", "And",
         "Or",         "ZeroOrNull"});
  }

  void step(const Instruction& at, Registers& registers) {
    const std::string_view opcode = at.opcode;
    if (opcode == "Variable") {
      registers.put(at.p2, {.from = {.texts = Parameters().set(static_cast<std::size_t>(at.p1 - 1) % 128)}});
    } else if (at.is({"SCopy", "IntCopy"})) {
      registers.put(at.p2, registers.at(at.p1));
    } else if (at.is({"Copy", "Move"})) {
      const int count = opcode == "Copy" ? at.p3 + 1 : std::max(at.p3, 1);
      for (int i = 0; i < count; ++i) registers.put(at.p2 + i, registers.at(at.p1 + i));
    } else if (is_function(at)) {
      const int count = count_of_arguments(at);
      registers.put(at.p3, result(at, registers, count));
    } else if (opcode == "Concat") {
      Held both = {.from = registers.at(at.p1).from};
      both.from |= registers.at(at.p2).from;
      registers.put(at.p3, std::move(both));
    } else if (at.is({"Add", "Subtract", "Multiply", "Divide", "Remainder", "BitAnd", "BitOr", "ShiftLeft",
                      "ShiftRight", "And", "Or"})) {
      take_for_number(registers, at.p1), take_for_number(registers, at.p2);
      registers.erase(at.p3);
    } else if (at.is({"BitNot", "Not", "IsTrue"})) {
      take_for_number(registers, at.p1);
      registers.erase(at.p2);
    } else if (at.is({"MustBeInt", "If", "IfNot"})) {
      take_for_number(registers, at.p1);
    } else if (at.is({"AggStep", "AggStep1", "AggInverse"})) {
      Held sum = registers.at(at.p3);
      sum.from |= result(at, registers, at.p5).from;
      registers.put(at.p3, std::move(sum));
    } else if (opcode == "AggValue") {
      registers.put(at.p3, registers.at(at.p1));
    } else if (at.is({"Affinity", "TypeCheck"})) {
      for (int i = 0; i < at.p2 && i < std::ssize(at.p4); ++i) {
        if (is_numeric(at.p4[static_cast<std::size_t>(i)])) take_for_number(registers, at.p1 + i);
      }
    } else if (opcode == "Cast") {
      if (is_numeric(at.p2)) take_for_number(registers, at.p1);
    } else if (opcode == "VUpdate") {  // the row's number before, and behind
      numeric_ |= arguments(registers, at.p3, std::min(at.p2, 2)).texts;
      // Last stand FTS5's hidden columns: the command, and `rank`, which is the command's argument.
      if (at.p2 > 2) command(arguments(registers, at.p3 + at.p2 - 2, 2));
    } else if (opcode == "VFilter") {
      filter(at, registers);
    } else if (opcode == "MakeRecord") {
      make_record(at, registers);
    } else if (at.is({"Insert", "IdxInsert", "SorterInsert"})) {
      const int table = table_of(at.p1);
      if (own_.contains(table)) merge(tables_[table], registers.at(at.p2).fields);
    } else if (at.is({"RowData", "SorterData"})) {
      registers.put(at.p2, {.from = stored_in(at.p1), .fields = columns_of(table_of(at.p1))});
    } else if (opcode == "Column") {
      const auto pseudo = pseudo_.find(at.p1);
      const Held row = pseudo != pseudo_.end()
                           ? registers.at(pseudo->second)
                           : Held{.from = stored_in(at.p1), .fields = columns_of(table_of(at.p1))};
      const auto column = static_cast<std::size_t>(at.p2);
      registers.put(at.p3, {.from = column < row.fields.size() ? row.fields[column] : row.from});
    } else if (opcode == "VColumn") {
      const std::vector<Origin> given = columns_of(at.p1);
      Origin from = given.empty() ? Origin() : given.front();
      constexpr int kValue = 1, kAtom = 3;  // the columns of json_each and json_tree that hold numbers
      if (at.p2 != kValue && at.p2 != kAtom) from.json_numbers.reset();
      // P5: a column of the row that is updated, and which the statement does not set.
      from.stored = from.stored || (follows_stored_ && at.p5 == 0);
      registers.put(at.p3, {.from = from});
    } else if (opcode == "Null") {
      for (int i = at.p2; i <= std::max(at.p2, at.p3); ++i) registers.erase(i);
    } else if (at.is({"Integer", "Int64", "Real", "String8", "String", "Blob", "Rowid", "NewRowid",
                      "IdxRowid", "Sequence", "Count", "OffsetLimit"})) {
      registers.erase(at.p2);
    } else if (at.is({"Eq", "Ne", "Lt", "Le", "Gt", "Ge"})) {
      constexpr int kAffinityBits = 0x47;
      for (const int side : {at.p1, at.p3}) {
        compare(registers.at(side));
        if (is_numeric(at.p5 & kAffinityBits)) take_for_number(registers, side);
      }
    } else if (opcode == "Compare") {
      for (int i = 0; i < at.p3; ++i) compare(registers.at(at.p1 + i)), compare(registers.at(at.p2 + i));
    } else if (is_search(at)) {
      if (is_search_by_row_number(at)) take_for_number(registers, at.p3);
      compare({.fields = columns_of(table_of(at.p1))});
      // The key is a record, or so many registers in a row.
      for (int i = 0; i < std::max(1, std::atoi(at.p4.c_str())); ++i) compare(registers.at(at.p3 + i));
    }
  }

  void take_for_number(const Registers& registers, int number) {
    numeric_ |= registers.at(number).from.texts;
  }
  void compare(const Held& held) {
    json_compared_ |= held.from.json_numbers;
    for (const Origin& field : held.fields) json_compared_ |= field.json_numbers;
  }

  // By a key.
  static bool is_search(const Instruction& at) {
    return at.is({"NotExists", "SeekRowid", "SeekLT", "SeekLE", "SeekGE", "SeekGT", "Found", "NotFound",
                  "NoConflict", "IfNoHope", "IdxLT", "IdxLE", "IdxGE", "IdxGT"});
  }

  // Other keys have passed an Affinity, or a MakeRecord with one.
  static bool is_search_by_row_number(const Instruction& at) {
    if (at.is({"NotExists", "SeekRowid"})) return true;
    return at.p4.empty() && at.is({"SeekLT", "SeekLE", "SeekGE", "SeekGT"});
  }

  // A table-valued function (json_each) returns parts of its arguments. Search tables, whose plan has a text,
  // return stored values.
  void filter(const Instruction& at, const Registers& registers) {
    int count = -1;
    for (const Instruction& one : program_) {
      if (one.opcode == "Integer" && one.p2 == at.p3 + 1) count = std::max(count, one.p1);
    }
    Origin given = arguments(registers, at.p3 + 2, count);
    if (at.p4.empty()) {
      given.json_numbers |= arguments(registers, at.p3 + 2, std::min(count, 1)).texts;
      merge(tables_[at.p1], {given});
      take_for_number(registers, at.p3 + 3);  // the path of the root
    } else {
      search_texts_ |= given.texts;
      // FTS5's plan has a letter for each argument, and the column's number behind some.
      int argument = at.p3 + 2;
      for (const char letter : at.p4) {
        if (letter >= '0' && letter <= '9') continue;
        if (letter == kRank) command(registers.at(argument).from);
        ++argument;
      }
    }
  }

  void command(const Origin& by) { commands_ = commands_ || by.stored || by.texts.any(); }

  static constexpr char kRank = 'r';
  static bool may_command(const Instruction& at) {
    return at.opcode == "VUpdate" || (at.opcode == "VFilter" && at.p4.contains(kRank));
  }

  // Of a function. One that is not known takes its arguments for numbers.
  Held result(const Instruction& at, const Registers& registers, int count) {
    Origin given = arguments(registers, at.p2, count);
    if (compares_arguments(at)) compare({.from = given});
    const auto [first, step] = number_places(at);
    for (int i = first; i < (count < 0 ? kMostArguments : count); i += step)
      take_for_number(registers, at.p2 + i);
    if (gives_own_number(at)) return {};
    if (calls(at, {"substr", "substring"})) return registers.at(at.p2);
    if (calls(at, {"json_extract", "->>"})) given.json_numbers |= registers.at(at.p2).from.texts;
    if (takes_text(at)) return {.from = given};
    numeric_ |= given.texts;
    return {.from = {.stored = given.stored}};
  }

  // A field may be made a number here: of a member of an IN list, or of a row.
  void make_record(const Instruction& at, Registers& registers) {
    Held record;
    for (int i = 0; i < at.p2; ++i) {
      const Held field = registers.at(at.p1 + i);
      record.fields.push_back(field.from);
      if (i < std::ssize(at.p4) && is_numeric(at.p4[static_cast<std::size_t>(i)]))
        numeric_ |= field.from.texts;
    }
    registers.put(at.p3, std::move(record));
  }

  // A function with any number of arguments is shown with -1. Its arguments are in consecutive registers.
  // Those that are the same in all rows have their bit in P1; the others are computed in their order,
  // directly before the call. The result may be too large: an instruction that names a register may write to
  // it.
  int count_of_arguments(const Instruction& at) const {
    const std::size_t bracket = at.p4.find('(');
    const int said = bracket == at.p4.npos ? -1 : std::atoi(at.p4.c_str() + bracket + 1);
    if (said >= 0) return said;
    if (at.p2 == 0) return 0;
    constexpr int kBits = 31;
    const std::span all(program_);
    auto before = all.first(static_cast<std::size_t>(&at - program_.data()));
    for (int i = 0; i < kBits; ++i) {
      if ((static_cast<unsigned>(at.p1) >> i & 1U) != 0) continue;
      const int number = at.p2 + i;
      if (std::ranges::none_of(before, [&](const Instruction& one) { return names(one, number); })) return i;
      for (std::size_t last = before.size(); last > 0; --last) {
        if (!writes(before[last - 1], number)) continue;
        before = before.subspan(last);
        break;
      }
    }
    return -1;
  }
  static bool names(const Instruction& at, int number) {
    if (at.is({"Init", "Once", "Goto", "Rewind", "OpenRead", "ResultRow"})) return false;  // write to none
    if (at.is({"Copy", "Move"}) && at.p2 <= number && number <= at.p2 + at.p3) return true;
    return at.p1 == number || at.p2 == number || at.p3 == number;
  }
  static bool writes(const Instruction& at, int number) {
    if (is_function(at) || at.is({"Column", "VColumn", "Concat"})) return at.p3 == number;
    return at.is({"SCopy", "Rowid", "String8", "Integer", "Variable"}) && at.p2 == number;
  }

  // `count` below 0: not known.
  static Origin arguments(const Registers& registers, int first, int count) {
    return registers.from(first, first + (count < 0 ? kMostArguments : count));
  }
  // The origin of any column of a table that the statement does not fill itself.
  Origin stored_in(int cursor) const {
    return {.stored = follows_stored_ && !own_.contains(table_of(cursor))};
  }
  int table_of(int cursor) const {
    const auto other = same_.find(cursor);
    return other == same_.end() ? cursor : other->second;
  }

  std::vector<Origin> columns_of(int table) const {
    const auto found = tables_.find(table);
    return found == tables_.end() ? std::vector<Origin>() : found->second;
  }

  const std::vector<Instruction>& program_;
  const bool follows_stored_;
  std::set<int> own_;                             // cursors of tables that the statement fills for itself
  std::map<int, int> same_;                       // a second cursor of such a table
  std::map<int, int> pseudo_;                     // cursors whose row is a record in a register
  std::map<int, std::vector<Origin>> tables_;     // the origins of such a table's columns
  std::vector<std::optional<Registers>> before_;  // each instruction
  std::set<std::size_t> waiting_;                 // instructions to be followed again
  Parameters numeric_;                            // that are made numbers, or compared as numbers
  Parameters json_compared_;                      // of which a number in JSON is compared
  Parameters search_texts_;
  bool commands_ = false;  // search tables
};

}  // namespace

ProgramFacts facts_of_program(sqlite3* database, std::string_view text, std::size_t parameters) {
  const std::vector<Instruction> program = explained_program(database, text);
  ProgramFacts facts;
  Trace trace(program);
  trace.run();
  for (std::size_t i = 0; i < parameters; ++i) {
    facts.uses.push_back(trace.use_of(i));
    facts.search_texts.push_back(trace.search_texts()[i % 128]);
  }
  facts.commands_search_tables = trace.commands_search_tables();
  facts.searches = std::ranges::any_of(program, looks_through_text);
  return facts;
}

}  // namespace gatehouse::db
