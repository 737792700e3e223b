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
// Whether it is `*/*`, `text/*` or `text/*+suffix`; in lower case.
bool is_media_range(std::string_view type);
// The narrower of two types or ranges of which one covers the other; nothing where they have nothing in
// common, or only a part of each.
std::optional<std::string> narrower(std::string_view a, std::string_view b);
// How many types it covers, as a rank: 0 for a type, more for `text/*+suffix`, `text/*` and `*/*`.
unsigned width(std::string_view type);
// How a body of that type is read. Types that no schema can be held against are opaque.
BodyKind body_kind(std::string_view type);

}  // namespace gatehouse::openapi
