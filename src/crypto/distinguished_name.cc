#include "crypto/distinguished_name.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"

namespace gatehouse::crypto {
namespace {

// The text up to the first of these that is not escaped; `text` becomes the rest after it.
std::string_view take_until(std::string_view& text, char end) {
  std::size_t at = 0;
  while (at < text.size() && text[at] != end) at += text[at] == '\\' ? 2 : 1;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

std::string canonical_value(std::string_view value) {
  std::string out;
  bool blank = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const bool escaped = value[i] == '\\' && i + 1 < value.size();
    if (escaped) ++i;
    if (value[i] == ' ') {
      blank = true;
      continue;
    }
    // A `#` that begins a value as text is escaped; without that, hex digits follow.
    const bool first_behind_blank = out.empty() && blank && value[i] == '#';
    if (blank && !out.empty()) out += ' ';
    blank = false;
    if (escaped || first_behind_blank) out += '\\';
    out += ascii_lower(value[i]);
  }
  return out;
}

std::string canonical_part(std::string_view part) {
  const std::string_view type = take_until(part, '=');
  return fmt::format("{}={}", canonical_value(type), canonical_value(part));
}

}  // namespace

std::string canonical_name(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    std::string_view several = take_until(text, ',');
    std::vector<std::string> parts;
    while (!several.empty()) parts.push_back(canonical_part(take_until(several, '+')));
    std::ranges::sort(parts);
    if (!out.empty()) out += ',';
    fmt::format_to(std::back_inserter(out), "{}", fmt::join(parts, "+"));
  }
  return out;
}

bool is_same_name(std::string_view one, std::string_view other) {
  return one == other || canonical_name(one) == canonical_name(other);
}

}  // namespace gatehouse::crypto
