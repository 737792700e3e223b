// Signs that one server reads as themselves and another does not.
#pragma once

#include <cstdint>

namespace gatehouse::openapi {

// A raw `+` in a query: to HTML forms, URLSearchParams and most frameworks a space, to RFC 3986 itself.
enum class Plus : std::uint8_t { refused, space };

// A raw `;` in a query or form: to older servers (Rack before 3, Python before 3.9.2, PHP by configuration)
// it parts pairs as `&` does, to WHATWG and RFC 3986 it is itself. `%3B` is itself for all.
enum class Semicolon : std::uint8_t { refused, literal };

}  // namespace gatehouse::openapi
