// Strict JSON (RFC 8259, read as RFC 7493 I-JSON where two parsers could differ): one text, one meaning, or
// refused. Refused: a byte order mark, bytes that are not UTF-8, lone surrogates, duplicate keys (after
// unescaping), trailing bytes, nesting deeper than allowed, and everything the grammar does not have.
// Numbers of any size and precision are accepted and kept as written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string_view>

#include "json/document.h"

namespace gatehouse::json {

enum class Fault : std::uint8_t {
  empty,
  syntax,
  utf8,
  surrogate,  // a \uD800–\uDFFF escape without its pair
  duplicate_key,
  depth,
  trailing,   // bytes behind the value
  too_large,  // more text or more nodes than allowed
};
std::string_view name(Fault fault);

struct ParseLimits {
  std::size_t depth = 64;
  std::size_t bytes = std::size_t{1} << 30U;
};

struct ParseError {
  Fault fault = Fault::syntax;
  std::size_t offset = 0;  // where it was noticed
};

// Keeps its working memory from one text to the next. One for each thread.
class Parser {
 public:
  Parser();
  Parser(Parser&&) noexcept;
  ~Parser();
  // `text` is copied into the document, which depends on nothing else afterwards. On failure the document
  // is empty.
  std::expected<void, ParseError> parse(std::string_view text, Document& into, ParseLimits limits = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::json
