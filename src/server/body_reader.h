// Reads a request's body from its connection, once the gates ask for it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gate/body_reader.h"
#include "http/chunked.h"
#include "net/stream.h"
#include "server/request_buffer.h"

namespace gatehouse::server {

// Decodes a body in chunks where it has arrived: each piece moves down to the end of the one before it.
class ChunksInPlace {
 public:
  // `text` is what size() says of the body, at begin(), and behind it what has come since. complete: the body
  // has ended, and what follows it stands at behind(). need_more: all was decoded, and the next bytes belong
  // at end(). malformed: see reason(); where there is none, the body has more than `most` bytes.
  http::Progress take(std::span<char> text, std::uint64_t most);
  std::optional<http::Malformed> reason() const { return reason_; }

  std::size_t begin() const { return begin_; }
  std::size_t end() const { return end_; }
  std::size_t size() const { return end_ - begin_; }
  std::size_t behind() const { return at_; }
  // The body has been copied to the beginning of another text.
  void moved() {
    end_ = size();
    begin_ = 0;
  }

 private:
  http::ChunkedDecoder decoder_{http::Trailers::refuse};
  std::size_t begin_ = 0, end_ = 0, at_ = 0;
  std::optional<http::Malformed> reason_;
};

class ConnectionBody final : public gate::BodyReader {
 public:
  // `buffer` begins with the body: the head has been parsed but not consumed; `head_size` bytes of it stand
  // before.
  ConnectionBody(net::Stream& stream, RequestBuffer& buffer, std::size_t head_size,
                 const http::RequestHead& head, std::chrono::nanoseconds timeout)
      : stream_(stream), buffer_(buffer), head_size_(head_size), head_(head), timeout_(timeout) {}

  net::Task<Verdict<std::string_view>> read(std::uint64_t most, CallerShares::Lease& memory) override;
  // The client has a pace to keep: it may send nothing for so long, and for a second more for each 8 KiB that
  // it has sent. The time between two calls does not count.
  net::Task<Verdict<std::string_view>> next(std::uint64_t most, CallerShares::Lease& memory) override;

  std::uint64_t arrived_bytes() const override;

  // How many bytes of the buffer, behind the head, belonged to this request; nothing when the rest of the
  // body is still to come, so that the connection cannot go on.
  std::optional<std::size_t> used() const;
  // The bytes that were read after the body: the beginning of the next request.
  std::string_view surplus() const { return surplus_; }

 private:
  net::Task<Verdict<std::string_view>> read_length(std::uint64_t length, CallerShares::Lease& memory);
  net::Task<Verdict<std::string_view>> read_chunked(std::uint64_t most, CallerShares::Lease& memory);
  // The result of `text` as a part of a body in chunks; nothing if there must be more.
  std::optional<Verdict<std::string_view>> take(ChunksInPlace& chunks, std::span<char> text,
                                                std::uint64_t most);
  // The next piece of what the stream brings, or of what came with the head.
  net::Task<Verdict<std::string_view>> next_of_stream(std::uint64_t most, CallerShares::Lease& memory);
  Verdict<std::string_view> first_piece(std::uint64_t most, CallerShares::Lease& memory);
  // Takes the body's bytes out of the first `size` of `copied_`, where they are.
  Verdict<std::string_view> decode(std::size_t size, std::uint64_t most);
  // Room for so many bytes of the body, counted.
  Verdict<void> make_room(std::size_t size, CallerShares::Lease& memory);
  std::string_view arrived() const { return buffer_.bytes().substr(head_size_); }

  net::Stream& stream_;
  RequestBuffer& buffer_;
  std::size_t head_size_;
  const http::RequestHead& head_;
  std::chrono::nanoseconds timeout_;
  std::string copied_;        // a body that does not fit into the buffer
  std::size_t counted_ = 0;   // of it, with room to grow
  std::string_view surplus_;  // in `copied_`
  std::size_t used_ = 0;
  std::uint64_t read_ = 0;  // bytes of the body that were read into `copied_`, decoded, or too many
  bool complete_ = false;

  // Of a body that is read in pieces.
  std::optional<std::chrono::nanoseconds> patience_;  // what is left of it; nothing: it has not begun
  std::uint64_t left_ = 0;                            // of a body with a length
  http::ChunkedDecoder decoder_{http::Trailers::refuse};
  bool from_buffer_ = false;  // what is decoded came with the head
};

}  // namespace gatehouse::server
