// docs/upstreams.md has the whole of field_table.h: written from it, and compared with it.
#include "http/field_table.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/golden_testing.h"
#include "http/fields.h"

namespace gatehouse::http {
namespace {

struct Row {
  std::string name;
  std::string_view lines, in, grammar, out;
};

std::vector<Row> rows() {
  std::vector<Row> list{
#define GATEHOUSE_ROW(id, name, lines, in, grammar, out) {name, #lines, #in, #grammar, #out},
      GATEHOUSE_FIELDS(GATEHOUSE_ROW)
#undef GATEHOUSE_ROW
#define GATEHOUSE_ROW(id, name, lines, in, grammar, out) {name "*", #lines, #in, #grammar, #out},
          GATEHOUSE_FIELD_FAMILIES(GATEHOUSE_ROW)
#undef GATEHOUSE_ROW
  };
  std::ranges::sort(list, {}, &Row::name);
  return list;
}

std::string spaced(std::string_view word) {
  std::string text(word);
  std::ranges::replace(text, '_', ' ');
  return text;
}

std::string as_markdown() {
  std::string out = "| field | lines | to the upstream | as | to the client |\n|---|---|---|---|---|\n";
  for (const Row& row : rows()) {
    const bool read = row.in == "goes_on" && row.name != "content-type" && row.name != "cookie";
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", row.name, row.lines, spaced(row.in),
                       read ? spaced(row.grammar) : "", spaced(row.out));
  }
  return out;
}

TEST(FieldTable, IsInTheDocumentation) {
  expect_golden_part("docs/upstreams.md",
                     "<!-- The table: written from src/http/field_table.h by "
                     "GATEHOUSE_WRITE_GOLDEN=1 build/release/http_test -->\n\n",
                     as_markdown());
}

// A name in two lines, or one that a family's beginning covers, would have two policies.
TEST(FieldTable, HasEachNameOnce) {
  std::vector<std::string> names;
  for (const Row& row : rows()) names.push_back(row.name);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
  for (const Row& row : rows()) {
    EXPECT_TRUE(std::ranges::none_of(row.name, [](char c) { return c >= 'A' && c <= 'Z'; })) << row.name;
    if (row.name.ends_with('*')) continue;
    const FieldId id = field_id(row.name);
    EXPECT_EQ(name(id), row.name);
  }
}

}  // namespace
}  // namespace gatehouse::http
