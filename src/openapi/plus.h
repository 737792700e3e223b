// What one server reads in one way and another in another, and OpenAPI leaves open.
#pragma once

#include <cstdint>

namespace gatehouse::openapi {

// A raw `+` in a query: to HTML forms, URLSearchParams and most frameworks a space, to RFC 3986 itself.
enum class Plus : std::uint8_t { refused, space };

// A raw `;` in a query or form: to older servers (Rack before 3, Python before 3.9.2, PHP by configuration)
// it parts pairs as `&` does, to WHATWG and RFC 3986 it is itself. `%3B` is itself for all.
enum class Semicolon : std::uint8_t { refused, literal };

// Arrays, and objects in objects, in style deepObject, and arrays of objects in a query (bracket_reader.h).
enum class Deep : std::uint8_t { refused, brackets };

// `%2F` in a path parameter: to some servers the end of a segment.
enum class Slash : std::uint8_t { refused, of_value };

}  // namespace gatehouse::openapi
