// RFC 3986 (URI), RFC 3987 (IRI), RFC 6570 (URI templates).
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/strings.h"
#include "schema/format.h"
#include "schema/utf8.h"

namespace gatehouse::schema {
namespace {

enum class UriAlphabet : std::uint8_t { uri, iri };

bool is_alpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

// Which characters may stand where: one bit for each place that has its own.
enum Allowed : std::uint8_t {
  kAnywhere = 1,  // unreserved characters and sub-delimiters
  kColon = 2,
  kAt = 4,
  kSlash = 8,
  kQuestionMark = 16,
  kInScheme = 32,
};
constexpr std::uint8_t kInPath = kAnywhere | kColon | kAt | kSlash;
constexpr std::uint8_t kBehindPath = kInPath | kQuestionMark;

constexpr auto kAllowed = [] {
  std::array<std::uint8_t, 256> allowed{};
  const auto add = [&](std::string_view characters, std::uint8_t places) {
    for (const char c : characters) allowed[static_cast<unsigned char>(c)] |= places;
  };
  add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", kAnywhere | kInScheme);
  add("-._~!$&'()*+,;=", kAnywhere);
  add("+-.", kInScheme);
  add(":", kColon);
  add("@", kAt);
  add("/", kSlash);
  add("?", kQuestionMark);
  return allowed;
}();

bool allows(std::uint8_t places, char c) { return (kAllowed[static_cast<unsigned char>(c)] & places) != 0; }

bool is_ucschar(std::uint32_t c) {
  if (c < 0xA0) return false;
  if (c <= 0xD7FF || (c >= 0xF900 && c <= 0xFDCF) || (c >= 0xFDF0 && c <= 0xFFEF)) return true;
  return c >= 0x10000 && c <= 0xEFFFD && (c & 0xFFFFU) <= 0xFFFDU && !(c >= 0xE0000 && c < 0xE1000);
}

bool is_iprivate(std::uint32_t c) {
  return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && c <= 0xFFFFD) || (c >= 0x100000 && c <= 0x10FFFD);
}

enum class Private : std::uint8_t { no, yes };

// Sixteen bytes at once, by the arithmetic that every processor has for them.
using Block = unsigned char __attribute__((vector_size(16)));

// Whether all are allowed in a path; most of an address is.
bool block_in_path(const char* text) {
  Block block;
  std::memcpy(&block, text, sizeof(block));
  const Block letters = (block | 0x20) - 'a';
  const Block digits_and_marks = block - '&';  // & ' ( ) * + , - . / 0-9 : ;
  const auto allowed = (letters < 26) | (digits_and_marks <= ';' - '&') | (block == '=') | (block == '_') |
                       (block == '~') | (block == '!') | (block == '$') | (block == '@');
  std::uint64_t halves[2];
  std::memcpy(halves, &allowed, sizeof(halves));
  return (halves[0] & halves[1]) == ~std::uint64_t{0};
}

// The place of the first character after `at` that is not allowed there; escapes are, and in an IRI all
// non-ASCII characters.
std::size_t skip(std::string_view text, std::size_t at, std::uint8_t places, UriAlphabet alphabet,
                 Private privates = Private::no) {
  while (true) {
    if ((places & kInPath) == kInPath) {
      while (text.size() - at >= sizeof(Block) && block_in_path(text.data() + at)) at += sizeof(Block);
    }
    while (at < text.size() && allows(places, text[at])) ++at;
    if (at == text.size()) return at;
    if (text[at] == '%') {
      if (at + 2 >= text.size() || !is_hex_digit(text[at + 1]) || !is_hex_digit(text[at + 2])) return at;
      at += 3;
      continue;
    }
    if (static_cast<unsigned char>(text[at]) < 0x80 || alphabet == UriAlphabet::uri) return at;
    std::size_t behind = at;
    const std::uint32_t code = next_code_point(text, behind);
    if (!is_ucschar(code) && !(privates == Private::yes && is_iprivate(code))) return at;
    at = behind;
  }
}

bool consists_of(std::string_view text, std::uint8_t places, UriAlphabet alphabet) {
  return skip(text, 0, places, alphabet) == text.size();
}

bool is_ip_literal(std::string_view text) {
  if ((text.front() | 0x20) != 'v') return is_ipv6(text);
  text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  if (dot == text.npos || dot == 0 || dot + 1 == text.size()) return false;
  const auto hex = text.substr(0, dot);
  return std::all_of(hex.begin(), hex.end(), is_hex_digit) && text.find('%') == text.npos &&
         consists_of(text.substr(dot + 1), kAnywhere | kColon, UriAlphabet::uri);
}

bool is_authority(std::string_view text, UriAlphabet alphabet) {
  if (const std::size_t at = text.find('@'); at != text.npos) {
    if (!consists_of(text.substr(0, at), kAnywhere | kColon, alphabet)) return false;
    text.remove_prefix(at + 1);
  }
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || end == 1 || !is_ip_literal(text.substr(1, end - 1))) return false;
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return false;
  } else {
    const std::size_t end = std::min(text.find(':'), text.size());
    if (!consists_of(text.substr(0, end), kAnywhere, alphabet)) return false;
    text.remove_prefix(end);
  }
  if (text.empty()) return true;
  text.remove_prefix(1);
  return std::all_of(text.begin(), text.end(), is_digit);
}

