#include "core/path_template.h"

#include "base/strings.h"
#include "http/characters.h"
#include "http/target.h"
#include "http/uri.h"

namespace gatehouse {
namespace {

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> names;
  for (;;) {
    const auto dot = text.find('.');
    names.emplace_back(text.substr(0, dot));
    if (dot == std::string_view::npos) return names;
    text.remove_prefix(dot + 1);
  }
}

// As http::SegmentReading and openapi's path values: by a servlet container, which cuts at `;`, by a proxy
// that writes `?` or `#` decoded into its own request, by a second decoding, or by a reader that trims.
bool is_read_differently(std::string_view value) {
  if (value.find_first_of(";?#") != std::string_view::npos || trimmed(value) != value) return true;
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
  };
  for (auto at = value.find('%'); at != std::string_view::npos; at = value.find('%', at + 1)) {
    if (value.size() - at > 2 && is_hex(value[at + 1]) && is_hex(value[at + 2])) return true;
  }
  return false;
}

bool is_fixed_text(std::string_view text) {
  for (const char c : text) {
    if (c != '/' && !http::is(c, http::kPathCharacter)) return false;
  }
  return true;
}

}  // namespace

std::expected<PathTemplate, std::string> PathTemplate::parse(std::string_view text, http::PathCuts cuts) {
  if (!text.starts_with('/')) return std::unexpected("a path begins with `/`");
  PathTemplate result;
  result.cuts_ = cuts;
  std::string sample;  // with a harmless value in every place
  while (!text.empty()) {
    const auto open = text.find('{');
    const std::string_view fixed = text.substr(0, open);
    if (!is_fixed_text(fixed)) {
      return std::unexpected(
          "a path has letters, digits and - . _ ~ ! $ & ' ( ) * + , ; = : @ between its slashes; values are "
          "in braces, and there is no query");
    }
    sample += fixed;
    if (open == std::string_view::npos) {
      result.rest_ = fixed;
      break;
    }
    const auto close = text.find('}', open);
    if (close == std::string_view::npos) return std::unexpected("the closing } is missing");
    const std::string_view written = text.substr(open + 1, close - open - 1);
    auto value = reference(split(written));
    if (!value) {
      return std::unexpected("`{" + std::string(written) +
                             "}` is not a value of a request; use path.…, query.…, header.…, cookie.…, "
                             "body.…, principal.id or request.…");
    }
    result.places_.push_back({std::string(fixed), *std::move(value), std::string(written)});
    sample += 'x';
    text.remove_prefix(close + 1);
  }
  if (!is_sound(sample)) return std::unexpected("a path has no empty segments, and none that is . or ..");
  return result;
}

bool PathTemplate::append(std::string& out, const Referred& value, http::PathCuts cuts) {
  std::string_view text;
  std::string number;
  if (const auto* plain = std::get_if<std::string_view>(&value)) {
    text = *plain;
  } else if (const auto* json = std::get_if<json::Value>(&value)) {
    switch (json->kind()) {
      case json::Kind::string: text = json->string(); break;
      case json::Kind::boolean: text = json->boolean() ? "true" : "false"; break;
      case json::Kind::number:
        // 1e2 and 100.0 are the integer 100, and one object has one name.
        if (const auto integer = json->integer()) {
          number = std::to_string(*integer);
          text = number;
        } else {
          text = json->literal();
        }
        break;
      case json::Kind::null:
      case json::Kind::array:
      case json::Kind::object: break;
    }
  }
  if (cuts == http::PathCuts::lenient && is_read_differently(text)) return false;
  out += http::percent_encoded(text);
  return !text.empty();
}

bool PathTemplate::is_sound(std::string_view path) { return !http::wrong_in_path(path); }

}  // namespace gatehouse
