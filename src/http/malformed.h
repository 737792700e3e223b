// Every way in which a message can fail to be HTTP as Gatehouse reads it: a closed list, each with a stable
// name for events and the status of the answer. After any of them the connection is closed: where the message
// ends is no longer known.
#pragma once

#include <cstdint>
#include <string_view>

namespace gatehouse::http {

enum class Malformed : std::uint8_t {
  // The request line.
  request_line,         // empty (a leading CRLF too), or not `method SP target SP version CRLF`
  method,               // not a token, or longer than 32 bytes
  connect,              // CONNECT: Gatehouse is not a forward proxy
  version,              // not `HTTP/` DIGIT `.` DIGIT
  version_unsupported,  // any but 1.0 and 1.1
  target_form,          // authority-form, another scheme than http(s), or `*` for another method than OPTIONS
  target_too_long,
  target_character,  // a byte that RFC 3986 does not allow there, but `[ ] |` in the query
  fragment,
  non_ascii,
  invalid_percent,  // `%` without two hexadecimal digits
  dot_segment,      // `.` or `..` as a segment, also followed by `;`
  double_slash,
  encoded_slash,
  encoded_backslash,
  encoded_dot,
  encoded_unreserved,  // `%61` for `a`: another spelling of the same path (RFC 3986 section 2.3)
  encoded_control,     // `%00` to `%1F`, `%7F`
  encoded_not_utf8,    // `%C0%AF`: bytes that some decoders take for other characters
  // Lines and fields.
  head_too_large,
  too_many_fields,
  field_name,  // empty, not a token, or a known name with another sign in place of `-`
  space_before_colon,
  field_value,  // a value that its field's grammar does not allow
  obs_fold,
  bare_lf,
  bare_cr,
  control_character,
  repeated_field,  // a second line of a field that has one value
  // Errors of the fields together.
  missing_host,
  repeated_host,
  bad_host,
  other_host,         // the request line's `https://host` is another one than Host names
  content_length,     // malformed, repeated, or beside Transfer-Encoding
  transfer_encoding,  // anything but one `chunked`, or in HTTP/1.0
  connection_option,  // a Connection option that nominates an end-to-end field
  expectation,        // any but 100-continue
  // The body.
  chunk_size,
  chunk_extension,
  chunk_terminator,
  trailer,
  // Responses of an upstream.
  status_line,
  switching_protocols,  // 101, which Gatehouse never asks for
  unexpected_body,      // 1xx or 204 that announce a body
};
inline constexpr std::size_t kMalformedCount = static_cast<std::size_t>(Malformed::unexpected_body) + 1;

// The enumerator's name, as events write it.
std::string_view name(Malformed reason);
// The status of the answer to a client: 400, 414, 417, 421, 431 or 505. For an upstream's message the answer
// is always 502.
int status(Malformed reason);

// The state of an incremental parser.
enum class Progress : std::uint8_t { need_more, complete, malformed };

}  // namespace gatehouse::http
