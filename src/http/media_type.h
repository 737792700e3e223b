// Media types and their negotiation (RFC 9110 sections 8.3 and 12.5.1).
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::http {

// Borrowed from the text it was parsed from.
struct MediaType {
  std::string_view type;  // as written; compare ignoring case
  std::string_view subtype;
  std::string_view parameters;  // from the first `;` on, checked; empty if there are none

  // The parameter's value without its quotes, where it has no escapes; nothing where it is absent.
  std::optional<std::string_view> parameter(std::string_view name) const;
  // The first parameter whose name is not among these (in lower case), or whose value has an escape; empty if
  // there is none.
  std::string_view other_parameter(std::span<const std::string_view> names) const;
  std::vector<std::string> parameter_names() const;  // in lower case
  // Whether readers could find another charset in it than parameter("charset"): an escape, which some undo
  // (`utf-\7`); a name with `*`, which is the name without it to some (RFC 2231: `charset*=`); a name or a
  // quoted text in which those that part at `;`, `,` or white space, or look for `charset=`, find another
  // parameter.
  bool hides_charset() const;
  bool is(std::string_view wanted) const;  // "application/json", ignoring case and parameters
  bool is_json() const;                    // application/json, text/json, or a subtype that ends in +json
};

inline constexpr std::size_t kMostParameters = 16;

// One media type and nothing behind it; a repeated parameter is refused, and one beyond kMostParameters.
std::optional<MediaType> parse_media_type(std::string_view text);

// Written anew: type, subtype and the names of the parameters in lower case, their values as they were sent,
// `; ` between them.
void append_media_type(std::string& out, const MediaType& type);

// Whether a media range ("*/*", "text/*", "application/json") covers the type.
bool covers(std::string_view range, const MediaType& type);

// Quality in thousandths, 0 to 1000, that an Accept value gives to a media type: the most specific range
// decides. 1000 where the value is empty (no Accept field), nothing where it is malformed.
std::optional<int> quality(std::string_view accept, std::string_view media_type);

// The index of the offer that the client likes best; the first of equals. Nothing when it accepts none. A
// malformed Accept accepts every offer: the field is a wish, not a rule.
std::optional<std::size_t> negotiate(std::string_view accept, std::span<const std::string_view> offers);

}  // namespace gatehouse::http
