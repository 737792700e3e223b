// A compiled expression: a tree in one array, its names resolved to slots, its constants computed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "cel/ast.h"
#include "cel/functions.h"
#include "cel/pattern.h"
#include "cel/program.h"

namespace gatehouse::cel {

enum class Op : std::uint8_t {
  constant,           // constants[a]; may be an error
  variable,           // slot a
  local,              // locals[a]
  variable_presence,  // has() of slot a
  select,             // node a, key constants[b]
  select_optional,
  presence,
  conjunction,  // children a..a+count
  disjunction,
  conditional,  // children a..a+3
  equal,        // children a..a+2
  not_equal,
  contained,
  call,              // call(children a..a+count)
  matches,           // node a, patterns[b]
  list,              // children a..a+count
  map,               // children a..a+count: key, value, ...
  optional_element,  // node a, as an element or entry value written ?x
  comprehension,     // macro; range a, first local b, filter c, body d, count variables
  bind,              // locals[b] = node a, then node c
  block,             // locals[b+i] = child i, then the last child
  optional_or,       // nodes a, b
  optional_or_value,
};

inline constexpr std::uint32_t kNoNode = 0xFFFF'FFFF;

struct Node {
  Op op = Op::constant;
  Macro macro = Macro::all;
  std::uint16_t count = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t c = kNoNode;
  std::uint32_t d = kNoNode;
  Implementation call = nullptr;
};

struct Program::Code {
  static constexpr std::size_t kMemory = std::size_t{1} << 20U;  // bytes: literals and folded constants

  std::string text;
  Type result;
  std::vector<Slot> slots;
  std::vector<Node> nodes;
  std::vector<std::uint32_t> children;
  std::vector<Value> constants;
  std::vector<Pattern> patterns;
  std::uint32_t root = 0;
  std::uint32_t locals = 0;  // how many the deepest nesting needs
  Arena arena{kMemory};      // the memory of the constants
};

}  // namespace gatehouse::cel
