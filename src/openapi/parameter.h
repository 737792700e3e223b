// The parameters of an operation, compiled: the form of each (style, explode) and the conversion of its text
// by its schema. A request's parameters become one document, {"path": {…}, "query": {…}, "header": {…},
// "cookie": {…}}, that holds declared and checked values only.
//
// One text, one reading, or refused (OpenAPI 3.1 section 4.8.12, RFC 6570 for the styles):
//   - Percent-encoding is undone exactly once, after splitting at delimiters. An encoded delimiter within an
//     item or key of a list (`a%2Cb` in `ids=a%2Cb,c`) is refused: many servers decode before they split
//     (Spring, `searchParams.get(…).split(',')`), and would read other items than were checked. The `%20` of
//     spaceDelimited and the `%7C` of pipeDelimited are the delimiters themselves. Header values are not
//     percent-encoded at all.
//   - A raw `+` in a query is refused: about half of all servers decode it as a space. `%20` and `%2B` are
//     unambiguous. If the backend decodes it as a space (LoadOptions::plus), so does Gatehouse; but not where
//     it would separate the items of a list (spaceDelimited). With allowReserved it is a plus; in a form body
//     it is a space (WHATWG URL section 5).
//   - A raw `;` in a query or form body is refused, with allowReserved too: some servers split pairs at it.
//     `%3B` is not a separator. LoadOptions::semicolon states that the backends do not split there.
//   - Cookies: `name=value` separated by `; `. Cookies that are not declared are ignored. A value that
//     readers decode differently is refused (http/cookies.h, append_agreed_value).
//   - Refused: text that is not UTF-8 after decoding, control characters, `/` and `\` and dot segments in a
//     path parameter, query parameters that are not declared, a name twice if it is not an exploded array,
//     and `name` without `=` unless allowEmptyValue.
//   - Text becomes a number or boolean only if the schema's type says so and the text is that JSON literal.
//     If the type allows several, the result is the first of number, boolean, string, array, object that the
//     text can be and the schema accepts; inside an array or object, the first that the text can be. Nothing
//     becomes null.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "openapi/in.h"
#include "schema/findings.h"

namespace gatehouse::openapi {

// The header fields of a request, as the reader asks for them.
class HeaderFields {
 public:
  virtual ~HeaderFields() = default;
  // The value of the nth field (from 0) of that name, which is compared without case.
  virtual std::optional<std::string_view> value(std::string_view name, std::size_t nth) const = 0;
};

// Whether a value may be one that an upstream reads differently from Gatehouse: of a path cut at `;`, or
// decoded again; of an exploded list in a query or form the only item, split at its commas (Spring). Not
// where conditions, limits or lookups of the object read it.
enum class InputValues : std::uint8_t { any, unambiguous };

// The parameters of a request. Raw: nothing is decoded yet.
struct RawInput {
  std::span<const std::string_view> path;           // one capture for each of Operation::path_names
  std::string_view query;                           // without the `?`
  const HeaderFields* headers = nullptr;            // null: none
  std::span<const std::string_view> passed_over{};  // names in the query that carry credentials, as written
  const class NameTable* guarded = nullptr;         // names that no free name may be taken for; null: none
  InputValues input_values = InputValues::any;
};

// Working memory, kept from one request to the next. One for each thread.
class InputMemory {
 public:
  InputMemory();
  InputMemory(InputMemory&&) noexcept;
  ~InputMemory();
  // The name that the last read() or decode() refused as undeclared: the client chose it, so no finding has
  // it. Empty: it refused none.
  std::string_view undeclared() const;

 private:
  friend class InputReader;
  friend class FormReader;
  struct State;
  std::unique_ptr<State> state_;
};

// Decodes and checks the parameters of one operation. A finding's place is a pointer into the document that
// would have been made: "/query/limit". Its rule is a schema's keyword, or one of
//   required    the parameter is not there
//   undeclared  the operation has no parameter of that name ("/query/*")
//   repeated    a name twice, where one is allowed
//   empty       `name`, or an empty text where there is no such value
//   style       the text is not of the form that the parameter's style has
//   encoding    bad percent-encoding, not UTF-8, a control character, a path separator
//   plus        a raw `+` in a query, which may be a space or a plus
//   ambiguous   a value that is not InputValues::unambiguous, an encoded delimiter within a list, or a cookie
//               whose `%` or `+` readers read differently
//   alias       a name that a schema leaves free, and that servers take for a declared one (`a.b` for `a_b`)
//   semicolon   a raw `;` in a query or form, which may part two pairs
//   type        the text is not of the schema's type
//   json        `content: application/json`, and the text is not JSON
class InputReader {
 public:
  ~InputReader();
  // Whether every parameter is as the operation declares; else writes the reasons to `findings` (cleared
  // first) and leaves `into` empty. The content of `into` depends on nothing else.
  bool read(const RawInput& raw, InputMemory& memory, json::Document& into, schema::Findings& findings) const;
  // Whether any of the operation's parameters is sought there: the runner need not look otherwise.
  bool uses(In in) const;
  // The names by which the parameters there are found: those of an exploded object's properties among them.
  std::vector<std::string> names(In in) const;

 private:
  friend class InputCompiler;
  struct State;
  explicit InputReader(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

// A body of application/x-www-form-urlencoded (WHATWG URL section 5, and the Encoding Objects). A property is
// an exploded `form` unless its Encoding Object says otherwise; an object is JSON, as its contentType's
// default is.
class FormReader {
 public:
  ~FormReader();
  // As InputReader::read; the value is not checked yet.
  bool decode(std::string_view body, InputMemory& memory, json::Document& into, schema::Findings& findings,
              InputValues values = InputValues::any) const;
  // The same; the value is checked against the body's schema.
  bool read(std::string_view body, InputMemory& memory, json::Document& into,
            schema::Findings& findings) const;

 private:
  friend class InputCompiler;
  struct State;
  explicit FormReader(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

}  // namespace gatehouse::openapi
