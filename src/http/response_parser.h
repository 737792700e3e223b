// Response heads of an upstream (RFC 9112), as strictly as requests: a response that could be split or
// smuggled is an upstream failure, never passed on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/field_lines.h"
#include "http/fields.h"
#include "http/malformed.h"
#include "http/method.h"
#include "http/request.h"

namespace gatehouse::http {

// Views as in RequestHead.
struct ResponseHead {
  int status = 0;  // 100 to 599
  Version version = Version::http_1_1;
  Persistence connection =
      Persistence::close;  // keep_alive: the connection can serve another request after the body
  BodyFraming body;
  std::string_view phrase;
  Fields fields;

  // 1xx: another head follows on the same connection.
  bool interim() const { return status < 200; }
};

struct ResponseLimits {
  std::size_t head = 32 * 1024;  // at most 65535
  std::size_t fields = Fields::kCapacity;
};

// Used as RequestParser. `asked` is the request's method: the answer to HEAD has no body. Decisions: 101 is
// refused; 1xx and 204 with Transfer-Encoding or a Content-Length but 0 are refused; 304 and answers to HEAD
// keep their lengths as fields and have no body; HTTP/1.0 closes unless it says keep-alive and has a length.
class ResponseParser {
 public:
  explicit ResponseParser(ResponseLimits limits = {});

  Progress parse(std::string_view buffer, Method asked, ResponseHead& head);
  std::size_t consumed() const { return at_; }
  Malformed reason() const { return reason_; }
  // The field that came twice, for reason() repeated_field; empty otherwise.
  std::string_view repeated() const {
    return reason_ == Malformed::repeated_field ? lines_.repeated() : std::string_view();
  }
  void reset();

 private:
  enum class State : std::uint8_t { version, status, phrase, line_end, fields };

  Progress run(std::string_view data, Method asked, ResponseHead& head);
  Progress finish(Method asked, ResponseHead& head);
  Progress refuse(Malformed reason) {
    reason_ = reason;
    return Progress::malformed;
  }

  ResponseLimits limits_;
  std::size_t at_ = 0;
  std::size_t phrase_at_ = 0, phrase_size_ = 0;
  State state_ = State::version;
  Version version_ = Version::http_1_1;
  int status_ = 0;
  FieldLines lines_;
  Malformed reason_ = Malformed::status_line;
};

}  // namespace gatehouse::http
