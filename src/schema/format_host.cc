// Names of hosts and mailboxes: RFC 1123 (hostname), RFC 5890 to 5893 (IDNA 2008), RFC 5321 and 6531
// (e-mail), RFC 2673 (IPv4 in text), RFC 4291 (IPv6 in text).
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <idn2.h>

#include "base/strings.h"
#include "schema/format.h"
#include "schema/utf8.h"

namespace gatehouse::schema {
namespace {

constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kLongestHost = 253;

bool is_alphanumeric(char c) { return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

struct Idn2Free {
  void operator()(std::uint8_t* bytes) const { idn2_free(bytes); }
};
using Idn2Text = std::unique_ptr<std::uint8_t, Idn2Free>;

// RFC 5891, section 4.2, with the contextual rules of RFC 5892 and the Bidi rule of RFC 5893.
std::optional<std::string> a_label(std::string_view u_label) {
  if (u_label.contains('\0')) return std::nullopt;  // libidn2 reads up to there, and no further
  std::uint8_t* out = nullptr;
  const std::string input(u_label);
  const int status = idn2_register_u8(reinterpret_cast<const std::uint8_t*>(input.c_str()), nullptr, &out, 0);
  const Idn2Text owned(out);
  if (status != IDN2_OK || !out) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(out));
}

bool starts_with_ace(std::string_view label) {
  return label.size() >= 4 && (label[0] | 0x20) == 'x' && (label[1] | 0x20) == 'n' && label[2] == '-' &&
         label[3] == '-';
}

// An A-label must be the encoding of its own U-label.
bool is_a_label(std::string_view label) {
  std::string lower(label);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  char* decoded = nullptr;
  const int status = idn2_to_unicode_8z8z(lower.c_str(), &decoded, 0);
  const Idn2Text owned(reinterpret_cast<std::uint8_t*>(decoded));
  if (status != IDN2_OK || !decoded || is_ascii(decoded)) return false;
  return a_label(decoded) == lower;
}

// Letters, digits and hyphens, no hyphen at the ends.
bool is_ldh_label(std::string_view label) {
  if (label.empty() || label.size() > kLongestLabel || label.front() == '-' || label.back() == '-')
    return false;
  return std::all_of(label.begin(), label.end(), [](char c) { return is_alphanumeric(c) || c == '-'; });
}

std::vector<std::uint32_t> decode_code_points(std::string_view text) {
  std::vector<std::uint32_t> out;
  for (std::size_t i = 0; i < text.size();) out.push_back(next_code_point(text, i));
  return out;
}

// The rules of RFC 5892, appendix A, that depend on the neighbours. libidn2 knows most; this knows all.
bool context_holds(std::string_view label) {
  const auto codes = decode_code_points(label);
  const auto between = [](std::uint32_t c, std::uint32_t first, std::uint32_t last) {
    return c >= first && c <= last;
  };
  const auto any = [&](auto is) { return std::any_of(codes.begin(), codes.end(), is); };
  const bool kana = any([&](std::uint32_t c) {
    return between(c, 0x3041, 0x3096) || between(c, 0x309D, 0x309F) || between(c, 0x30A1, 0x30FA) ||
           between(c, 0x30FD, 0x30FF) || between(c, 0x31F0, 0x31FF) || between(c, 0x3400, 0x4DBF) ||
           between(c, 0x4E00, 0x9FFF) || between(c, 0xF900, 0xFAFF) || between(c, 0x20000, 0x3134F) ||
           c == 0x3005 || c == 0x3007;
  });
  const bool arabic_indic = any([&](std::uint32_t c) { return between(c, 0x660, 0x669); });
  const bool extended = any([&](std::uint32_t c) { return between(c, 0x6F0, 0x6F9); });
  if (arabic_indic && extended) return false;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const std::uint32_t before = i > 0 ? codes[i - 1] : 0;
    const std::uint32_t after = i + 1 < codes.size() ? codes[i + 1] : 0;
    switch (codes[i]) {
      case 0xB7:
        if (before != 'l' || after != 'l') return false;
        break;
      case 0x375:
        if (!between(after, 0x370, 0x3FF) && !between(after, 0x1F00, 0x1FFF)) return false;
        break;
      case 0x5F3:
      case 0x5F4:
        if (!between(before, 0x591, 0x5F4)) return false;
        break;
      case 0x30FB:
        if (!kana) return false;
        break;
      // Disallowed by RFC 5892's exceptions, independent of the Unicode version of a table.
      case 0x640:
      case 0x7FA:
      case 0x302E:
      case 0x302F:
      case 0x3031:
      case 0x3032:
      case 0x3033:
      case 0x3034:
      case 0x3035:
      case 0x303B: return false;
      default: break;
    }
  }
  return true;
}

bool is_u_label(std::string_view label, std::size_t& encoded) {
  if (!context_holds(label)) return false;
  const auto ace = a_label(label);
  if (!ace || ace->size() > kLongestLabel) return false;
  encoded = ace->size();
  return true;
}

bool is_atext(unsigned char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-/=?^_`{|}~";
  return is_alphanumeric(static_cast<char>(c)) || kOthers.find(static_cast<char>(c)) != kOthers.npos;
}

enum class LocalPartAlphabet : std::uint8_t { ascii, unicode };

bool is_local_part(std::string_view text, LocalPartAlphabet alphabet) {
  if (text.empty() || text.size() > 64) return false;
  const auto beyond = [&](unsigned char c) { return c >= 0x80 && alphabet == LocalPartAlphabet::unicode; };
  if (text.front() != '"') {
    bool dot = true;  // none may come now
    for (const char c : text) {
      if (c == '.') {
        if (dot) return false;
        dot = true;
        continue;
      }
      dot = false;
      if (!is_atext(static_cast<unsigned char>(c)) && !beyond(static_cast<unsigned char>(c))) return false;
    }
    return !dot;
  }
  if (text.size() < 2 || text.back() != '"') return false;
  text = text.substr(1, text.size() - 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    if (c == '"') return false;
    if (c == '\\') {
      if (++i == text.size()) return false;
      c = static_cast<unsigned char>(text[i]);
    }
    if ((c < 0x20 || c > 0x7E) && !beyond(c)) return false;
  }
  return true;
}

bool is_mailbox(std::string_view text, LocalPartAlphabet alphabet) {
  constexpr std::size_t kLongest = 254;
  if (text.size() > kLongest) return false;
  const std::size_t at = text.rfind('@');
  if (at == text.npos || !is_local_part(text.substr(0, at), alphabet)) return false;
  std::string_view domain = text.substr(at + 1);
  if (domain.starts_with('[') && domain.ends_with(']')) {
    domain = domain.substr(1, domain.size() - 2);
    constexpr std::string_view kTag = "IPv6:";  // in any case, as every literal of an ABNF
    const bool tagged = equal_ignoring_case(domain.substr(0, kTag.size()), kTag);
    return tagged ? is_ipv6(domain.substr(kTag.size())) : is_ipv4(domain);
  }
  return alphabet == LocalPartAlphabet::ascii ? is_hostname(domain) : is_idn_hostname(domain);
}

}  // namespace

bool is_hostname(std::string_view text) {
  if (text.empty() || text.size() > kLongestHost) return false;
  while (true) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view label = text.substr(0, end);
    if (!is_ldh_label(label) || (starts_with_ace(label) && !is_a_label(label))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

bool is_idn_hostname(std::string_view text) {
  constexpr std::string_view kDots[] = {".", "\u3002", "\uFF0E", "\uFF61"};
  // Each label's encoding is at least as long as its code points are many, and each of those has four bytes
  // at most.
  if (text.size() > kLongestHost * 4) return false;
  std::size_t total = 0;
  while (true) {
    std::size_t end = text.size();
    std::size_t dot = 0;
    for (const std::string_view candidate : kDots) {
      const std::size_t found = text.find(candidate);
      if (found < end) {
        end = found;
        dot = candidate.size();
      }
    }
    const std::string_view label = text.substr(0, end);
    if (label.empty()) return false;
    std::size_t encoded = label.size();
    if (is_ascii(label)) {
      if (!is_ldh_label(label)) return false;
      if (starts_with_ace(label)) {
        if (!is_a_label(label)) return false;
      } else if (label.size() >= 4 && label[2] == '-' && label[3] == '-') {
        return false;  // reserved (RFC 5890, 2.3.1)
      }
    } else if (!is_u_label(label, encoded)) {
      return false;
    }
    total += encoded;
    if (end == text.size()) return total <= kLongestHost;
    ++total;
    text.remove_prefix(end + dot);
  }
}

bool is_email(std::string_view text) { return is_ascii(text) && is_mailbox(text, LocalPartAlphabet::ascii); }
bool is_idn_email(std::string_view text) { return is_mailbox(text, LocalPartAlphabet::unicode); }

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    std::size_t digits = 0;
    int value = 0;
    while (digits < text.size() && digits < 4 && is_digit(text[digits]))
      value = value * 10 + (text[digits++] - '0');
    if (digits == 0 || digits > 3 || value > 255 || (digits > 1 && text.front() == '0')) return false;
    text.remove_prefix(digits);
    if (part == 3) break;
    if (!text.starts_with('.')) return false;
    text.remove_prefix(1);
  }
  return text.empty();
}

bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const std::size_t end = std::min(text.find(':'), text.size());
    const std::string_view group = text.substr(0, end);
    if (group.find('.') != group.npos) {
      groups += 2;
      return end == text.size() && is_ipv4(group) && (gap ? groups < 8 : groups == 8);
    }
    const bool hex = std::all_of(group.begin(), group.end(), [](char c) {
      return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
    });
    if (group.empty() || group.size() > 4 || !hex || ++groups > 8) return false;
    text.remove_prefix(end);
    if (text.empty()) return gap ? groups < 8 : groups == 8;
    text.remove_prefix(1);
    if (text.starts_with(':')) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(1);
      if (text.empty()) return groups < 8;
    }
  }
}

}  // namespace gatehouse::schema
