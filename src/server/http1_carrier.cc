#include "server/http1_carrier.h"

#include <span>

#include "server/worker.h"

namespace gatehouse::server {

Http1Carrier::Http1Carrier(Connection connection, std::size_t head_size, const http::RequestHead& head)
    : of_(connection),
      head_size_(head_size),
      body_(*of_.stream, of_.buffer, head_size, head, of_.serving.settings().deadlines.body) {
  if (body_.used()) of_.stream->let_input_wait();
}

net::Task<Result<>> Http1Carrier::write(std::size_t count, MonotonicTime deadline) {
  of_.stream->set_deadline(deadline);
  auto written = co_await of_.stream->write(std::span<const std::string_view>(parts_).first(count));
  of_.stream->clear_deadline();
  co_return written;
}

net::Task<Result<>> Http1Carrier::begin(const gate::Released& answer, std::string_view first,
                                        MonotonicTime deadline) {
  // An unread body is between this request and the next.
  const bool keep = answer.exchange().head.connection == http::Persistence::keep_alive && body_.used() &&
                    !of_.stream->input_lost() && !of_.worker.draining();
  next_ = keep ? Next::keep_alive : Next::close;
  of_.head_out.clear();
  framing_ =
      gate::write_head(of_.head_out, answer, keep ? http::Persistence::keep_alive : http::Persistence::close,
                       of_.worker.date_line(), of_.listener.fields);
  std::size_t count = 0;
  parts_[count++] = of_.head_out;
  if (!first.empty()) {
    chunk_ = http::ChunkHead(first.size());
    if (chunked()) parts_[count++] = chunk_.view();
    parts_[count++] = first;
    if (chunked()) parts_[count++] = http::kChunkEnd;
  }
  return write(count, deadline);
}

net::Task<Result<>> Http1Carrier::piece(std::string_view bytes, MonotonicTime deadline) {
  if (!chunked()) {
    parts_[0] = bytes;
    return write(1, deadline);
  }
  chunk_ = http::ChunkHead(bytes.size());
  parts_ = {chunk_.view(), bytes, http::kChunkEnd};
  return write(3, deadline);
}

net::Task<Result<>> Http1Carrier::end(MonotonicTime deadline) {
  parts_[0] = http::kLastChunk;
  return write(chunked() ? 1 : 0, deadline);
}

void Http1Carrier::reset() {
  next_ = Next::gone;
  if (!of_.stream) return;
  of_.stream->abort();
  of_.stream.reset();
}

void Http1Carrier::end_now() {
  if (!of_.stream) return;
  const MonotonicTime now = of_.worker.loop().now();
  of_.stream->set_deadline(now);
  of_.stream->hang_up().end_work_by(now);
}

Next Http1Carrier::finish() {
  if (const auto used = body_.used(); used && next_ != Next::gone) {
    of_.buffer.consume(head_size_ + *used);
    if (!of_.buffer.put_back(body_.surplus()) || of_.stream->input_lost()) next_ = Next::close;
  }
  return next_;
}

}  // namespace gatehouse::server
