#include "policy/cache_control.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"

namespace gatehouse::policy {
namespace {

constexpr std::array<std::string_view, 8> kAlone{"no-store",        "private",          "public",
                                                 "must-revalidate", "proxy-revalidate", "no-transform",
                                                 "must-understand", "immutable"};
constexpr std::array<std::string_view, 4> kSeconds{"max-age", "s-maxage", "stale-while-revalidate",
                                                   "stale-if-error"};

bool is_number(std::string_view text) {
  return !text.empty() && text.size() <= 10 &&
         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::string> directive_fault(std::string_view text) {
  const auto equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const bool alone = std::ranges::find(kAlone, name) != kAlone.end() || name == "no-cache";
  const bool seconds = std::ranges::find(kSeconds, name) != kSeconds.end();
  if (!alone && !seconds) {
    return fmt::format(
        "`{}` is not a directive for answers; write one such as `no-store`, `private` or "
        "`max-age=60`, in lower case and with commas between them",
        text);
  }
  if (seconds && (equals == std::string_view::npos || !is_number(text.substr(equals + 1))))
    return fmt::format("`{}` needs whole seconds: `{}=60`", text, name);
  if (alone && equals != std::string_view::npos) return fmt::format("`{}` takes no value", name);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> cache_control_fault(std::string_view text) {
  std::string_view rest = text;
  bool stores_nothing = false, others = false;
  for (;;) {
    const auto comma = rest.find(',');
    const std::string_view directive = trimmed(rest.substr(0, comma));
    if (auto fault = directive_fault(directive)) return fault;
    stores_nothing = stores_nothing || directive == "no-store";
    others = others || directive.starts_with("max-age") || directive.starts_with("s-maxage") ||
             directive == "public" || directive == "immutable";
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (stores_nothing && others) return "`no-store` contradicts a directive that lets caches keep the answer";
  return std::nullopt;
}

}  // namespace gatehouse::policy
