// Strict JSON: an accepted text is written and accepted again as the same text.
#include "base/utf8.h"
#include "fuzz.h"
#include "json/parser.h"
#include "json/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  const auto text = fuzz_text(data, size);
  json::Parser parser;
  json::Document document;
  const auto parsed = parser.parse(text, document);
  if (!parsed) {
    FUZZ_EXPECT(parsed.error().offset <= size && !json::name(parsed.error().fault).empty());
    return 0;
  }
  FUZZ_EXPECT(is_utf8(text));
  const std::string written = json::to_text(document.root());
  json::Document again;
  FUZZ_EXPECT(parser.parse(written, again));
  FUZZ_EXPECT(json::to_text(again.root()) == written);
  return 0;
}
