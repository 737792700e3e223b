// Text to tree (langdef "Syntax"), macros expanded on the way (macros.cc).
#pragma once

#include <expected>
#include <string_view>

#include "cel/arena.h"
#include "cel/ast.h"
#include "cel/compile.h"
#include "cel/program.h"

namespace gatehouse::cel {

inline constexpr std::size_t kMaxTextSize = 64U << 10U;
inline constexpr unsigned kMaxDepth = 250;

// The tree's values point into the arena. The first syntax error ends it.
std::expected<Ast, Problem> parse(std::string_view text, Arena& arena);

// Replaces a call by its expansion if it is a macro: kNoExpr if it is not one, or the problem. `target` is
// kNoExpr for a global call.
std::expected<ExprId, Problem> expand_macro(Ast& ast, std::uint32_t offset, std::string_view function,
                                            ExprId target, std::vector<ExprId>& args);

}  // namespace gatehouse::cel
