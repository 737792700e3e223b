#include "policy/located_program.h"

#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "cel/compile.h"
#include "policy/fields_of_clients.h"

namespace gatehouse::policy {

namespace {

// Names of other gateways, and what the caller and the request are called here.
constexpr std::pair<std::string_view, std::string_view> kForeignNames[] = {
    {"user", "the caller is `principal`"},
    {"caller", "the caller is `principal`"},
    {"identity", "the caller is `principal`"},
    {"subject", "the caller is `principal`"},
    {"auth", "the caller is `principal`"},
    {"jwt", "the caller is `principal`"},
    {"token", "the caller is `principal`"},
    {"request.user", "the caller is `principal`"},
    {"request.auth", "the caller is `principal`"},
    {"request.params",
     "parameters are `request.path`, `request.query`, `request.header` and `request.cookie`"},
    {"request.headers", "fields are `request.header`"},
    {"params", "parameters are `request.path`, `request.query`, `request.header` and `request.cookie`"},
    {"body", "the body is `request.body`"},
    {"path", "path parameters are `request.path`"},
    {"query", "parameters of the query are `request.query`"},
    {"header", "fields are `request.header`"},
    {"headers", "fields are `request.header`"},
    {"cookie", "cookies are `request.cookie`"},
    {"ip", "the client's address is `request.ip`"},
    {"req", "the request is `request`"}};

}  // namespace

std::string with_mend(std::string message) {
  constexpr std::string_view kUnknown = "unknown name '";
  if (const auto at = message.find(kUnknown); at != std::string::npos) {
    const auto begin = at + kUnknown.size();
    const auto end = message.find('\'', begin);
    const std::string name = message.substr(begin, end - begin);
    for (const auto& [foreign, here] : kForeignNames) {
      if (name == foreign || name.starts_with(std::string(foreign) + "."))
        return fmt::format("{}; {}", message.substr(0, end + 1), here);
    }
  }
  if (const auto at = message.find("resource has no member '"); at != std::string::npos) {
    if (message.ends_with("it has none"))
      return message.substr(0, at) +
             "the operation finds no object; add its `resource`, whose attributes these are";
  }
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
