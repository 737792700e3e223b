// Regular expressions: the first line is one, the rest a text. A text that the own matcher matches is matched
// by RE2 too; no match is longer than stated; and an expression of the grammar is matched or refused with a
// reason. One with lookaround is matched by searches that each are such an expression.
#include <optional>

#include <re2/re2.h>

#include "base/utf8.h"
#include "fuzz.h"
#include "schema/ecma_regex.h"
#include "schema/lookaround.h"
#include "schema/pattern.h"

namespace gatehouse::schema {
namespace {

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

// Nothing where RE2 cannot hold it.
std::optional<bool> found_by_re2(const std::string& expression, std::string_view text) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(std::int64_t{4} << 20U);
  const RE2 re2(expression, options);
  if (!re2.ok()) return std::nullopt;
  return RE2::PartialMatch({text.data(), text.size()}, re2);
}

}  // namespace
}  // namespace gatehouse::schema

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::schema;
  const std::string_view all = fuzz_text(data, size);
  if (!is_utf8(all)) return 0;  // the parser of JSON has seen to it
  const std::size_t end = std::min(all.find('\n'), all.size());
  const std::string_view expression = all.substr(0, end);
  const std::string_view text = all.substr(std::min(end + 1, all.size()));

  const bool grammatical = is_ecma_regex(expression);
  const auto translation = translate_regex(expression, Strictness::matching);
  const auto pattern = Pattern::compile(expression);
  if (!pattern) {
    FUZZ_EXPECT(!pattern.error().empty());
    return 0;
  }
  if (!translation) {
    // A pattern may also do without the most of a repetition that RE2 cannot count.
    FUZZ_EXPECT(mentions_lookaround(expression) || expression.contains('{'));
    return 0;
  }
  const bool found = pattern->found_in(text);
  FUZZ_EXPECT(found == pattern->found_in(text));
  if (translation->simple) {
    // With the u flag an expression that RE2 cannot hold at all is only too long.
    if (const auto by_re2 = found_by_re2(translation->re2, text)) FUZZ_EXPECT(found == *by_re2);
  } else if (translation->length) {
    FUZZ_EXPECT(!found || (code_points(text) >= translation->length->least &&
                           code_points(text) <= translation->length->most));
  } else {
    FUZZ_EXPECT(grammatical || translation->re2.size() > 0 || expression.empty());
  }
  if (const auto longest = longest_match(expression); longest && found)
    FUZZ_EXPECT(code_points(text) <= *longest);
  return 0;
}
