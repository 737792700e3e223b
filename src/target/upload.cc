#include "target/upload.h"

#include <array>
#include <coroutine>
#include <span>
#include <string_view>
#include <utility>

#include "http/chunked.h"
#include "net/loop.h"
#include "net/stream.h"

namespace gatehouse::target {
namespace {

constexpr int kFirstFinal = 300;  // of the statuses after which the upstream needs no more of the body

using Ended = std::optional<Verdict<UploadEnd>>;

// `ended` is set when it is done.
net::Task<void> send_pieces(net::Stream& upstream, RequestStream& upload, std::chrono::nanoseconds patience,
                            Ended& ended) {
  const bool chunked = !upload.length();
  while (!ended) {
    // How long the client may take is the upload's business.
    upstream.clear_deadline();
    auto pulled = co_await upload.next();
    if (!pulled) {
      ended.emplace(std::unexpected(pulled.error()));
      co_return;
    }
    const std::string_view piece = *pulled;
    const bool last = piece.empty();
    if (last && !chunked) {
      ended.emplace(UploadEnd::sent);
      co_return;
    }
    const http::ChunkHead head(piece.size());
    std::array<std::string_view, 3> parts{piece};
    std::size_t count = 1;
    if (chunked && last) {
      parts[0] = http::kLastChunk;
    } else if (chunked) {
      parts = {head.view(), piece, http::kChunkEnd};
      count = parts.size();
    }
    upstream.set_deadline(upstream.loop().now() + patience);
    const auto written = co_await upstream.write(std::span<const std::string_view>(parts).first(count));
    if (!written) {
      ended.emplace(UploadEnd::not_taken);
    } else if (last) {
      ended.emplace(UploadEnd::sent);
    }
  }
}

// Resumes its one waiter when the task has ended, or when the upstream may be read. The task runs whenever
// this is awaited. Destroying this cancels it.
class TaskOrInput {
 public:
  TaskOrInput(net::Task<void> task, net::Stream& upstream)
      : task_(std::move(task)), running_(task_.operator co_await()), upstream_(upstream) {}

  void ignore_input() { input_ = Input::ignored; }

  bool await_ready() const { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) {
    if (input_ == Input::awaited) {
      readable_.emplace(upstream_);
      if (readable_->await_ready()) return waiting;
      readable_->await_suspend(waiting);
    }
    // Once it has begun, its end resumes the same waiter.
    return std::exchange(begun_, true) ? std::noop_coroutine() : running_.await_suspend(waiting);
  }
  void await_resume() { readable_.reset(); }
  void rethrow() { running_.await_resume(); }

 private:
  enum class Input : std::uint8_t { awaited, ignored };

  net::Task<void> task_;
  net::Task<void>::Awaiter running_;
  net::Stream& upstream_;
  std::optional<net::Stream::Readable> readable_;
  Input input_ = Input::awaited;
  bool begun_ = false;
};

}  // namespace

net::Task<Verdict<SentUpload>> send_upload(client::Exchange& exchange, RequestStream& upload,
                                           std::chrono::nanoseconds patience) {
  SentUpload sent;
  Ended ended;
  net::Stream& upstream = exchange.stream();
  TaskOrInput sending(send_pieces(upstream, upload, patience, ended), upstream);
  for (;;) {
    co_await sending;
    if (ended) break;
    const auto read = upstream.try_read(exchange.head_space());
    if (!read) continue;
    sent.head = exchange.take_head(*read);
    if (!*sent.head) {
      sent.end = UploadEnd::not_taken;
      co_return sent;
    }
    if (**sent.head == http::Progress::need_more) continue;
    if (exchange.head().status >= kFirstFinal) {
      sent.end = UploadEnd::answered;
      co_return sent;
    }
    sending.ignore_input();
  }
  sending.rethrow();
  GATEHOUSE_CO_TRY(sent.end, *std::move(ended));
  co_return sent;
}

}  // namespace gatehouse::target
