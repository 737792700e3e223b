#include "cel/normal.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

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
  // Resolvers and mail servers read U+3002 as a dot; NFKC has made it of U+FF61. The final dots go last: what
  // lower() removes may have stood behind one.
  constexpr std::string_view kIdeographicFullStop = "\u3002";
  std::string folded = lower(domain);
  for (std::size_t at = 0; (at = folded.find(kIdeographicFullStop, at)) != folded.npos;)
    folded.replace(at, kIdeographicFullStop.size(), ".");
  while (folded.ends_with('.')) folded.pop_back();
  constexpr std::size_t kLongest = 1012;  // 253 characters of four bytes
  if (is_plain(folded) || folded.size() > kLongest || folded.contains('\0')) return folded;
  char* ascii = nullptr;
  const int status = idn2_to_ascii_8z(folded.c_str(), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const Owned owned(reinterpret_cast<std::uint8_t*>(ascii));
  return status == IDN2_OK && ascii != nullptr ? std::string(ascii) : folded;
}

void append_normal(std::string& out, std::string_view written) {
  const std::string normal = compatible(written);
  const std::string_view text = trimmed(normal);
  const std::size_t at = text.rfind('@');
  if (at == text.npos) {
    out += text;
    return;
  }
  out.append(text.substr(0, at + 1)).append(domain_key(text.substr(at + 1)));
}

// Each member with its size before it, so that no text looks like the end of one. The order of a map's
// members is the client's choice and does not count.
void append_members(std::string& out, const Value& value) {
  const bool map = value.is(Value::Kind::map);
  const auto append = [](std::string& to, const Value& one) {
    std::string text;
    append_key(text, one);
    to.append(std::to_string(text.size())).append(one.is(Value::Kind::string) ? "\"" : ":").append(text);
  };
  std::vector<std::string> members;
  for (Cursor cursor(value); cursor.next();) {
    std::string& member = members.emplace_back();
    if (map) append(member, cursor.key());
    append(member, cursor.value());
  }
  if (map) std::ranges::sort(members);
  out += map ? '{' : '[';
  for (const std::string& member : members) out += member;
  out += map ? '}' : ']';
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
  switch (value.kind()) {
    case Value::Kind::number:
      if (value.number() == 0) {
        out += '0';  // and not -0
        return;
      }
      break;
    case Value::Kind::string: return append_normal(out, value.text());
    case Value::Kind::list:
    case Value::Kind::map: return append_members(out, value);
    default: break;
  }
  append_text(out, value);
}

}  // namespace gatehouse::cel
