#include "openapi/media_type.h"

#include <algorithm>

#include "base/strings.h"

namespace gatehouse::openapi {

std::string media_type_of(std::string_view written) {
  std::string type(trimmed(written.substr(0, written.find(';'))));
  std::ranges::transform(type, type.begin(), ascii_lower);
  return type;
}

BodyKind body_kind(std::string_view type) {
  if (type == "application/json" || type.ends_with("+json")) return BodyKind::json;
  if (type == "application/x-www-form-urlencoded") return BodyKind::form;
  if (type.starts_with("text/") && type != "text/xml") return BodyKind::text;
  return BodyKind::opaque;
}

}  // namespace gatehouse::openapi
