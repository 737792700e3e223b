// The connections that wait for a request: the ones a drain may end.
#pragma once

#include "net/stream.h"

namespace gatehouse::server {

class IdleList {
 public:
  // A connection is on the list as long as its Entry lives.
  class Entry {
   public:
    Entry(IdleList& list, net::Stream& stream) : list_(list), stream_(stream), next_(list.first_) {
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
    friend class IdleList;
    IdleList& list_;
    net::Stream& stream_;
    Entry* previous_ = nullptr;
    Entry* next_;
  };

  // What each of them waits for ends at `deadline`, unless a request comes before.
  void end_by(MonotonicTime deadline) {
    for (Entry* entry = first_; entry != nullptr; entry = entry->next_) entry->stream_.set_deadline(deadline);
  }

 private:
  Entry* first_ = nullptr;
};

}  // namespace gatehouse::server
