#include "doc/yaml_fault.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace gatehouse::doc {
namespace {

struct Line {
  std::size_t begin = 0;
  std::string_view text;  // without its end
  std::size_t indentation = 0;
  std::string_view rest;  // behind the indentation; empty: a blank line or a comment
};

Line line_at(std::string_view text, std::size_t begin) {
  Line line{.begin = begin, .text = text.substr(begin, text.find('\n', begin) - begin), .rest = {}};
  if (line.text.ends_with('\r')) line.text.remove_suffix(1);
  line.indentation = std::min(line.text.find_first_not_of(" \t"), line.text.size());
  line.rest = line.text.substr(line.indentation);
  if (line.rest.starts_with('#')) line.rest = {};
  return line;
}

// The lines that say something, up to that of `offset`.
std::vector<Line> lines_until(std::string_view text, std::size_t offset) {
  std::vector<Line> lines;
  for (std::size_t begin = 0; begin < text.size() && begin <= offset;) {
    const Line line = line_at(text, begin);
    if (!line.rest.empty()) lines.push_back(line);
    const std::size_t end = text.find('\n', begin);
    if (end == text.npos) break;
    begin = end + 1;
  }
  return lines;
}

// The quotes and brackets of one line that are not closed in it: their offsets in the text.
struct Open {
  std::optional<std::size_t> quote;
  std::optional<std::size_t> bracket;  // the last
};

Open open_in(const Line& line) {
  std::vector<std::size_t> brackets;
  char quote = 0;
  std::size_t quoted_at = 0;
  for (std::size_t i = line.indentation; i < line.text.size(); ++i) {
    const char c = line.text[i];
    const char before = i == 0 ? ' ' : line.text[i - 1];
    if (quote != 0) {
      if (quote == '"' && c == '\\') {
        ++i;
      } else if (c == quote) {
        quote = 0;
      }
      continue;
    }
    if (c == '#' && before == ' ') break;
    // A quote begins a text only where a value begins: `it's` has none.
    if ((c == '"' || c == '\'') && std::string_view(" [{,:\t").contains(before)) {
      quote = c;
      quoted_at = i;
    }
    if (c == '[' || c == '{') brackets.push_back(i);
    if ((c == ']' || c == '}') && !brackets.empty()) brackets.pop_back();
  }
  Open open;
  if (quote != 0) open.quote = line.begin + quoted_at;
  if (!brackets.empty()) open.bracket = line.begin + brackets.back();
  return open;
}

bool is_entry(const Line& line) { return line.rest == "-" || line.rest.starts_with("- "); }
bool has_colon(const Line& line) { return line.rest.contains(": ") || line.rest.ends_with(':'); }
bool is_cut(char c) { return c == ' ' || c == '\n' || c == '\r'; }

}  // namespace

YamlFault explain_yaml_fault(std::string_view text, std::size_t offset, std::string_view message) {
  offset = std::min(offset, text.size());
  const std::vector<Line> lines = lines_until(text, offset);
  for (const Line& line : lines) {
    const auto tab = line.text.substr(0, line.indentation).find('\t');
    if (tab != std::string_view::npos)
      return {line.begin + tab, "a tab stands in the indentation; use spaces only"};
  }
  if (lines.empty()) return {offset, "not YAML: " + std::string(message)};
  const Line& last = lines.back();

  const char at = offset < text.size() ? text[offset] : '\n';
  const char before = offset > 0 ? text[offset - 1] : '\n';
  if (before == '*' || before == '&')
    return {offset - 1, std::string("a text that begins with `") + before + "` needs quotes"};
  if (at == '@' || at == '`' || at == '%')
    return {offset, std::string("a text that begins with `") + at + "` needs quotes"};

  if (message.starts_with("illegal flow end"))
    return {offset, std::string("this `") + at + "` closes nothing; remove it, or write what it closes"};
  const bool in_flow = message.contains("flow");
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    const Open open = open_in(*line);
    if (open.quote)
      return {*open.quote,
              std::string("this `") + text[*open.quote] + "` is not closed in its line; close it"};
    const bool at_a_line_above = line != lines.rbegin() && last.indentation <= line->indentation;
    if (in_flow && open.bracket && (at_a_line_above || offset >= text.size()))
      return {*open.bracket,
              std::string("this `") + text[*open.bracket] + "` is not closed; close it at its end"};
    if (in_flow && open.bracket) break;
  }
  if (at == ':' && (offset + 1 >= text.size() || is_cut(text[offset + 1])) &&
      last.rest.find(": ") < offset - last.begin - last.indentation)
    return {offset, "a text with a colon and a space in it needs quotes"};

  const auto above = lines.size() > 1 ? lines[lines.size() - 2] : Line();
  if (is_entry(last) && !is_entry(above) && above.indentation == last.indentation)
    return {
        last.begin + last.indentation,
        "a list entry (`- `) stands among the keys of a map; write `KEY: VALUE`, or move it below its key"};
  for (const Line* line : {&above, &last}) {
    if (!line->rest.empty() && !is_entry(*line) && !has_colon(*line))
      return {line->begin + line->indentation,
              "`" + std::string(line->rest.substr(0, 40)) +
                  "` is not a key with a value; write `KEY: VALUE`, with a colon and a space"};
  }
  if (message.starts_with("end of map not found") || message.starts_with("end of sequence not found"))
    return {last.begin + last.indentation,
            "the indentation fits no line above; begin the keys of one map in one column"};
  return {offset, "not YAML: " + std::string(message)};
}

}  // namespace gatehouse::doc
