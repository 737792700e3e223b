// What one server reads in one way and another in another, and OpenAPI leaves open.
#pragma once

#include <cstdint>
#include <optional>

namespace gatehouse::doc {
class Field;
}

namespace gatehouse::openapi {

// A raw `+` in a query: to HTML forms, URLSearchParams and most frameworks a space, to RFC 3986 itself.
enum class Plus : std::uint8_t { refused, space };

// A raw `;` in a query or form: to older servers (Rack before 3, Python before 3.9.2, PHP by configuration)
// it parts pairs as `&` does, to WHATWG and RFC 3986 it is itself. `%3B` is itself for all.
enum class Semicolon : std::uint8_t { refused, literal };

// What stands inside an array or object of a query or form. Each choice is for inputs of its own:
//   brackets  arrays, and objects in objects, in style deepObject, and arrays of objects (bracket_reader.h)
//   exploded  arrays in an exploded object: the name once for each item, as in `sort=a&sort=b`
enum class Deep : std::uint8_t { refused = 0, brackets = 1, exploded = 2, both = 3 };
constexpr Deep operator|(Deep a, Deep b) { return Deep(std::uint8_t(a) | std::uint8_t(b)); }
constexpr bool has(Deep chosen, Deep one) { return (std::uint8_t(chosen) & std::uint8_t(one)) != 0; }
// As it is written: one choice, or a list of them. Nothing, and a problem, where it is none.
std::optional<Deep> read_deep(const doc::Field& field);

enum class Dates : std::uint8_t { zoned, local };  // local: a date-time may lack its zone
// `%2F` in a path parameter: to some servers the end of a segment.
enum class Slash : std::uint8_t { refused, of_value };

}  // namespace gatehouse::openapi
