// What a raw `+` in a query stands for: to HTML forms, URLSearchParams and most frameworks a space, to RFC
// 3986 itself.
#pragma once

#include <cstdint>

namespace gatehouse::openapi {

enum class Plus : std::uint8_t { refused, space };

}  // namespace gatehouse::openapi
