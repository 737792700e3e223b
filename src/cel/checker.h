#pragma once

#include <vector>

#include "cel/ast.h"
#include "cel/compile.h"
#include "cel/names.h"
#include "cel/program.h"

namespace gatehouse::cel {

// The type of the expression; adds its errors to `problems`.
Type check(const Ast& ast, const Names& names, const Type& expected, std::vector<Problem>& problems);

}  // namespace gatehouse::cel
