// The connections of one worker that a drain ends: those that wait for a request, and those that work on one.
#pragma once

#include "net/stream.h"

namespace gatehouse::server {

class ConnectionList {
 public:
  // A connection is on the list as long as its Entry lives.
  class Entry {
   public:
    Entry(ConnectionList& list, net::Stream& stream) : list_(list), stream_(stream), next_(list.first_) {
      if (next_ != nullptr) next_->previous_ = this;
      list.first_ = this;
    }
    ~Entry() {
      if (previous_ != nullptr) previous_->next_ = next_;
      if (next_ != nullptr) next_->previous_ = previous_;
      if (list_.first_ == this) list_.first_ = next_;
    }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

   private:
    friend class ConnectionList;
    ConnectionList& list_;
    net::Stream& stream_;
    Entry* previous_ = nullptr;
    Entry* next_;
  };

  // What each of them waits for ends at `deadline`, unless a request comes before.
  void end_reading_by(MonotonicTime deadline) {
    for (Entry* entry = first_; entry != nullptr; entry = entry->next_) entry->stream_.set_deadline(deadline);
  }
  // What runs for each of them under net::cancellable() ends at `deadline` with Error{timeout}.
  void end_work_by(MonotonicTime deadline) {
    for (Entry* entry = first_; entry != nullptr; entry = entry->next_) entry->stream_.end_work_by(deadline);
  }

 private:
  Entry* first_ = nullptr;
};

}  // namespace gatehouse::server
