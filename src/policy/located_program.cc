#include "policy/located_program.h"

#include <string_view>

#include <fmt/format.h>

#include "cel/compile.h"
#include "policy/fields_of_clients.h"

namespace gatehouse::policy {

std::string with_mend(std::string message) {
  constexpr std::string_view kNoHeader = "request.header has no member '";
  if (const auto at = message.find(kNoHeader); at != std::string::npos) {
    std::string_view name = std::string_view(message).substr(at + kNoHeader.size());
    name = name.substr(0, name.find('\''));
    if (is_written_here(name)) {
      return fmt::format("{}`{}`: an upstream never receives this field as the client sent it; {}",
                         message.substr(0, at), name, use_instead_of(name));
    }
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
