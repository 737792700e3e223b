#include "openapi/media_type.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/strings.h"
#include "http/media_type.h"

namespace gatehouse::openapi {

std::string media_type_of(std::string_view written) {
  std::string type(trimmed(written.substr(0, written.find(';'))));
  std::ranges::transform(type, type.begin(), ascii_lower);
  return type;
}

std::optional<std::vector<std::pair<std::string, std::string>>> media_type_parameters(
    std::string_view written) {
  const auto type = http::parse_media_type(trimmed(written));
  if (!type) return std::nullopt;
  std::vector<std::pair<std::string, std::string>> parameters;
  for (std::string& name : type->parameter_names()) {
    const auto value = type->parameter(name);
    if (!value) return std::nullopt;  // with an escape
    if (name != "charset") parameters.emplace_back(std::move(name), *value);
  }
  return parameters;
}

unsigned width(std::string_view type) {
  if (type == "*/*") return 3;
  if (type.ends_with("/*")) return 2;
  return type.contains('*') ? 1 : 0;
}

bool is_media_range(std::string_view type) {
  const std::size_t slash = type.find('/');
  if (slash == type.npos || slash == 0) return false;
  const std::string_view before = type.substr(0, slash);
  const std::string_view behind = type.substr(slash + 1);
  if (before.contains('*')) return type == "*/*";
  return behind == "*" || (behind.starts_with("*+") && behind.size() > 2 && !behind.substr(1).contains('*'));
}

namespace {

// Whether `range` covers `type`, a type or a range.
bool covers_type(std::string_view range, std::string_view type) {
  if (range == type || range == "*/*") return true;
  if (width(range) <= width(type)) return false;
  const std::size_t slash = range.find('/');
  if (type.substr(0, slash + 1) != range.substr(0, slash + 1)) return false;
  const std::string_view suffix = range.substr(slash + 2);
  const std::string_view subtype = type.substr(slash + 1);
  return subtype.size() > suffix.size() && subtype.ends_with(suffix);
}

// Whether the type defines `charset`: if it does not, readers may interpret one freely.
bool defines_charset(const Content& content) {
  return content.kind != BodyKind::opaque || content.type == "application/xml" ||
         content.type.ends_with("+xml") || content.type.starts_with("text/");
}

// Whether the request's type has all the parameters that are part of this one, and no other but charset.
bool has_parameters(const http::MediaType& type, const Content& content) {
  if (type.parameters.empty()) return content.parameters.empty();
  std::array<std::string_view, http::kMostParameters + 1> known;
  std::size_t count = 0;
  if (defines_charset(content)) known[count++] = "charset";
  for (const auto& [name, value] : content.parameters) {
    if (type.parameter(name) != value) return false;
    known[count++] = name;
  }
  return type.other_parameter(std::span(known).first(count)).empty();
}

}  // namespace

std::optional<std::string> narrower(std::string_view a, std::string_view b) {
  if (covers_type(a, b)) return std::string(b);
  if (covers_type(b, a)) return std::string(a);
  return std::nullopt;
}

const Content* RequestBody::content_for(const http::MediaType& type) const {
  std::string name;  // only where there is a range
  const Content* widest = nullptr;
  for (const Content& one : content) {
    const unsigned of = width(one.type);
    if (widest != nullptr && of > width(widest->type)) break;
    if (of == 0) {
      if (!type.is(one.type)) continue;
      if (has_parameters(type, one)) return &one;
      widest = &one;
      continue;
    }
    if (name.empty()) name = media_type_of(std::string(type.type) + "/" + std::string(type.subtype));
    if (!covers_type(one.type, name)) continue;
    widest = &one;
    const bool is_read = body_kind(name) != BodyKind::opaque || name.starts_with("multipart/");
    if (one.kind == BodyKind::opaque) {
      const auto is_checked = [](const Content& other) { return other.kind != BodyKind::opaque; };
      if (is_read && std::ranges::any_of(content, is_checked)) continue;
      // Any parameters are part of a type that the range covers.
      if (one.parameters.empty() || has_parameters(type, one)) return &one;
    } else if (body_kind(name) == one.kind && has_parameters(type, one)) {
      return &one;
    }
  }
  return nullptr;
}

BodyKind body_kind(std::string_view type) {
  if (type == "application/json" || type == "text/json" ||
      (type.ends_with("+json") && !type.ends_with("/+json")))
    return BodyKind::json;
  if (type == "application/json-seq" || (type.ends_with("+json-seq") && !type.ends_with("/+json-seq")))
    return BodyKind::records;
  constexpr std::array<std::string_view, 6> kLines = {"application/jsonl",       "application/x-jsonl",
                                                      "application/ndjson",      "application/x-ndjson",
                                                      "application/x-jsonlines", "application/x-ldjson"};
  if (std::ranges::find(kLines, type) != kLines.end()) return BodyKind::lines;
  if (type == "application/x-www-form-urlencoded") return BodyKind::form;
  if (type.starts_with("text/") && type != "text/xml") return BodyKind::text;
  return BodyKind::opaque;
}

}  // namespace gatehouse::openapi
