#include "target/upstream_body.h"

#include <algorithm>
#include <exception>
#include <span>

#include "target/upstream.h"

namespace gatehouse::target {

namespace {

using Ending = client::ConnectionPool::Ending;

}  // namespace

Result<> BodyDecoder::take(std::string_view& arrived, std::string& body) {
  if (ended_) return {};
  if (kind_ != http::BodyKind::chunked) {
    const std::string_view data =
        kind_ == http::BodyKind::length ? arrived.substr(0, left_) : arrived;  // until the connection ends
    body += data;
    arrived.remove_prefix(data.size());
    if (kind_ == http::BodyKind::length) ended_ = (left_ -= data.size()) == 0;
    return {};
  }
  for (;;) {
    const http::ChunkedDecoder::Step step = chunks_.next(arrived);
    arrived.remove_prefix(step.consumed);
    if (step.progress == http::Progress::malformed)
      return failure(ErrorCode::invalid, std::string(http::name(chunks_.reason())));
    body += step.data;
    ended_ = step.progress == http::Progress::complete;
    if (ended_ || step.data.empty()) return {};
  }
}

UpstreamBody::UpstreamBody(net::Loop& loop, Held held, BodyDecoder decoder, Ending last,
                           std::chrono::nanoseconds idle)
    : loop_(loop),
      client_(held.conversation.client().shared_from_this()),
      held_(std::move(held)),
      decoder_(decoder),
      last_(last),
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
  held_.reset();
  done_ = true;
  more_.set();
}

net::Task<Result<>> UpstreamBody::read_all() {
  for (;;) {
    while (room() == 0) {
      net::Signal::Wait waiting = room_.wait();
      co_await waiting;
    }
    net::Stream& stream = held_->lease.stream();
    const std::span<char> buffer(held_->conversation->buffer);
    stream.set_deadline(loop_.now() + idle_);
    const auto read = co_await stream.read(buffer.first(std::min(buffer.size(), room())));
    if (!read) co_return std::unexpected(read.error());
    stream.clear_deadline();
    if (*read == 0) {
      if (!decoder_.ends_with_connection())
        co_return failure(ErrorCode::closed, "the upstream ended within its answer");
      end(Ending::close);
      co_return Result<>{};
    }
    std::string_view arrived(buffer.data(), *read);
    const std::size_t before = ready_.size();
    const Result<> taken = decoder_.take(arrived, ready_);
    client_->held_bytes += ready_.size() - before;
    if (ready_.size() > before) more_.set();
    if (!taken) co_return std::unexpected(taken.error());
    if (decoder_.ended()) {
      // What comes behind an answer answers nobody: the connection ends with it.
      end(arrived.empty() ? last_ : Ending::close);
      co_return Result<>{};
    }
  }
}

// How much more may be read now. Something always may where nothing is held: the body moves on.
std::size_t UpstreamBody::room() const {
  const std::size_t held = ready_.size() + taken_.size();
  const std::size_t free = kHeldInAll - std::min(kHeldInAll, client_->held_bytes);
  const std::size_t most = std::min(client_->read_ahead, std::max(free / 32, Conversation::kBuffer));
  return most - std::min(most, held);
}

void UpstreamBody::end(Ending ending) {
  held_->lease.end(ending);
  held_.reset();
}

}  // namespace gatehouse::target
