// The tasks that a drain ends by a deadline: connections that wait for a request, exchanges that are under
// way.
#pragma once

#include "net/list.h"

namespace gatehouse::server {

template <typename T>
class DrainList {
 public:
  // A T is on the list as long as its Entry lives, and outlives it.
  class Entry : private net::ListNode {
   public:
    Entry(DrainList& list, T& of) : of_(of) { link_before(list.head_); }

   private:
    friend class DrainList;
    T& of_;
  };

  // `f` must not destroy one.
  template <typename F>
  void for_each(F f) {
    for (net::ListNode* node = head_.next(); node != &head_; node = node->next())
      f(static_cast<Entry*>(node)->of_);
  }

 private:
  net::ListNode head_;
};

}  // namespace gatehouse::server