enum class Needs : std::uint8_t { scheme, nothing };

bool is_reference(std::string_view text, UriAlphabet alphabet, Needs needs) {
  std::size_t at = 0;
  while (at < text.size() && allows(kInScheme, text[at])) ++at;
  const bool scheme = at > 0 && at < text.size() && text[at] == ':' && is_alpha(text.front());
  if (!scheme && needs == Needs::scheme) return false;
  at = scheme ? at + 1 : 0;
  if (text.substr(at).starts_with("//")) {
    at += 2;
    const auto ends = [&](std::size_t i) {
      return i == text.size() || text[i] == '/' || text[i] == '?' || text[i] == '#';
    };
    std::size_t end = skip(text, at, kAnywhere, alphabet);
    if (!ends(end)) {  // more than a name
      while (!ends(end)) ++end;
      if (!is_authority(text.substr(at, end - at), alphabet)) return false;
    }
    at = end;
  } else if (!scheme) {
    // The first segment must not look as if it began with a scheme.
    at = skip(text, at, kAnywhere | kAt, alphabet);
    if (at < text.size() && text[at] == ':') return false;
  }
  at = skip(text, at, kInPath, alphabet);
  if (at < text.size() && text[at] == '?') at = skip(text, at + 1, kBehindPath, alphabet, Private::yes);
  if (at < text.size() && text[at] == '#') at = skip(text, at + 1, kBehindPath, alphabet);
  return at == text.size();
}

// RFC 6570, section 2.3.
bool is_variable_list(std::string_view text) {
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view variable = text.substr(0, comma);
    if (variable.ends_with('*')) {
      variable.remove_suffix(1);
    } else if (const std::size_t colon = variable.find(':'); colon != variable.npos) {
      const std::string_view length = variable.substr(colon + 1);
      if (length.empty() || length.size() > 4 || length.front() == '0') return false;
      if (!std::all_of(length.begin(), length.end(), is_digit)) return false;
      variable = variable.substr(0, colon);
    }
    bool dot = true;
    for (std::size_t i = 0; i < variable.size(); ++i) {
      const char c = variable[i];
      if (c == '.') {
        if (dot) return false;
        dot = true;
        continue;
      }
      dot = false;
      if (is_alpha(c) || is_digit(c) || c == '_') continue;
      if (c != '%' || i + 2 >= variable.size() || !is_hex_digit(variable[i + 1]) ||
          !is_hex_digit(variable[i + 2]))
        return false;
      i += 2;
    }
    if (dot) return false;
    if (comma == text.size()) return true;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

bool is_uri(std::string_view text) { return is_reference(text, UriAlphabet::uri, Needs::scheme); }
bool is_uri_reference(std::string_view text) { return is_reference(text, UriAlphabet::uri, Needs::nothing); }
bool is_iri(std::string_view text) { return is_reference(text, UriAlphabet::iri, Needs::scheme); }
bool is_iri_reference(std::string_view text) { return is_reference(text, UriAlphabet::iri, Needs::nothing); }

bool is_uri_template(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '{') {
      const std::size_t end = text.find('}', i);
      if (end == text.npos) return false;
      std::string_view expression = text.substr(i + 1, end - i - 1);
      // Operators, with those reserved for extensions.
      if (!expression.empty() &&
          std::string_view("+#./;?&=,!@|").find(expression.front()) != std::string_view::npos) {
        expression.remove_prefix(1);
      }
      if (!is_variable_list(expression)) return false;
      i = end;
      continue;
    }
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex_digit(text[i + 1]) || !is_hex_digit(text[i + 2])) return false;
      i += 2;
      continue;
    }
    // Section 2.1, with the apostrophe that erratum 6937 gives back.
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7F ||
        std::string_view("\"<>\\^`|}").find(c) != std::string_view::npos) {
      return false;
    }
    if (static_cast<unsigned char>(c) < 0x80) continue;
    const std::uint32_t code = next_code_point(text, i);
    --i;
    if (!is_ucschar(code) && !is_iprivate(code)) return false;
  }
  return true;
}

}  // namespace gatehouse::schema
