#include "policy/located_program.h"

#include <fmt/format.h>

#include "cel/compile.h"

namespace gatehouse::policy {

std::optional<cel::Program> compile_at(const PlacedText& text, const cel::Environment& environment,
                                       const cel::Type& expected, Problems& problems) {
  auto program = cel::compile(text.value, environment, expected);
  if (program) return *std::move(program);
  for (const cel::Problem& problem : program.error()) {
    problems.add(text.place,
                 fmt::format("`{}`: at character {}: {}", text.value, problem.offset + 1, problem.message));
  }
  return std::nullopt;
}

}  // namespace gatehouse::policy
