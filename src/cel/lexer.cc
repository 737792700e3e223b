#include "cel/lexer.h"

#include <cstring>

#include "base/strings.h"
#include "cel/utf8.h"

namespace gatehouse::cel {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Reads the escape behind a backslash; `position` stands on the character behind it. Nothing: not an escape.
// In bytes, \x and octal escapes are bytes and there are no \u escapes; in strings all are code points.
struct Escape {
  bool valid = false;
  char32_t point = 0;
};

Escape read_escape(std::string_view source, std::size_t& position, bool bytes) {
  if (position >= source.size()) return {};
  const char c = source[position++];
  switch (c) {
    case 'a': return {true, 7};
    case 'b': return {true, 8};
    case 'f': return {true, 12};
    case 'n': return {true, 10};
    case 'r': return {true, 13};
    case 't': return {true, 9};
    case 'v': return {true, 11};
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '?': return {true, static_cast<char32_t>(c)};
    default: break;
  }
  std::size_t digits = 0;
  char32_t point = 0;
  if (c == 'x' || c == 'X') digits = 2;
  if (c == 'u' && !bytes) digits = 4;
  if (c == 'U' && !bytes) digits = 8;
  if (digits > 0) {
    for (; digits > 0; --digits, ++position) {
      const int digit = position < source.size() ? hex_digit(source[position]) : -1;
      if (digit < 0 || point > 0xFFF'FFFF) return {};
      point = point * 16 + static_cast<char32_t>(digit);
    }
  } else if (c >= '0' && c <= '3') {
    point = static_cast<char32_t>(c - '0');
    for (int i = 0; i < 2; ++i, ++position) {
      if (position >= source.size() || source[position] < '0' || source[position] > '7') return {};
      point = point * 8 + static_cast<char32_t>(source[position] - '0');
    }
  } else {
    return {};
  }
  // \uD83D\uDE00: a pair of surrogates is one code point; a single one is invalid.
  const bool pair = c == 'u' && point >= 0xD800 && point <= 0xDBFF && source.substr(position, 2) == "\\u";
  if (pair) {
    char32_t low = 0;
    for (std::size_t i = 2; i < 6; ++i) {
      const int digit = position + i < source.size() ? hex_digit(source[position + i]) : -1;
      if (digit < 0) return {};
      low = low * 16 + static_cast<char32_t>(digit);
    }
    if (low < 0xDC00 || low > 0xDFFF) return {};
    position += 6;
    point = 0x10000 + ((point - 0xD800) << 10U) + (low - 0xDC00);
  }
  if (point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
  return {true, point};
}

}  // namespace

void Lexer::skip_blanks() {
  for (; position_ < source_.size(); ++position_) {
    const char c = source_[position_];
    if (c == '/' && at(1) == '/') {
      while (position_ < source_.size() && source_[position_] != '\n') ++position_;
      if (position_ >= source_.size()) return;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r' && c != '\f') {
      return;
    }
  }
}

Token Lexer::token(TokenKind kind, std::size_t start, std::string_view text) const {
  return {kind, static_cast<std::uint32_t>(start), static_cast<std::uint32_t>(position_ - start), text};
}

Token Lexer::fail(std::size_t start, std::string_view what) { return token(TokenKind::error, start, what); }

Token Lexer::next() {
  skip_blanks();
  const std::size_t start = position_;
  if (start >= source_.size()) return token(TokenKind::end, start, "the end");
  const char c = at();
  if (is_digit(c) || (c == '.' && is_digit(at(1)))) return number();
  if (c == '`') return quoted_name();
  if (c == '"' || c == '\'') return string(false, false);
  if (is_letter(c)) {
    std::size_t prefix = 0;
    bool raw = false;
    bool bytes = false;
    for (; prefix < 2; ++prefix) {
      const char p = at(prefix);
      if ((p == 'r' || p == 'R') && !raw)
        raw = true;
      else if ((p == 'b' || p == 'B') && !bytes)
        bytes = true;
      else
        break;
    }
    if (prefix > 0 && (at(prefix) == '"' || at(prefix) == '\'')) {
      position_ += prefix;
      Token result = string(raw, bytes);
      result.offset = static_cast<std::uint32_t>(start);
      return result;
    }
    while (is_letter(at()) || is_digit(at())) ++position_;
    return token(TokenKind::name, start, source_.substr(start, position_ - start));
  }
  constexpr std::string_view kDouble[] = {"&&", "||", "==", "!=", "<=", ">="};
  for (const std::string_view symbol : kDouble) {
    if (source_.substr(start, 2) == symbol) {
      position_ += 2;
      return token(TokenKind::symbol, start, symbol);
    }
  }
  ++position_;
  if (std::strchr("()[]{}.,:?+-*/%!<>", c) != nullptr) {
    return token(TokenKind::symbol, start, source_.substr(start, 1));
  }
  return fail(start, c == '='               ? "'=' is not an operator; equality is '=='"
                     : c == '&' || c == '|' ? "a single '&' or '|' is not an operator; write it twice"
                                            : "this character has no meaning here");
}

Token Lexer::number() {
  const std::size_t start = position_;
  bool fraction = false;
  if (at() == '0' && (at(1) == 'x' || at(1) == 'X')) {
    position_ += 2;
    if (hex_digit(at()) < 0) return fail(start, "0x needs hexadecimal digits behind it");
    while (hex_digit(at()) >= 0) ++position_;
  } else {
    while (is_digit(at())) ++position_;
    if (at() == '.' && is_digit(at(1))) {
      fraction = true;
      ++position_;
      while (is_digit(at())) ++position_;
    }
    if (at() == 'e' || at() == 'E') {
      const std::size_t sign = at(1) == '+' || at(1) == '-' ? 2 : 1;
      if (is_digit(at(sign))) {
        fraction = true;
        position_ += sign;
        while (is_digit(at())) ++position_;
      }
    }
  }
  const std::string_view text = source_.substr(start, position_ - start);
  TokenKind kind = fraction ? TokenKind::number : TokenKind::integer;
  if (!fraction && (at() == 'u' || at() == 'U')) {
    ++position_;
    kind = TokenKind::unsigned_integer;
  }
  if (is_letter(at())) return fail(start, "a name cannot follow a number without a space");
  return token(kind, start, text);
}

Token Lexer::quoted_name() {
  const std::size_t start = position_++;
  while (is_letter(at()) || is_digit(at()) || (at() != '\0' && std::strchr(".-/ ", at()) != nullptr))
    ++position_;
  const std::string_view text = source_.substr(start + 1, position_ - start - 1);
  if (at() != '`' || text.empty())
    return fail(start, "a name in backticks may contain letters, digits and _.-/ and spaces");
  ++position_;
  return token(TokenKind::quoted_name, start, text);
}

Token Lexer::string(bool raw, bool bytes) {
  const std::size_t start = position_;
  const char quote = at();
  const bool triple = at(1) == quote && at(2) == quote;
  position_ += triple ? 3 : 1;
  std::string content;
  for (;;) {
    if (position_ >= source_.size()) return fail(start, "this text is not closed");
    const char c = source_[position_];
    if (c == quote && (!triple || (at(1) == quote && at(2) == quote))) break;
    if (!triple && (c == '\n' || c == '\r'))
      return fail(start, "this text is not closed in its line; use ''' for several lines");
    ++position_;
    if (c != '\\' || raw) {
      content += c;
      continue;
    }
    const std::size_t escape_start = position_ - 1;
    const Escape escape = read_escape(source_, position_, bytes);
    if (!escape.valid)
      return fail(escape_start, "this is not an escape sequence; a backslash itself is written \\\\");
    if (bytes) {
      content += static_cast<char>(static_cast<unsigned char>(escape.point));
    } else {
      char encoded[4];
      content.append(encoded, encode(escape.point, encoded));
    }
  }
  position_ += triple ? 3 : 1;
  char* const kept = arena_.allocate_array<char>(content.size() + 1);
  if (kept == nullptr) return fail(start, "the expression has too much text");
  std::memcpy(kept, content.data(), content.size());
  return token(bytes ? TokenKind::bytes : TokenKind::string, start, {kept, content.size()});
}

}  // namespace gatehouse::cel
