// Exchange: one request and its answer in HTTP/1.1 (RFC 9112), over one connection of a pool. It knows
// nothing of what is asked, and waits for nothing: its user awaits the stream, and says what each read gave.
//
//   Exchange exchange(std::move(lease), buffers, method);
//   const auto written = co_await exchange.stream().write(parts);
//   for (;;) {
//     const auto read = co_await exchange.stream().read(exchange.head_space());
//     GATEHOUSE_CO_TRY(const http::Progress progress, exchange.take_head(read));
//     if (progress == http::Progress::complete) break;
//   }
//   ... exchange.head() ...
//   auto taken = exchange.body().take(exchange.behind_head(), text);
//   ... the same with each read of exchange.stream(), until taken is complete ...
//
// The stream's deadline bounds it in time.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "client/body_decoder.h"
#include "client/connection_pool.h"
#include "http/malformed.h"
#include "http/method.h"
#include "http/response_parser.h"

namespace gatehouse::client {

// The memory of one exchange.
struct ExchangeBuffers {
  static constexpr std::size_t kSize = std::size_t{16} << 10U;
  std::string head;   // of the request
  char bytes[kSize];  // of the answer: its head, which must fit, and then pieces of its body
};

// Whether a request may be sent again where its answer is lost (RFC 9110 section 9.2.2).
constexpr bool is_idempotent(http::Method method) {
  using enum http::Method;
  return method == get || method == head || method == put || method == delete_ || method == options ||
         method == trace;
}

// The body of an answer, with the connection that brings it.
class AnswerBody {
 public:
  net::Stream& stream() { return connection_.stream(); }

  // Appends to `body` the part of it in `arrived`. complete: it has ended, and its connection went back to
  // its pool or was closed, the stream with it; else need_more. Error{invalid}: this is not a body of its
  // framing.
  Result<http::Progress> take(std::string_view arrived, std::string& body);
  // The same for the result of a read of the stream into `buffer`. Error{timeout}; Error{closed}: the
  // connection ended within the body.
  Result<http::Progress> take(const Result<std::size_t>& read, const char* buffer, std::string& body);

 private:
  friend class Exchange;
  explicit AnswerBody(ConnectionPool::Lease&& connection) : connection_(std::move(connection)) {}

  ConnectionPool::Lease connection_;
  // Set with the head: the framing of the body, and the use of the connection after a proper end.
  BodyDecoder decoder_{http::BodyFraming{}};
  ConnectionPool::Ending last_ = ConnectionPool::Ending::close;
};

class Exchange {
 public:
  // `buffers` outlive the exchange.
  Exchange(ConnectionPool::Lease&& connection, ExchangeBuffers& buffers, http::Method asked)
      : body_(std::move(connection)), buffers_(buffers), asked_(asked) {}

  net::Stream& stream() { return body_.stream(); }
  // The server may have closed the connection at the very moment of its use.
  bool reused() const { return body_.connection_.reused(); }
  // Whether a byte of an answer has come.
  bool begun() const { return begun_; }

  // Where the next bytes of the head go.
  std::span<char> head_space() { return std::span(buffers_.bytes).subspan(size_); }
  // The result of a read into head_space(): complete or need_more. Interim answers are skipped (RFC 9110
  // section 15.2). Error{timeout}; Error{invalid}: it is not an answer; Error{closed}: none came. Retry::yes:
  // no byte of an answer came over a reused connection.
  Result<http::Progress> take_head(const Result<std::size_t>& read);

  // After the head is complete. Views into the buffers, until the next bytes are read into them.
  const http::ResponseHead& head() const { return head_; }
  // The part of the body that came with the head.
  std::string_view behind_head() const {
    return {buffers_.bytes + parser_.consumed(), size_ - parser_.consumed()};
  }
  // The connection serves no further request: this one was not sent to its end.
  void close_behind() { at_best_ = body_.last_ = ConnectionPool::Ending::close; }
  // A caller that reads it later moves it out, and the connection with it.
  AnswerBody& body() { return body_; }

 private:
  AnswerBody body_;
  ExchangeBuffers& buffers_;
  const http::Method asked_;
  http::ResponseParser parser_{http::ResponseLimits{.head = ExchangeBuffers::kSize}};
  std::size_t size_ = 0;  // of the bytes in the buffer
  bool begun_ = false;    // something came, and be it an interim answer: the server works on it
  http::ResponseHead head_;
  ConnectionPool::Ending at_best_ = ConnectionPool::Ending::keep;
};

}  // namespace gatehouse::client
