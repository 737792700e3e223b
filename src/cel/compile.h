// From the text of an expression to a program: work of the configuration's load.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "cel/environment.h"
#include "cel/program.h"
#include "cel/type.h"

namespace gatehouse::cel {

struct Problem {
  std::uint32_t offset = 0;  // in bytes from the beginning of the expression
  std::string message;       // the problem, and its remedy
};

enum class Checking : std::uint8_t {
  strict,   // types and names are checked: the only mode for configuration
  skipped,  // wrong names and types become errors of the evaluation (for outside suites)
};

// `expected`: the type that the result must have; dyn accepts any. The program depends on nothing that was
// passed in.
std::expected<Program, std::vector<Problem>> compile(std::string_view text, const Environment& environment,
                                                     const Type& expected = Type::dyn(),
                                                     Checking checking = Checking::strict);

}  // namespace gatehouse::cel
