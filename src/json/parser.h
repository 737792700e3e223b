// Strict JSON (RFC 8259, read as RFC 7493 I-JSON where two parsers could differ): one text, one meaning, or
// refused. Refused: a byte order mark, bytes that are not UTF-8, lone surrogates, duplicate keys (after
// unescaping), trailing bytes, nesting deeper than allowed, and everything the grammar does not have.
// Numbers of any size and precision are accepted and kept as written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
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
  framing,    // of a sequence: the values are not separated as its format says
};
std::string_view name(Fault fault);

struct ParseLimits {
  std::size_t depth = 64;
  std::size_t bytes = std::size_t{1} << 30U;
};

struct ParseError {
  Fault fault = Fault::syntax;
  std::size_t offset = 0;                          // where it was noticed
  std::optional<std::size_t> item = std::nullopt;  // of a sequence: in which value, from 0, if it is known
};

// How several values follow one another in one text.
enum class Sequence : std::uint8_t {
  // One on each line (JSON Lines, NDJSON). A line ends with LF or CRLF; the last one may end with the text.
  // Readers of lines differ about blank lines, and about CR, U+0085, U+2028 and U+2029 within a line: these
  // are refused.
  lines,
  records,  // RFC 7464, as section 2.2 writes it: RS, a value, LF
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
  // The same for at least one value, each as strict and as deep as a text of its own: gives an array of them.
  std::expected<void, ParseError> parse_sequence(std::string_view text, Sequence sequence, Document& into,
                                                 ParseLimits limits = {});

 private:
  // The two steps before the walk. The first copies the text, and finds its tokens; false: there is a fault.
  bool find_tokens(std::string_view text, Document& into, const ParseLimits& limits, char as_space);
  void reserve(Document& into, std::size_t nodes, std::size_t depth);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace gatehouse::json
