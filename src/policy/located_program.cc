#include "policy/located_program.h"

#include <fmt/format.h>

#include "cel/compile.h"

namespace gatehouse::policy {

std::string with_mend(std::string message) {
  if (message.contains("request.header has no member")) {
    message += "; declare it as a header parameter, or give it a schema in fields.forward";
  } else if (message.contains("request.cookie has no member")) {
    message += "; declare it as a cookie parameter";
  }
  return message;
}

std::optional<cel::Program> compile_at(const PlacedText& text, const cel::Environment& environment,
                                       const cel::Type& expected, Problems& problems) {
  auto program = cel::compile(text.value, environment, expected);
  if (program) return *std::move(program);
  for (const cel::Problem& problem : program.error()) {
    problems.add(text.place, with_mend(fmt::format("`{}`: at character {}: {}", text.value,
                                                   problem.offset + 1, problem.message)));
  }
  return std::nullopt;
}

}  // namespace gatehouse::policy
