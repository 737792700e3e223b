// An expression as it was written, with the macros expanded.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cel/value.h"

namespace gatehouse::cel {

using ExprId = std::uint32_t;
inline constexpr ExprId kNoExpr = 0xFFFF'FFFF;

enum class ExprKind : std::uint8_t {
  literal,        // value
  name,           // text; absolute: written with a leading dot
  select,         // target . text
  call,           // text(args), or target.text(args)
  list,           // args; optional[i]: written ?x
  map,            // args: key, value, key, value; optional[i] of the i-th entry
  message,        // text{}: refused by the checker, because there are no messages
  comprehension,  // target.macro(variables, args)
  bind,           // cel.bind(variables[0], args[0], args[1])
  block,          // cel.block([args but the last], last); the elements are named "@index0", ...
};

enum class Macro : std::uint8_t {
  all,
  exists,
  exists_one,
  filter,
  map,
  sort_by,
  transform_map,
  transform_map_entry,
  opt_map,
  opt_flat_map,
};

struct Expr {
  ExprKind kind = ExprKind::literal;
  Macro macro = Macro::all;
  bool absolute = false;
  bool presence_test = false;  // select: has(target.text)
  bool optional_select = false;
  std::uint16_t depth = 1;  // of the tree below, itself included
  std::uint32_t offset = 0;
  Value value = {};
  std::string text = {};
  ExprId target = kNoExpr;
  std::vector<ExprId> args = {};  // comprehension: [filter or kNoExpr,] body
  std::vector<bool> optional = {};
  std::vector<std::string> variables = {};
};

struct Ast {
  std::vector<Expr> exprs;
  ExprId root = kNoExpr;
  const Expr& operator[](ExprId id) const { return exprs[id]; }
};

}  // namespace gatehouse::cel
