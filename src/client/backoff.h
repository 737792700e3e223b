// The time before something that failed is tried again: it doubles with each failure in a row, up to a bound.
#pragma once

#include "base/units.h"

namespace gatehouse::client {

class Backoff {
 public:
  // `first` is more than zero, and not more than `most`.
  Backoff(Nanoseconds first, Nanoseconds most) : first_(first), most_(most), next_(first) {}

  // How long to wait after one more failure.
  Nanoseconds failed() {
    const Nanoseconds now = next_;
    next_ = now > most_ / 2 ? most_ : now * 2;
    return now;
  }
  void succeeded() { next_ = first_; }

 private:
  Nanoseconds first_;
  Nanoseconds most_;
  Nanoseconds next_;
};

}  // namespace gatehouse::client
