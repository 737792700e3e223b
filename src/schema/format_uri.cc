// RFC 3986 (URI), RFC 3987 (IRI), RFC 6570 (URI templates).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schema/format.h"
#include "schema/uri.h"
#include "schema/utf8.h"

namespace gatehouse::schema {
namespace {

enum class Alphabet : std::uint8_t { uri, iri };

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alpha(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
bool is_hex(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); }
bool is_unreserved(char c) {
  return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}
bool is_sub_delimiter(char c) { return std::string_view("!$&'()*+,;=").find(c) != std::string_view::npos; }

bool is_ucschar(std::uint32_t c) {
  if (c < 0xA0) return false;
  if (c <= 0xD7FF || (c >= 0xF900 && c <= 0xFDCF) || (c >= 0xFDF0 && c <= 0xFFEF)) return true;
  return c >= 0x10000 && c <= 0xEFFFD && (c & 0xFFFFU) <= 0xFFFDU && !(c >= 0xE0000 && c < 0xE1000);
}

bool is_iprivate(std::uint32_t c) {
  return (c >= 0xE000 && c <= 0xF8FF) || (c >= 0xF0000 && c <= 0xFFFFD) || (c >= 0x100000 && c <= 0x10FFFD);
}

enum class Private : std::uint8_t { no, yes };

// Unreserved characters, sub-delimiters, escapes, and those in `more`.
bool consists_of(std::string_view text, std::string_view more, Alphabet alphabet,
                 Private privates = Private::no) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (is_unreserved(c) || is_sub_delimiter(c) || more.find(c) != more.npos) continue;
    if (c == '%') {
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
      i += 2;
      continue;
    }
    if (static_cast<unsigned char>(c) < 0x80 || alphabet == Alphabet::uri) return false;
    const std::uint32_t code = next_code_point(text, i);
    --i;
    if (!is_ucschar(code) && !(privates == Private::yes && is_iprivate(code))) return false;
  }
  return true;
}

bool is_scheme(std::string_view text) {
  if (text.empty() || !is_alpha(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alpha(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
}

bool is_ip_literal(std::string_view text) {
  if ((text.front() | 0x20) != 'v') return is_ipv6(text);
  text.remove_prefix(1);
  const std::size_t dot = text.find('.');
  if (dot == text.npos || dot == 0 || dot + 1 == text.size()) return false;
  const auto hex = text.substr(0, dot);
  return std::all_of(hex.begin(), hex.end(), is_hex) && text.find('%') == text.npos &&
         consists_of(text.substr(dot + 1), ":", Alphabet::uri);
}

bool is_authority(std::string_view text, Alphabet alphabet) {
  if (const std::size_t at = text.find('@'); at != text.npos) {
    if (!consists_of(text.substr(0, at), ":", alphabet)) return false;
    text.remove_prefix(at + 1);
  }
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || end == 1 || !is_ip_literal(text.substr(1, end - 1))) return false;
    text.remove_prefix(end + 1);
    if (!text.empty() && text.front() != ':') return false;
  } else {
    const std::size_t end = std::min(text.find(':'), text.size());
    if (!consists_of(text.substr(0, end), {}, alphabet)) return false;
    text.remove_prefix(end);
  }
  if (text.empty()) return true;
  text.remove_prefix(1);
  return std::all_of(text.begin(), text.end(), is_digit);
}

enum class Needs : std::uint8_t { scheme, nothing };

bool is_reference(std::string_view text, Alphabet alphabet, Needs needs) {
  const UriParts parts = split_uri(text);
  if (parts.scheme ? !is_scheme(*parts.scheme) : needs == Needs::scheme) return false;
  if (parts.authority && !is_authority(*parts.authority, alphabet)) return false;
  if (!consists_of(parts.path, "/:@", alphabet)) return false;
  // Without scheme and authority the first segment must not look like a scheme.
  if (!parts.scheme && !parts.authority) {
    const std::string_view first = parts.path.substr(0, parts.path.find('/'));
    if (first.find(':') != first.npos) return false;
  }
  if (parts.query && !consists_of(*parts.query, "/?:@", alphabet, Private::yes)) return false;
  return !parts.fragment || consists_of(*parts.fragment, "/?:@", alphabet);
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
      if (c != '%' || i + 2 >= variable.size() || !is_hex(variable[i + 1]) || !is_hex(variable[i + 2]))
        return false;
      i += 2;
    }
    if (dot) return false;
    if (comma == text.size()) return true;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

bool is_uri(std::string_view text) { return is_reference(text, Alphabet::uri, Needs::scheme); }
bool is_uri_reference(std::string_view text) { return is_reference(text, Alphabet::uri, Needs::nothing); }
bool is_iri(std::string_view text) { return is_reference(text, Alphabet::iri, Needs::scheme); }
bool is_iri_reference(std::string_view text) { return is_reference(text, Alphabet::iri, Needs::nothing); }

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
      if (i + 2 >= text.size() || !is_hex(text[i + 1]) || !is_hex(text[i + 2])) return false;
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
