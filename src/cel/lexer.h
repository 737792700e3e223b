// Tokens of CEL (langdef "Syntax").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "cel/arena.h"

namespace gatehouse::cel {

enum class TokenKind : std::uint8_t {
  end,
  name,
  quoted_name,
  integer,
  unsigned_integer,
  number,
  string,
  bytes,
  symbol,
  error
};

struct Token {
  TokenKind kind = TokenKind::end;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
  // name, symbol: as written; quoted_name: without the backticks; numbers: as written, without the u; string,
  // bytes: unescaped; error: the problem
  std::string_view text;
};

class Lexer {
 public:
  // `arena` receives the unescaped literals.
  Lexer(std::string_view source, Arena& arena) : source_(source), arena_(arena) {}
  Token next();

 private:
  char at(std::size_t ahead = 0) const {
    return position_ + ahead < source_.size() ? source_[position_ + ahead] : '\0';
  }
  void skip_blanks();
  Token token(TokenKind kind, std::size_t start, std::string_view text) const;
  Token fail(std::size_t start, std::string_view what);
  Token number();
  Token quoted_name();
  Token string(bool raw, bool bytes);

  std::string_view source_;
  Arena& arena_;
  std::size_t position_ = 0;
};

}  // namespace gatehouse::cel
