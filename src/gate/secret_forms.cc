#include "gate/secret_forms.h"

#include <algorithm>
#include <string>

#include "base/strings.h"
#include "http/characters.h"

namespace gatehouse::gate {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}
bool is_base64url(char c) { return is_alphanumeric(c) || c == '-' || c == '_'; }

template <typename Is>
std::size_t run_of(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is) - text.begin());
}

// `gh_<12>_<33 and more>`; as little as half of the secret is still one.
bool begins_api_key(std::string_view text) {
  constexpr std::size_t kId = 12;
  constexpr std::size_t kHalfSecret = 16;
  text.remove_prefix(3);
  return run_of(text, is_alphanumeric) == kId && text.size() > kId && text[kId] == '_' &&
         run_of(text.substr(kId + 1), is_alphanumeric) >= kHalfSecret;
}

// A JSON object in base64url begins with `eyJ`; the header is followed by at least one more part.
std::size_t length_of_jwt_header(std::string_view text) { return run_of(text, is_base64url); }

bool holds_plain_credential(std::string_view text) {
  for (auto at = text.find("gh_"); at != std::string_view::npos; at = text.find("gh_", at + 3)) {
    if (begins_api_key(text.substr(at))) return true;
  }
  for (auto at = text.find("eyJ"); at != std::string_view::npos;) {
    const std::size_t end = at + length_of_jwt_header(text.substr(at));
    constexpr std::size_t kShortest = 16;  // {"alg":"ES256"} has 20
    if (end - at >= kShortest && end < text.size() && text[end] == '.' &&
        run_of(text.substr(end + 1), is_base64url) >= 4) {
      return true;
    }
    at = text.find("eyJ", end);
  }
  return false;
}

// Read generously: what is no `%XX` is itself.
std::string percent_undone(std::string_view text) {
  std::string undone;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? http::hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? http::hex_value(text[i + 2]) : -1;
    undone += low >= 0 ? static_cast<char>(high * 16 + low) : text[i];
    if (low >= 0) i += 2;
  }
  return undone;
}

}  // namespace

bool holds_credential(std::string_view text) {
  return holds_plain_credential(text) || (text.contains('%') && holds_plain_credential(percent_undone(text)));
}

}  // namespace gatehouse::gate
