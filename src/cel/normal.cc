#include "cel/normal.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <idn2.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/utf8.h"
#include "cel/text.h"

namespace gatehouse::cel {
namespace {

struct Free {
  void operator()(std::uint8_t* memory) const { std::free(memory); }
};
using Owned = std::unique_ptr<std::uint8_t, Free>;

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// The result of libunistring's `change` on the text; the text itself if that fails.
template <typename Change>
std::string changed(std::string_view text, Change change) {
  if (!is_utf8(text)) return std::string(text);
  std::size_t size = 0;
  const Owned out(change(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), &size));
  return out ? std::string(reinterpret_cast<const char*>(out.get()), size) : std::string(text);
}

std::string compatible(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  return changed(text, [](const std::uint8_t* from, std::size_t size, std::size_t* length) {
    return u8_normalize(UNINORM_NFKC, from, size, nullptr, length);
  });
}

std::string folded_compatible(std::string_view text) {
  return changed(text, [](const std::uint8_t* from, std::size_t size, std::size_t* length) {
    return u8_casefold(from, size, nullptr, UNINORM_NFKC, nullptr, length);
  });
}

// Without Unicode's Default_Ignorable_Code_Points: soft hyphens, joiners, variation selectors.
std::string without_ignorable(std::string_view text) {
  std::string out;
  const auto* at = reinterpret_cast<const std::uint8_t*>(text.data());
  for (std::size_t left = text.size(); left > 0;) {
    ucs4_t character = 0;
    const int size = u8_mbtouc(&character, at, left);
    if (!uc_is_property_default_ignorable_code_point(character))
      out.append(reinterpret_cast<const char*>(at), static_cast<std::size_t>(size));
    at += size;
    left -= static_cast<std::size_t>(size);
  }
  return out;
}

// For the trim of some language: Unicode's White_Space, control characters (Java), U+FEFF (JavaScript), and
// other ignorable characters.
bool is_space_at_an_end(ucs4_t character) {
  return character <= ' ' || uc_is_property_white_space(character) ||
         uc_is_property_default_ignorable_code_point(character);
}

std::string_view trimmed(std::string_view text) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto* last = first + text.size();
  ucs4_t character = 0;
  while (first != last) {
    const int size = u8_mbtouc(&character, first, static_cast<std::size_t>(last - first));
    if (!is_space_at_an_end(character)) break;
    first += size;
  }
  while (first != last) {
    const std::uint8_t* const before = u8_prev(&character, last, first);
    if (before == nullptr || !is_space_at_an_end(character)) break;
    last = before;
  }
  return {reinterpret_cast<const char*>(first), static_cast<std::size_t>(last - first)};
}

std::string domain_key(std::string_view domain) {
  while (domain.ends_with('.')) domain.remove_suffix(1);
  std::string folded = lower(domain);
  constexpr std::size_t kLongest = 1012;  // 253 characters of four bytes
  if (is_plain(folded) || folded.size() > kLongest || folded.contains('\0')) return folded;
  char* ascii = nullptr;
  const int status = idn2_to_ascii_8z(folded.c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Owned owned(reinterpret_cast<std::uint8_t*>(ascii));
  return status == IDN2_OK && ascii != nullptr ? std::string(ascii) : folded;
}

}  // namespace

std::string lower(std::string_view text) {
  if (is_plain(text)) {
    std::string out(text);
    for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    return out;
  }
  // Twice: the NFKC form of a character may have a case (a bold A), and separate characters may join after an
  // ignorable one is removed.
  const std::string once = without_ignorable(folded_compatible(text));
  return without_ignorable(folded_compatible(once));
}

void append_key(std::string& out, const Value& value) {
  if (value.is(Value::Kind::number) && value.number() == 0) {
    out += '0';  // and not -0
    return;
  }
  if (!value.is(Value::Kind::string)) return append_text(out, value);
  const std::string normal = compatible(value.text());
  const std::string_view text = trimmed(normal);
  const std::size_t at = text.rfind('@');
  if (at == text.npos) {
    out += text;
    return;
  }
  out.append(text.substr(0, at + 1)).append(domain_key(text.substr(at + 1)));
}

}  // namespace gatehouse::cel
