#pragma once

#include <vector>

#include "cel/code.h"
#include "cel/compile.h"
#include "cel/names.h"

namespace gatehouse::cel {

// Tree to code. A meaningless part of an unchecked expression becomes an error constant; a literal pattern
// that RE2 refuses is a problem.
void generate(const Ast& ast, const Names& names, Program::Code& code, std::vector<Problem>& problems);

}  // namespace gatehouse::cel
