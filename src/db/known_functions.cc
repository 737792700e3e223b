#include "db/known_functions.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace gatehouse::db {

bool is_function(const Instruction& at) { return at.is({"Function", "PureFunc"}); }

bool calls(const Instruction& at, std::initializer_list<std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view name) {
    return at.p4.starts_with(name) && at.p4.substr(name.size()).starts_with('(');
  });
}

ArgumentPlaces number_places(const Instruction& at) {
  if (calls(at, {"substr", "substring", "json_extract", "json_remove", "json_type", "json_array_length",
                 "json_valid", "->", "->>", "date", "time", "datetime"}))
    return {.first = 1};
  if (calls(at, {"json_set", "json_insert", "json_replace"})) return {.first = 1, .step = 2};
  if (calls(at, {"highlight"})) return {.first = 1, .step = kMostArguments};
  if (calls(at, {"strftime"})) return {.first = 2};
  return {};
}

bool gives_own_number(const Instruction& at) {
  return calls(at, {"length", "octet_length", "instr", "unicode", "like", "glob", "count", "json_valid",
                    "json_array_length"});
}

bool compares_arguments(const Instruction& at) {
  return calls(at, {"nullif", "like", "glob", "instr"}) || (is_function(at) && calls(at, {"min", "max"}));
}

bool takes_text(const Instruction& at) {
  return calls(at, {"lower", "upper", "trim", "ltrim", "rtrim", "replace", "hex", "quote", "typeof"}) ||
         calls(at, {"nullif", "coalesce", "ifnull", "iif", "min", "max", "group_concat", "string_agg"}) ||
         calls(at, {"first_value", "last_value", "lag", "nth_value", "lead"}) ||
         calls(at, {"date", "time", "datetime", "strftime", "highlight", "substr", "substring"}) ||
         calls(at, {"json", "json_array", "json_object", "json_patch", "json_quote", "json_group_array",
                    "json_group_object", "json_extract", "json_remove", "json_type", "json_set",
                    "json_insert", "json_replace", "->", "->>"});
}

}  // namespace gatehouse::db
