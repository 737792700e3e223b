// A condition in two parts: the part that reads the members of one variable, and the values that can be
// computed without it. A system that has the members elsewhere (a row of a database) can then evaluate the
// first part with the values of the second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/environment.h"
#include "cel/program.h"

namespace gatehouse::cel {

// A member of the variable, or a value.
struct Operand {
  std::string member;     // empty: a value
  std::size_t value = 0;  // index into Split::values
  bool is_member() const { return !member.empty(); }
};

// Three-valued like CEL itself: true, false, error. `all` and `any` absorb an error as && and || do.
struct Question {
  enum class Kind : std::uint8_t {
    all,            // parts; true when there are none
    any,            // parts
    negation,       // parts[0]
    equal,          // left, right: across kinds, numbers on one line
    less,           // left, right
    less_or_equal,  // left, right
    contained,      // left is a member, right a value: a list of strings
    value,          // left is a value that is to be true
  } kind = Kind::all;
  std::vector<Question> parts = {};
  Operand left = {}, right = {};
};

struct Split {
  Question question;
  std::vector<Program> values;
};

// `text` compiles in `environment`. Nothing where the condition asks more of `variable` than a Question can
// say.
std::optional<Split> split(std::string_view text, const Environment& environment, std::string_view variable);

}  // namespace gatehouse::cel
