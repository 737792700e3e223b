#include "doc/source.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/utf8.h"
#include "doc/load.h"
#include "doc/yaml.h"
#include "json/parser.h"

namespace gatehouse::doc {
namespace {

bool is_json(std::string_view name, std::string_view text) {
  if (name.ends_with(".json")) return true;
  if (name.ends_with(".yaml") || name.ends_with(".yml")) return false;
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && (text[first] == '{' || text[first] == '[');
}

std::string explain(json::Fault fault) {
  switch (fault) {
    case json::Fault::empty: return "the file is empty";
    case json::Fault::syntax: return "not valid JSON at this place";
    case json::Fault::utf8: return "not UTF-8; save the file as UTF-8";
    case json::Fault::surrogate: return "half of a surrogate pair; write the character itself";
    case json::Fault::duplicate_key: return "this key is twice in the object; keep one";
    case json::Fault::depth: return "values are nested too deep; flatten them";
    case json::Fault::trailing: return "text after the end of the document; remove it";
    case json::Fault::too_large: return "the file is too large; split it";
    case json::Fault::framing: break;  // of sequences
  }
  return "not JSON";
}

// The first byte that no text file has, or npos.
std::size_t control_character(std::string_view text) {
  const auto at = std::ranges::find_if(text, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7F;
  });
  return at == text.end() ? text.npos : static_cast<std::size_t>(at - text.begin());
}

}  // namespace

Place Source::place_at(std::size_t offset) const {
  for (const auto& part : parts_) {
    if (offset <= part->text_.size()) return part->place_at(offset);
    offset -= part->text_.size() + 1;
  }
  const auto after =
      std::ranges::upper_bound(lines_, static_cast<std::uint32_t>(std::min(offset, text_.size())));
  const auto line = static_cast<std::uint32_t>(after - lines_.begin());  // lines_[0] is 0: at least 1
  return {name_, line, static_cast<std::uint32_t>(offset) - lines_[line - 1] + 1};
}

Composition::Composition(std::vector<std::shared_ptr<const Source>> parts) : parts_(std::move(parts)) {
  std::size_t begin = 0;
  for (const auto& part : parts_) {
    shifts_.push_back(static_cast<std::uint32_t>(begin));
    begin += part->text_.size() + 1;
  }
}

std::shared_ptr<const Source> Composition::finish(const std::function<void(json::Builder&)>& write) {
  std::shared_ptr<Source> source(new Source);
  source->name_ = parts_.front()->name_;
  source->text_ = parts_.front()->text_;
  source->lines_ = parts_.front()->lines_;
  source->parts_ = parts_;
  json::Builder out(source->document_);
  write(out);
  return source;
}

bool Source::owns(json::Value value) const {
  if (document_.empty() || !value) return false;
  const json::Node* first = document_.root().node();
  return std::greater_equal<>{}(value.node(), first) && std::less<>{}(value.node(), first + first->span);
}

std::shared_ptr<const Source> parse(std::string text, std::string name, Problems& problems,
                                    const Limits& limits) {
  std::shared_ptr<Source> source(new Source);
  source->name_ = std::move(name);
  source->text_ = std::move(text);
  source->lines_.push_back(0);
  const std::string_view all = source->text_;
  for (std::size_t end = all.find('\n'); end != all.npos; end = all.find('\n', end + 1)) {
    source->lines_.push_back(static_cast<std::uint32_t>(end + 1));
  }

  const std::size_t before = problems.size();
  const auto report = [&](std::size_t offset, std::string what) {
    problems.add(source->place_at(offset), std::move(what));
  };
  if (all.size() > limits.bytes) {
    problems.add({source->name_},
                 "the file has more than " + std::to_string(limits.bytes) + " bytes; split it");
  } else if (all.starts_with("\xEF\xBB\xBF")) {
    report(0, "the file begins with a byte order mark; save it without one");
  } else if (const std::size_t valid = valid_utf8_prefix(all); valid != all.size()) {
    report(valid, explain(json::Fault::utf8));
  } else if (is_json(source->name_, all)) {
    json::Parser parser;
    const auto parsed = parser.parse(all, source->document_, {.depth = limits.depth, .bytes = limits.bytes});
    if (!parsed) report(parsed.error().offset, explain(parsed.error().fault));
  } else if (const std::size_t control = control_character(all); control != all.npos) {
    report(control, "a control character; remove it, or write it as an escape in double quotes");
  } else {
    read_yaml(all, limits, source->document_, report);
  }
  if (problems.size() != before) return nullptr;
  return source;
}

ReadFile disk_files(std::size_t most) {
  return [most](const std::filesystem::path& path) { return read_file(path.string(), most); };
}

std::shared_ptr<const Source> load(const std::filesystem::path& path, const ReadFile& read,
                                   Problems& problems, const Limits& limits) {
  Result<std::string> text = read(path);
  if (!text) {
    problems.add({path.string()}, text.error().text);
    return nullptr;
  }
  return parse(*std::move(text), path.string(), problems, limits);
}

}  // namespace gatehouse::doc
