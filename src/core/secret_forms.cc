#include "core/secret_forms.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "base/strings.h"
#include "http/characters.h"

namespace gatehouse {
namespace {

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}
bool is_base64url(char c) { return is_alphanumeric(c) || c == '-' || c == '_'; }
std::uint32_t base64url_value(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<std::uint32_t>(c - 'a') + 26;
  if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0') + 52;
  return c == '-' ? 62 : 63;
}

template <typename Is>
std::size_t run_of(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, is) - text.begin());
}

// `gh_<12>_<33 and more>`; half of the secret is enough. Its length if the text begins with one, else 0. The
// examined part contains no `gh_`, so checking at each of them is linear.
std::size_t api_key_length(std::string_view text) {
  constexpr std::size_t kId = 12;
  constexpr std::size_t kHalfSecret = 16;
  constexpr std::size_t kBefore = 3 + kId + 1;
  if (text.size() < kBefore || run_of(text.substr(3), is_alphanumeric) != kId || text[kBefore - 1] != '_')
    return 0;
  const std::size_t secret = run_of(text.substr(kBefore), is_alphanumeric);
  return secret >= kHalfSecret ? kBefore + secret : 0;
}

// Whether the text is the beginning of a JSON object in base64url. White space is permitted before and behind
// the brace (RFC 8259 section 2); of a well-known `{"` it is `eyJ`.
constexpr std::string_view kFirstSigns = "eICD";  // of `{`, of a blank, of a tab or line feed, of a return
bool begins_object(std::string_view text) {
  constexpr std::size_t kMost = 64;  // more white space than any signer writes
  bool opened = false;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text.substr(0, kMost)) {
    if (!is_base64url(c)) return false;
    bits = bits << 6U | base64url_value(c);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    switch (static_cast<char>(bits >> static_cast<unsigned>(count) & 0xffU)) {
      case ' ':
      case '\t':
      case '\n':
      case '\r': break;
      case '{':
        if (opened) return false;
        opened = true;
        break;
      case '"': return opened;
      default: return false;
    }
  }
  return false;
}

// The header is followed by at least one more part. `header`: how far the search has looked in any case.
struct TokenLength {
  std::size_t header = 0;
  std::size_t whole = 0;  // 0: none
};
TokenLength token_length(std::string_view text) {
  constexpr std::size_t kShortest = 16;  // {"alg":"ES256"} has 20
  TokenLength length{.header = run_of(text, is_base64url)};
  if (length.header < kShortest || length.header == text.size() || text[length.header] != '.') return length;
  if (run_of(text.substr(length.header + 1), is_base64url) < 4) return length;
  length.whole = run_of(text, [](char c) { return is_base64url(c) || c == '.'; });
  return length;
}

// Calls `found(at, length)` for each; stops where that says so.
enum class Search : std::uint8_t { goes_on, ends };
template <typename Found>
void for_each_credential(std::string_view text, Found&& found) {
  for (auto at = text.find("gh_"); at != std::string_view::npos;) {
    const std::size_t length = api_key_length(text.substr(at));
    if (length > 0 && found(at, length) == Search::ends) return;
    at = text.find("gh_", at + std::max<std::size_t>(length, 3));
  }
  if (!text.contains('.')) return;  // between the parts of a token
  for (const char first : kFirstSigns) {
    for (auto at = text.find(first); at != std::string_view::npos;) {
      const std::string_view rest = text.substr(at);
      const TokenLength length = begins_object(rest) ? token_length(rest) : TokenLength{.header = 1};
      if (length.whole > 0 && found(at, length.whole) == Search::ends) return;
      at = text.find(first, at + std::max(length.header, length.whole));
    }
  }
}

bool holds_plain_credential(std::string_view text) {
  bool any = false;
  for_each_credential(text, [&any](std::size_t, std::size_t) {
    any = true;
    return Search::ends;
  });
  return any;
}

// Lenient: a part that is not `%XX` is itself.
struct Undone {
  explicit Undone(std::string_view written) {
    for (std::size_t i = 0; i < written.size(); ++i) {
      const int high = written[i] == '%' && i + 2 < written.size() ? http::hex_value(written[i + 1]) : -1;
      const int low = high >= 0 ? http::hex_value(written[i + 2]) : -1;
      text += low >= 0 ? static_cast<char>(high * 16 + low) : written[i];
      places.push_back(i);
      if (low >= 0) i += 2;
    }
    places.push_back(written.size());
  }
  std::string text;
  std::vector<std::size_t> places;  // the places of its bytes in the original, and of the end
};

}  // namespace

bool holds_credential(std::string_view text) {
  return holds_plain_credential(text) || (text.contains('%') && holds_plain_credential(Undone(text).text));
}

std::string without_credentials(std::string_view text) {
  constexpr std::string_view kMark = "[redacted]";
  struct Run {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  std::vector<Run> runs;
  for_each_credential(text, [&runs](std::size_t at, std::size_t length) {
    runs.push_back({at, at + length});
    return Search::goes_on;
  });
  if (text.contains('%')) {
    const Undone undone(text);
    for_each_credential(undone.text, [&](std::size_t at, std::size_t length) {
      runs.push_back({undone.places[at], undone.places[at + length]});
      return Search::goes_on;
    });
  }
  std::ranges::sort(runs, {}, &Run::begin);
  std::string clean;
  std::size_t done = 0;
  for (const Run& run : runs) {
    if (run.begin >= done) clean.append(text.substr(done, run.begin - done)).append(kMark);
    done = std::max(done, run.end);
  }
  return clean.append(text.substr(done));
}

}  // namespace gatehouse
