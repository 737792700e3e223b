// One request of an HTTP/1.1 connection, and its answer.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "gate/respond.h"
#include "http/chunked.h"
#include "net/stream.h"
#include "server/body_reader.h"
#include "server/carrier.h"
#include "server/request_buffer.h"

namespace gatehouse::server {

class Worker;
struct ListenerPolicy;
struct Serving;

// The use of the connection after an answer.
enum class Next : std::uint8_t { keep_alive, close, gone };

class Http1Carrier final : public Carrier {
 public:
  // The parts of its connection, all of which outlive it.
  struct Connection {
    Worker& worker;
    const Serving& serving;
    const ListenerPolicy& listener;
    const Client& client;
    net::StreamPtr& stream;  // null after reset()
    RequestBuffer& buffer;   // begins with the head of `head_size` bytes
    std::string& head_out;   // memory for heads of answers
  };
  Http1Carrier(Connection connection, std::size_t head_size, const http::RequestHead& head);

  const Client& client() const override { return of_.client; }
  gate::BodyReader& body() override { return body_; }
  net::HangUpSource& hang_up() override { return of_.stream->hang_up(); }
  net::Task<Result<>> begin(const gate::Released& answer, std::string_view first,
                            MonotonicTime deadline) override;
  net::Task<Result<>> piece(std::string_view bytes, MonotonicTime deadline) override;
  net::Task<Result<>> end(MonotonicTime deadline) override;
  void reset() override;
  void end_now() override;

  // Takes the request out of the buffer; the head's views are then void. Once, behind the exchange.
  Next finish();

 private:
  // The first `count` of parts_.
  net::Task<Result<>> write(std::size_t count, MonotonicTime deadline);
  bool chunked() const { return framing_ == gate::Framing::chunked; }

  const Connection of_;
  const std::size_t head_size_;
  ConnectionBody body_;
  gate::Framing framing_ = gate::Framing::none;
  std::array<std::string_view, 4> parts_;  // of the write that is under way
  http::ChunkHead chunk_{0};
  Next next_ = Next::gone;  // until an answer has begun
};

}  // namespace gatehouse::server
