// Parses the text of a configured statement like SQLite's own tokenizer (sqlite.org/lang_expr.html, "Literal
// Values", "Parameters"), as far as needed to find the parameters and the end of the statement.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "db/catalogue.h"

namespace gatehouse::db {

struct StatementText {
  std::string text;  // of the same length: every `:a.b` is a `?N` followed by spaces
  std::vector<ParameterName> parameters;
};

// Refused: parameters of other forms, anything behind the first `;`, an unclosed string or comment, NUL.
std::expected<StatementText, CatalogueProblem> take_apart(std::string_view text);

}  // namespace gatehouse::db
