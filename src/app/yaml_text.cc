#include "app/yaml_text.h"

#include "json/writer.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kWidth = 110;

}  // namespace

std::string yaml_text(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_plain = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/';
  };
  bool plain = !text.empty() && is_letter(text[0]);
  for (std::size_t i = 0; plain && i < text.size(); ++i) {
    // A colon inside of a word ends nothing: `orders:read`.
    plain = is_plain(text[i]) || (text[i] == ':' && i + 1 < text.size() && is_plain(text[i + 1]));
  }
  for (const std::string_view word :
       {"true", "True", "TRUE", "false", "False", "FALSE", "null", "Null", "NULL"}) {
    plain = plain && text != word;
  }
  if (plain) return std::string(text);
  std::string quoted;
  json::append_string(quoted, text);
  return quoted;
}

std::string yaml_list(const std::set<std::string>& texts, std::size_t column) {
  std::string out = "[";
  std::size_t at = column + 1;
  for (const std::string& each : texts) {
    const std::string text = yaml_text(each);
    const bool first = out.size() == 1;
    if (!first && at + text.size() + 3 > kWidth) {
      out += ",\n" + std::string(column + 1, ' ');
      at = column + 1;
    } else if (!first) {
      out += ", ";
      at += 2;
    }
    out += text;
    at += text.size();
  }
  return out + "]";
}

}  // namespace gatehouse::app
