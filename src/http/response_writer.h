// Heads of responses and of requests to upstreams, appended to a caller's buffer. The types exclude bytes
// that could end a line early: a field is written from a FieldName and a FieldValue, and both are checked
// when they are made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/method.h"

namespace gatehouse::http {

// A token (RFC 9110 section 5.6.2). Borrowed.
class FieldName {
 public:
  template <std::size_t N>
  consteval FieldName(const char (&literal)[N]) : text_(literal, N - 1) {  // NOLINT: implicit on purpose
    for (const char c : text_) {
      if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-')) {
        throw "a literal field name is letters, digits and -";
      }
    }
  }
  static std::optional<FieldName> checked(std::string_view text);
  std::string_view view() const { return text_; }

 private:
  explicit FieldName(std::string_view text, int) : text_(text) {}
  std::string_view text_;
};

// Visible characters, spaces and tabs, no white space at the ends (RFC 9110 section 5.5). Borrowed.
class FieldValue {
 public:
  template <std::size_t N>
  consteval FieldValue(const char (&literal)[N]) : text_(literal, N - 1) {  // NOLINT: implicit on purpose
    for (const char c : text_) {
      if (c < ' ' || c > '~') throw "a literal field value is printable ASCII";
    }
  }
  static std::optional<FieldValue> checked(std::string_view text);
  std::string_view view() const { return text_; }

 private:
  explicit FieldValue(std::string_view text, int) : text_(text) {}
  std::string_view text_;
};

// The registered reason phrase, or empty.
std::string_view phrase(int status);

// `name: value` CRLF. For texts that are known to be a name and a value: those of a parsed head, and those
// that Gatehouse and its configuration make.
void append_field(std::string& out, std::string_view name, std::string_view value);

// Writes one head:
//   HeadWriter(out).status(200).field("Content-Type",
//   "application/json").content_length(n).block(kFixed).end();
class HeadWriter {
 public:
  explicit HeadWriter(std::string& out) : out_(out) {}

  HeadWriter& status(int code);  // `HTTP/1.1 200 OK`
  // `GET /path?query HTTP/1.1`. The method's text and the target are those of a RequestHead: checked when
  // parsed.
  HeadWriter& request(std::string_view method, std::string_view target);
  HeadWriter& field(FieldName name, FieldValue value);
  HeadWriter& field(FieldName name, std::uint64_t number);
  HeadWriter& content_length(std::uint64_t length);
  // Complete lines that a HeadWriter of their own made earlier.
  HeadWriter& block(std::string_view lines);
  void end() { out_ += "\r\n"; }

 private:
  std::string& out_;
};

// IMF-fixdate (RFC 9110 section 5.6.7).
std::array<char, 29> http_date(WallTime time);
// Reads IMF-fixdate only; the obsolete forms are refused.
std::optional<WallTime> parse_http_date(std::string_view text);

// `Date: …` CRLF, made once a second. One for each worker.
class DateLine {
 public:
  std::string_view at(WallTime now);

 private:
  std::int64_t second_ = -1;
  std::array<char, 37> line_{};
};

}  // namespace gatehouse::http
