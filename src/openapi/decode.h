// Raw text to characters, and characters to scalar values. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/document.h"
#include "openapi/codec.h"

namespace gatehouse::openapi {

// The characters that `raw` stands for: `raw` itself where nothing is encoded, else written to `scratch`.
// Nothing when it is not properly encoded (see Encoding), not UTF-8, or has control characters.
std::optional<std::string_view> decode(std::string_view raw, Encoding encoding, std::string& scratch);

// Which rule a text breaks that `decode` makes nothing of: "plus" or "encoding" (openapi/parameter.h).
std::string_view broken_rule(std::string_view raw, Encoding encoding);

// RFC 9110 section 5.6.2: what the name of a header or cookie is.
bool is_token(std::string_view text);

// RFC 8259 section 6.
bool is_json_number(std::string_view text);

// Writes `text` as the first of number, boolean, string that `kinds` allows and the text is. False when it is
// none.
bool write_scalar(std::string_view text, std::uint8_t kinds, json::Builder& out);

// Whether the decoded text of a path parameter could change which path it is: separators and dot segments.
// False for any other parameter.
bool moves_in_path(std::string_view text, const Codec& codec);

}  // namespace gatehouse::openapi
