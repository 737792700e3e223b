#include "target/upstream_body.h"

#include <algorithm>
#include <exception>
#include <span>

#include "target/upstream.h"

namespace gatehouse::target {

UpstreamBody::UpstreamBody(net::Loop& loop, Held held, client::AnswerBody body, std::chrono::nanoseconds idle)
    : loop_(loop),
      client_(held.buffers.client().shared_from_this()),
      unfinished_(Unfinished{std::move(held), std::move(body)}),
      idle_(idle),
      more_(loop),
      room_(loop),
      reading_(read_ahead()) {
  net::start(reading_);
}

UpstreamBody::~UpstreamBody() { client_->held_bytes -= ready_.size() + taken_.size(); }

net::Task<Result<std::string_view>> UpstreamBody::next() {
  client_->held_bytes -= taken_.size();
  taken_.clear();
  room_.set();
  while (ready_.empty() && !done_) {
    net::Signal::Wait waiting = more_.wait();
    co_await waiting;
  }
  if (!ready_.empty()) {
    std::swap(ready_, taken_);
    room_.set();
    co_return taken_;
  }
  if (!result_) co_return std::unexpected(result_.error());
  co_return std::string_view();
}

net::Task<void> UpstreamBody::read_ahead() {
  try {
    auto reading = read_all();
    result_ = co_await reading;
  } catch (const std::exception& bug) {
    result_ = failure(ErrorCode::internal, bug.what());
  }
  unfinished_.reset();
  done_ = true;
  more_.set();
}

net::Task<Result<>> UpstreamBody::read_all() {
  for (;;) {
    while (room() == 0) {
      net::Signal::Wait waiting = room_.wait();
      co_await waiting;
    }
    client::AnswerBody& body = unfinished_->body;
    const std::span<char> buffer(unfinished_->held.buffers->bytes);
    net::Stream& stream = body.stream();
    stream.set_deadline(loop_.now() + idle_);
    const auto read = co_await stream.read(buffer.first(std::min(buffer.size(), room())));
    stream.clear_deadline();
    const std::size_t before = ready_.size();
    const auto taken = body.take(read, buffer.data(), ready_);
    client_->held_bytes += ready_.size() - before;
    if (ready_.size() > before) more_.set();
    if (!taken) co_return std::unexpected(taken.error());
    if (*taken == http::Progress::complete) {
      unfinished_.reset();
      co_return Result<>{};
    }
  }
}

// How much more may be read now. Something always may where nothing is held: the body moves on.
std::size_t UpstreamBody::room() const {
  const std::size_t held = ready_.size() + taken_.size();
  const std::size_t free = kHeldInAll - std::min(kHeldInAll, client_->held_bytes);
  const std::size_t most = std::min(client_->read_ahead, std::max(free / 32, client::ExchangeBuffers::kSize));
  return most - std::min(most, held);
}

}  // namespace gatehouse::target
