#include "openapi/media_type.h"

#include <algorithm>

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

BodyKind body_kind(std::string_view type) {
  if (type == "application/json" || type.ends_with("+json")) return BodyKind::json;
  if (type == "application/x-www-form-urlencoded") return BodyKind::form;
  if (type.starts_with("text/") && type != "text/xml") return BodyKind::text;
  return BodyKind::opaque;
}

}  // namespace gatehouse::openapi
