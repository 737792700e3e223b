#include "target/upstream_body.h"

#include <algorithm>
#include <exception>
#include <span>

#include "target/upstream.h"

namespace gatehouse::target {

namespace {

using Ending = UpstreamPool::Ending;

}  // namespace

UpstreamBody::UpstreamBody(net::Loop& loop, Held held, BodyRest rest, std::chrono::nanoseconds patience)
    : loop_(loop),
      client_(held.conversation.client().shared_from_this()),
      held_(std::move(held)),
      rest_(rest),
      left_(rest.framing.length),
      patience_(patience),
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
  std::string_view arrived = rest_.arrived;
  for (;;) {
    if (auto taken = take(arrived); !taken || !held_) co_return taken;
    while (room() == 0) {
      net::Signal::Wait waiting = room_.wait();
      co_await waiting;
    }
    net::Stream& stream = held_->lease.stream();
    const std::span<char> buffer(held_->conversation->buffer);
    const MonotonicTime begun = loop_.now();
    stream.set_deadline(begun + patience_);
    const auto read = co_await stream.read(buffer.first(std::min(buffer.size(), room())));
    if (!read) co_return std::unexpected(read.error());
    stream.clear_deadline();
    patience_ -= loop_.now() - begun;
    if (*read == 0) {
      if (rest_.framing.kind != http::BodyKind::until_close)
        co_return failure(ErrorCode::closed, "the upstream ended within its answer");
      end(Ending::close);
      co_return Result<>{};
    }
    arrived = {buffer.data(), *read};
  }
}

// Moves the body's bytes out of what arrived; at the body's end the connection is given back.
Result<> UpstreamBody::take(std::string_view& arrived) {
  switch (rest_.framing.kind) {
    case http::BodyKind::chunked:
      for (;;) {
        const http::ChunkedDecoder::Step step = rest_.decoder.next(arrived);
        arrived.remove_prefix(step.consumed);
        if (step.progress == http::Progress::malformed)
          return failure(ErrorCode::invalid, "the upstream's chunks are malformed");
        add(step.data);
        if (step.progress == http::Progress::complete)
          end(rest_.keep && arrived.empty() ? Ending::keep : Ending::close);
        if (!held_ || step.data.empty()) return {};
      }
    case http::BodyKind::length: {
      const std::string_view data = arrived.substr(0, left_);
      add(data);
      left_ -= data.size();
      if (left_ == 0) end(rest_.keep && data.size() == arrived.size() ? Ending::keep : Ending::close);
      break;
    }
    default: add(arrived); break;
  }
  arrived = {};
  return {};
}

void UpstreamBody::add(std::string_view data) {
  if (data.empty()) return;
  ready_ += data;
  client_->held_bytes += data.size();
  more_.set();
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
