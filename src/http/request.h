// The head of a request of any HTTP version, and the checks that do not depend on the version.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/fields.h"
#include "http/host.h"
#include "http/malformed.h"
#include "http/method.h"

namespace gatehouse::http {

enum class Version : std::uint8_t { http_1_0, http_1_1 };

enum class BodyKind : std::uint8_t { none, length, chunked, until_close };
struct BodyFraming {
  BodyKind kind = BodyKind::none;  // until_close: responses only
  std::uint64_t length = 0;        // of BodyKind::length
};

enum class Persistence : std::uint8_t { close, keep_alive };
// The part of the request line before the path: nothing, or a scheme and an authority (RFC 9112 section
// 3.2.2).
enum class TargetScheme : std::uint8_t { unsaid, http, https };

// All of a head but its fields.
struct RequestLine {
  Method method = Method::other;
  Version version = Version::http_1_1;
  Persistence connection = Persistence::close;
  bool expects_continue = false;
  bool wants_upgrade = false;  // to a protocol that is not a form of HTTP
  BodyFraming body;
  std::string_view method_text;
  std::string_view target;  // path and query as they were sent; nothing of a scheme and authority before them
  std::string_view path;    // raw: percent-encoding is valid, but not decoded; begins with `/`, or is `*`
  std::string_view query;   // raw, without `?`; empty also where there was none
  HostPort host;
  TargetScheme scheme = TargetScheme::unsaid;  // of absolute-form: its authority is that of `host`
};

// Every view points into the buffer that was parsed, while its bytes stay, or at a constant.
struct RequestHead : RequestLine {
  Fields fields;

  // Resets it: no old value remains while a new head is not parsed.
  void forget() {
    static_cast<RequestLine&>(*this) = {};
    fields.clear();
  }
};

// Takes the host from the Host field, which every request must have, once (RFC 9110, section 7.2).
std::optional<Malformed> read_host(RequestHead& head);
// Whether an authority in the request line is that of Host (RFC 9112 section 3.2), which has been read.
std::optional<Malformed> compare_host(const RequestHead& head, std::string_view authority);
// Takes from Expect whether the client waits to be asked for its body; the only expectation there is
// (RFC 9110, section 10.1.1). Precondition: the body's framing is known.
std::optional<Malformed> read_expectation(RequestHead& head);

}  // namespace gatehouse::http
