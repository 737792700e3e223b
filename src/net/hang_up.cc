#include "net/hang_up.h"

#include <algorithm>

namespace gatehouse::net {

HangUpSource::~HangUpSource() {
  if (waiting_ != nullptr) waiting_->source_ = nullptr;
}

void HangUpSource::end_work_by(MonotonicTime deadline) {
  if (waiting_ != nullptr) waiting_->arm(std::min(deadline, waiting_->until_));
}

void HangUpSource::tell() {
  if (state_ != PeerState::present && waiting_ != nullptr) waiting_->peer_hung_up();
}

HangUp::HangUp(HangUpSource& source, MonotonicTime deadline, const OnHangUp* on_hang_up)
    : Timer(source.loop().timers()), source_(&source), until_(deadline), on_hang_up_(on_hang_up) {}

HangUp::~HangUp() { unwatch(); }

std::optional<Error> HangUp::already() const {
  if (source_->state() != PeerState::present) return Error{ErrorCode::cancelled, "the peer hung up"};
  if (until_ <= source_->loop().now()) return Error{ErrorCode::timeout, "the deadline passed"};
  return std::nullopt;
}

void HangUp::watch() {
  source_->waiting_ = this;
  arm(until_);
}

void HangUp::unwatch() {
  disarm();
  if (source_ != nullptr && source_->waiting_ == this) source_->waiting_ = nullptr;
  source_ = nullptr;  // it may go before this
}

void HangUp::peer_hung_up() {
  if (on_hang_up_ != nullptr && *on_hang_up_ == OnHangUp::finish) return;
  cancel({ErrorCode::cancelled, "the peer hung up"});
}

void HangUp::expired() { cancel({ErrorCode::timeout, "the deadline passed"}); }

}  // namespace gatehouse::net
