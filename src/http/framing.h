// The end of a message's body (RFC 9112 section 6), and the options of Connection: shared by both directions.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/fields.h"

namespace gatehouse::http {

// One or more digits, no leading zero but in `0` itself, at most 18 of them, nothing else.
std::optional<std::uint64_t> parse_content_length(std::string_view text);

// Whether the value is the one coding `chunked`, and nothing besides.
bool is_only_chunked(std::string_view transfer_encoding);

struct ConnectionOptions {
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool unknown = false;  // an option that may not be nominated, or no token
};
// All lines of Connection together.
ConnectionOptions connection_options(const Fields& fields);

// Whether Upgrade names a protocol in which the request would be another one than it is as HTTP (RFC 9110
// section 7.8): `websocket`, `connect-udp`. `h2c`, `HTTP/2.0` and `TLS/1.2` carry the same request, so that a
// server may pass over them.
bool asks_for_other_protocol(const Fields& fields);

}  // namespace gatehouse::http
