// Strict JSON: an accepted text is written and accepted again as the same text. A sequence of lines is
// accepted exactly if each of its lines is; the items of both are the same.
#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "fuzz.h"
#include "json/parser.h"
#include "json/writer.h"

namespace {

using namespace gatehouse;

bool ends_lines_elsewhere(std::string_view line) {
  return line.contains('\r') || line.contains("\xC2\x85") || line.contains("\xE2\x80\xA8") ||
         line.contains("\xE2\x80\xA9");
}

// The array of the lines; empty if it is not a sequence.
std::string by_lines(std::string_view text) {
  json::Parser parser;
  json::Document document;
  std::string all = "[";
  if (text.empty()) return {};
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (end < text.size() && line.ends_with('\r')) line.remove_suffix(1);
    if (ends_lines_elsewhere(line) || !parser.parse(line, document)) return {};
    if (all.size() > 1) all += ',';
    all += json::to_text(document.root());
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all + ']';
}

void read_sequences(std::string_view text) {
  json::Parser parser;
  json::Document document;
  const bool lines = parser.parse_sequence(text, json::Sequence::lines, document).has_value();
  FUZZ_EXPECT((lines ? json::to_text(document.root()) : "") == by_lines(text));
  if (!parser.parse_sequence(text, json::Sequence::records, document)) return;
  std::string written;
  for (const json::Value item : document.root().elements()) written += '\x1E' + json::to_text(item) + '\n';
  json::Document again;
  FUZZ_EXPECT(parser.parse_sequence(written, json::Sequence::records, again));
  FUZZ_EXPECT(json::to_text(again.root()) == json::to_text(document.root()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz_text(data, size);
  read_sequences(text);
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
