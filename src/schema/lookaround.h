// Regular expressions with lookaround, said without it. An assertion at a place that is known from the
// beginning or the end of the text (`^(?!admin)(?=.*\d).+$`, `^[a-z-]+(?<!-)$`, `^/(?!v1/).*`) is a search of
// its own: the whole is found where each of them is, or is not.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::schema {

// A condition on a text.
struct RegexCondition {
  enum class Kind : std::uint8_t {
    found,   // `expression`, which has no lookaround
    absent,  // the one part does not hold
    all,
    any,
  };
  Kind kind = Kind::found;
  std::string expression;
  std::vector<RegexCondition> parts;
};

// Whether it has lookaround, or looks as if it had.
bool mentions_lookaround(std::string_view expression);

// The same as conditions. The error is the problem and its remedy.
std::expected<RegexCondition, std::string> without_lookaround(std::string_view expression);

}  // namespace gatehouse::schema
