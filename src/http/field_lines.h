// The field section of a message (RFC 9112 section 5), which requests, responses and trailers share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fields.h"
#include "http/malformed.h"

namespace gatehouse::http {

// Reads `field-line CRLF` until the empty line. Resumes where it stopped: no byte is looked at twice.
class FieldLines {
 public:
  // Begins behind the start line, `at` bytes into the buffer; everything before is of no interest.
  void begin(std::size_t at) {
    at_ = at;
    state_ = State::line;
  }
  // `data` begins at the same byte in every call. At most `limit` fields are added; two lines of a singleton
  // are malformed, with the reason that the field has for it, unless they are equal dates.
  Progress run(std::string_view data, std::size_t limit, Fields& fields);

  std::size_t at() const { return at_; }  // complete: the first byte behind the empty line
  Malformed reason() const { return reason_; }
  // The field that came twice; empty: the reason is another one.
  std::string_view repeated() const {
    return reason_ == Malformed::repeated_field ? name(id_) : std::string_view();
  }

 private:
  enum class State : std::uint8_t { line, name, space, value, line_end, last_line_end };

  Progress refuse(std::size_t at, Malformed reason) {
    at_ = at;
    reason_ = reason;
    return Progress::malformed;
  }

  std::size_t at_ = 0;
  std::size_t name_at_ = 0, name_size_ = 0, value_at_ = 0;
  State state_ = State::line;
  FieldId id_ = FieldId::other;
  Malformed reason_ = Malformed::field_name;
};

}  // namespace gatehouse::http
