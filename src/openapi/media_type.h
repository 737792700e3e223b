// Media types as OpenAPI documents name them. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "openapi/api.h"

namespace gatehouse::openapi {

// "application/json; charset=utf-8" → "application/json", in lower case.
std::string media_type_of(std::string_view written);
// Its parameters without charset, names in lower case. Nothing where it is not a media type.
std::optional<std::vector<std::pair<std::string, std::string>>> media_type_parameters(
    std::string_view written);
// How a body of that type is read. Types that no schema can be held against are opaque.
BodyKind body_kind(std::string_view type);

}  // namespace gatehouse::openapi
