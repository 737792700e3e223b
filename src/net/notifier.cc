#include "net/notifier.h"

#include <utility>

namespace gatehouse::net {

void Notifier::notify() {
  std::list<std::shared_ptr<Place>> places;
  {
    const std::lock_guard lock(state_->mutex);
    state_->version.fetch_add(1, std::memory_order_release);
    places.swap(state_->places);
  }
  for (std::shared_ptr<Place>& place : places) {
    const std::shared_ptr<Mailbox> mailbox = place->mailbox;
    mailbox->post([place = std::move(place)] {
      if (place->waiting) std::exchange(place->waiting, nullptr).resume();
    });
  }
}

bool Notifier::Wait::await_suspend(std::coroutine_handle<> waiting) {
  auto place = std::make_shared<Place>(loop_.mailbox(), waiting);
  {
    const std::lock_guard lock(state_->mutex);
    if (changed()) return false;
    state_->places.push_back(place);
  }
  place_ = std::move(place);
  arm(until_);
  return true;
}

Notifier::Wait::~Wait() {
  if (!place_) return;
  place_->waiting = nullptr;
  const std::lock_guard lock(state_->mutex);
  state_->places.remove(place_);  // unless notify() has taken it
}

void Notifier::Wait::expired() {
  if (place_->waiting) std::exchange(place_->waiting, nullptr).resume();
}

}  // namespace gatehouse::net
