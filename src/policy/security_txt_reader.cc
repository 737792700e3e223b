#include "policy/security_txt_reader.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"
#include "cel/time.h"
#include "http/characters.h"
#include "http/uri.h"
#include "policy/key_reader.h"
#include "policy/settings_fields.h"

namespace gatehouse::policy {
namespace {

using doc::Field;

using UriSchemes = std::initializer_list<std::string_view>;

// An https URL, or behind another scheme a part that is not empty, of the characters of a URI: a line break
// or a space would begin something else in the file.
bool is_uri_of(UriSchemes schemes, std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto has_scheme = [&](std::string_view scheme) {
    return equal_ignoring_case(text.substr(0, colon), scheme);
  };
  if (std::ranges::none_of(schemes, has_scheme)) return false;
  if (has_scheme("https")) return http::parse_url(text).has_value();
  const std::string_view rest = text.substr(colon + 1);
  return !rest.empty() &&
         std::ranges::all_of(rest, [](char c) { return http::is(c, http::kTargetCharacter); });
}

std::vector<std::string> uris(KeyReader<keys::kSecurityTxt>& in, KeyReader<keys::kSecurityTxt>::Name key,
                              UriSchemes schemes) {
  std::vector<std::string> all;
  const auto list = in.take(key);
  if (!list) return all;
  for (const PlacedText& uri : placed_list(*list)) {
    if (is_uri_of(schemes, uri.value)) {
      all.push_back(uri.value);
      continue;
    }
    const bool is_address = uri.value.contains('@') && !uri.value.contains(':');
    list->problems().add(
        uri.place,
        fmt::format("{}: `{}` is not a URI of {}{}", list->path(), uri.value, fmt::join(schemes, ", "),
                    is_address && std::ranges::find(schemes, "mailto") != schemes.end()
                        ? fmt::format("; write it as mailto:{}", uri.value)
                        : std::string()));
  }
  return all;
}

// Parts of letters and digits, at most eight characters each, as in `de` and `zh-Hant-TW` (RFC 5646 section
// 2.1).
bool is_language_tag(std::string_view tag) {
  constexpr std::size_t kLongestPart = 8;
  std::size_t part = 0;
  for (const char c : tag) {
    const bool is_letter = ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
    if (c == '-' ? part == 0 : !is_letter && !is_digit(c)) return false;
    part = c == '-' ? 0 : part + 1;
    if (part > kLongestPart) return false;
  }
  return part > 0;
}

}  // namespace

SecurityTxtSettings read_security_txt(const Field& field) {
  KeyReader<keys::kSecurityTxt> in(field);
  SecurityTxtSettings settings;
  settings.place = field.key_place();
  settings.contact = uris(in, "contact", {"https", "mailto", "tel"});
  if (!in.has("contact")) in.missing("contact");
  if (const auto contact = in.take("contact"); contact && contact->is_list() && contact->value().size() == 0)
    contact->problem(
        "is empty; name the address for reports of vulnerabilities, such as mailto:security@example.com");
  settings.expires = in.required("expires", as_placed);
  if (!settings.expires.value.empty()) {
    if (const auto time = cel::parse_timestamp(settings.expires.value)) {
      settings.expires_at = std::chrono::sys_seconds(std::chrono::seconds(time->seconds));
    } else {
      in.problem("expires", "must be a date and time of RFC 3339, such as 2027-06-30T00:00:00Z");
    }
  }
  settings.encryption = uris(in, "encryption", {"https", "dns", "openpgp4fpr"});
  settings.acknowledgments = uris(in, "acknowledgments", {"https"});
  settings.canonical = uris(in, "canonical", {"https"});
  settings.policy = uris(in, "policy", {"https"});
  settings.hiring = uris(in, "hiring", {"https"});
  if (const auto languages = in.optional("preferred_languages", as_placed_list)) {
    for (const PlacedText& tag : *languages) {
      if (is_language_tag(tag.value)) {
        settings.preferred_languages.push_back(tag.value);
      } else {
        field.problems().add(tag.place,
                             fmt::format("security_txt.preferred_languages: `{}` is not a language "
                                         "tag; write it as en, de or pt-BR",
                                         tag.value));
      }
    }
  }
  in.finish();
  return settings;
}

}  // namespace gatehouse::policy
