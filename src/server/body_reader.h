// Reads a request's body from its connection, once the gates ask for it.
#pragma once

#include <string>

#include "gate/validate.h"
#include "http/chunked.h"
#include "net/stream.h"
#include "server/request_buffer.h"

namespace gatehouse::server {

class ConnectionBody final : public gate::BodyReader {
 public:
  // `buffer` begins with the body: the head has been parsed but not consumed; `head_size` bytes of it stand
  // before.
  ConnectionBody(net::Stream& stream, RequestBuffer& buffer, std::size_t head_size,
                 const http::RequestHead& head, std::chrono::nanoseconds timeout)
      : stream_(stream), buffer_(buffer), head_size_(head_size), head_(head), timeout_(timeout) {}

  net::Task<Verdict<std::string_view>> read(std::uint64_t most, CallerShares::Lease& memory) override;

  std::uint64_t arrived_bytes() const override;

  // How many bytes of the buffer, behind the head, belonged to this request; nothing when the rest of the
  // body is still to come, so that the connection cannot go on.
  std::optional<std::size_t> used() const;
  // What was read of the stream behind the body: the beginning of the next request.
  std::string_view surplus() const { return surplus_; }

 private:
  net::Task<Verdict<std::string_view>> read_length(std::uint64_t length, CallerShares::Lease& memory);
  net::Task<Verdict<std::string_view>> read_chunked(std::uint64_t most, CallerShares::Lease& memory);
  // Room for so many bytes of the body, counted.
  Verdict<void> make_room(std::size_t size, CallerShares::Lease& memory);
  std::string_view arrived() const { return buffer_.bytes().substr(head_size_); }

  net::Stream& stream_;
  RequestBuffer& buffer_;
  std::size_t head_size_;
  const http::RequestHead& head_;
  std::chrono::nanoseconds timeout_;
  std::string copied_;       // a body that does not fit into the buffer, or came in chunks
  std::size_t counted_ = 0;  // of it, with room to grow
  std::string surplus_;
  std::size_t used_ = 0;
  std::uint64_t read_ = 0;  // bytes of the body that were read into `copied_`, or were too many for it
  bool complete_ = false;
};

}  // namespace gatehouse::server
