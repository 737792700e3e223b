// Where a parameter stands in a request.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::openapi {

enum class In : std::uint8_t { path, query, header, cookie };
std::string_view name(In in);  // "path"

}  // namespace gatehouse::openapi
