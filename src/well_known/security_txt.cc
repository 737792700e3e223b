#include "well_known/security_txt.h"

#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace gatehouse::well_known {

std::string security_txt(const policy::SecurityTxtSettings& settings) {
  std::string out;
  const auto line = [&](std::string_view name, std::string_view value) {
    fmt::format_to(std::back_inserter(out), "{}: {}\n", name, value);
  };
  const auto lines = [&](std::string_view name, const std::vector<std::string>& values) {
    for (const std::string& value : values) line(name, value);
  };
  lines("Contact", settings.contact);
  line("Expires", settings.expires.value);
  lines("Encryption", settings.encryption);
  lines("Acknowledgments", settings.acknowledgments);
  if (!settings.preferred_languages.empty())
    line("Preferred-Languages", fmt::format("{}", fmt::join(settings.preferred_languages, ", ")));
  lines("Canonical", settings.canonical);
  lines("Policy", settings.policy);
  lines("Hiring", settings.hiring);
  return out;
}

}  // namespace gatehouse::well_known
