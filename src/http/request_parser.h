// Request heads of HTTP/1.0 and 1.1 (RFC 9112), read strictly: a head that two servers could read differently
// is refused, nothing is repaired. The parser does no I/O, allocates nothing, and copies nothing.
//
// Decisions where the RFC leaves a choice:
//   - An empty line before the request line is refused (section 2.2 lets a server skip it).
//   - Origin-form, absolute-form of http and https, and `*` for OPTIONS (section 3.2). The authority of an
//     absolute-form must be the one that Host names (section 3.2.2 would ignore Host: a server that
//     ignores the other one would see another request). Its scheme is compared later, with the connection's.
//   - Host is required in HTTP/1.0 too.
//   - HTTP/1.0 connections close after the answer; `Connection: keep-alive` there is not honoured.
//   - Content-Length has no leading zeros and at most 18 digits.
//   - Connection may name `close`, `keep-alive`, `upgrade`, `te` and `http2-settings`: with another option a
//     client could make an intermediary strip a field that the next server relies on.
//   - Upgrade to another form of HTTP (`h2c`, `TLS/1.2`) is ignored (RFC 9110 section 7.8 allows it); to any
//   other
//     protocol it is reported. It is never forwarded.
//   - Expect: only 100-continue, and ignored in HTTP/1.0 (RFC 9110 section 10.1.1).
//   - A path in which an unreserved character, `/`, `\`, `.` or a control is percent-encoded is refused.
//   - The query may hold `[`, `]` and `|` as they are: OpenAPI's deepObject and pipeDelimited write them so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/field_lines.h"
#include "http/malformed.h"
#include "http/method.h"
#include "http/path_segment.h"
#include "http/request.h"

namespace gatehouse::http {

// Whether a request may name no host, as the health checks of load balancers do: then it has an empty one.
enum class MissingHost : std::uint8_t { refused, taken };

struct RequestLimits {
  std::size_t head = 16 * 1024;  // request line, fields and both final line ends; at most 65535
  std::size_t target = 8 * 1024;
  std::size_t fields = 64;  // at most Fields::kCapacity
  EncodedSlash encoded_slash = EncodedSlash::refused;
  MissingHost missing_host = MissingHost::refused;
};

// One request after the other on a connection:
//   parse(buffer, head) → need_more:  read more behind the same bytes (they may have moved), and call again;
//                                     no byte is looked at twice, however small the pieces are
//                       → complete:   `consumed()` bytes were the head; drop them and the body, then reset()
//                       → malformed:  answer status(reason()), close
// What is complete or malformed is so for any division of the same bytes into pieces.
class RequestParser {
 public:
  explicit RequestParser(RequestLimits limits = {});

  Progress parse(std::string_view buffer, RequestHead& head);
  std::size_t consumed() const { return at_; }
  Malformed reason() const { return reason_; }
  // The field that came twice, for reason() repeated_field; empty otherwise.
  std::string_view repeated() const {
    return reason_ == Malformed::repeated_field ? lines_.repeated() : std::string_view();
  }
  // Also for an incomplete head: `other` until the method has been read.
  Method method() const { return method_; }
  void reset();

 private:
  enum class State : std::uint8_t { method, target, version, line_end, fields };

  Progress run(std::string_view data, RequestHead& head);
  Progress finish(std::string_view data, RequestHead& head);
  Progress refuse(Malformed reason) {
    reason_ = reason;
    return Progress::malformed;
  }

  RequestLimits limits_;
  std::size_t at_ = 0;                               // everything before it has been looked at
  std::uint32_t method_size_ = 0, target_size_ = 0;  // as they were sent
  State state_ = State::method;
  Method method_ = Method::other;
  Version version_ = Version::http_1_1;
  Malformed reason_ = Malformed::request_line;
  FieldLines lines_;
};

}  // namespace gatehouse::http
