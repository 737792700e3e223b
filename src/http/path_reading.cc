#include "http/path_reading.h"

#include <algorithm>

#include "base/strings.h"
#include "base/utf8.h"
#include "http/characters.h"

namespace gatehouse::http {
namespace {

// Digits, small letters, `-` and `_`: nothing to decode, to cut, or to write in another case.
bool reads_as_itself(char c) { return (c >= 'a' && c <= 'z') || is(c, kDigit) || c == '-' || c == '_'; }

void decode_once(std::string_view raw, std::string& out) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const int high = raw[i] == '%' && raw.size() - i > 2 ? hex_value(raw[i + 1]) : -1;
    const int low = high < 0 ? -1 : hex_value(raw[i + 2]);
    if (low < 0) {
      out += raw[i];
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
}

// Repeats while there is something to decode: a decoded character may complete another escape.
void decode_wholly(std::string_view raw, std::string& out) {
  for (const char c : raw) {
    out += c;
    for (;;) {
      const std::size_t n = out.size();
      if (n < 3 || out[n - 3] != '%') break;
      const int high = hex_value(out[n - 2]);
      const int low = hex_value(out[n - 1]);
      if (high < 0 || low < 0) break;
      out.resize(n - 3);
      out += static_cast<char>(high * 16 + low);
    }
  }
}

// The ASCII character for which some reader takes this one: white space that is trimmed, letters that meet in
// the other case (Java, ICU), full-width forms (Windows' best fit). 0: itself.
char plain_character(char32_t code) {
  if (code == 0x85 || code == 0xA0 || code == 0x1680 || (code >= 0x2000 && code <= 0x200B) ||
      code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000 ||
      code == 0xFEFF) {
    return ' ';
  }
  if (code == 0x130 || code == 0x131) return 'i';
  if (code == 0x17F) return 's';
  if (code == 0x212A) return 'k';
  const bool letter = (code >= 0xFF10 && code <= 0xFF19) || (code >= 0xFF21 && code <= 0xFF3A) ||
                      (code >= 0xFF41 && code <= 0xFF5A) || code == 0xFF0E;
  return letter ? static_cast<char>(code - 0xFF01 + 0x21) : '\0';
}

void make_plain(std::string& text) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < text.size();) {
    const auto [code, size] = first_character(std::string_view(text).substr(from));
    const char plain = size > 1 ? plain_character(code) : '\0';
    if (plain != '\0') {
      text[to++] = plain;
      from += size;
      continue;
    }
    for (std::size_t i = 0; i < std::max<std::size_t>(size, 1); ++i) text[to++] = text[from++];
  }
  text.resize(to);
}

}  // namespace

SegmentReading::SegmentReading(std::string_view raw, PathReading reading) : cuts_(reading.cuts), text_(raw) {
  if (std::ranges::all_of(raw, reads_as_itself)) return;
  own_.reserve(raw.size());
  if (cuts_ == PathCuts::exact) {
    decode_once(raw, own_);
  } else {
    decode_wholly(raw, own_);
    if (!std::ranges::all_of(own_, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
      make_plain(own_);
    own_.erase(0, std::min(own_.find_first_not_of(' '), own_.size()));
  }
  if (reading.letters != LetterCase::sensitive) std::ranges::transform(own_, own_.begin(), ascii_lower);
  text_ = own_;
}

bool SegmentReading::leaves_segment() const {
  if (cuts_ == PathCuts::exact) return false;
  if (text_.find_first_of("/\\") != std::string_view::npos) return true;
  const auto behind_dots = text_.find_first_not_of('.');
  return text_.starts_with('.') &&
         (behind_dots == std::string_view::npos ? text_.size() <= 2
                                                : behind_dots <= 2 && text_[behind_dots] == ';');
}

}  // namespace gatehouse::http
