// A node that is in at most one list and takes itself out in constant time.
#pragma once

namespace gatehouse::net {

class ListNode {
 public:
  ListNode() = default;
  ListNode(const ListNode&) = delete;
  ListNode& operator=(const ListNode&) = delete;
  ~ListNode() { unlink(); }

  bool linked() const { return next_ != this; }
  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = this;
  }
  // Puts this node at the end of the list that `head` stands for.
  void link_before(ListNode& head) {
    unlink();
    previous_ = head.previous_;
    next_ = &head;
    previous_->next_ = this;
    head.previous_ = this;
  }
  // Moves all of `other`'s nodes to the end of this head's list.
  void take_all(ListNode& other) {
    if (!other.linked()) return;
    other.next_->previous_ = previous_;
    previous_->next_ = other.next_;
    other.previous_->next_ = this;
    previous_ = other.previous_;
    other.next_ = other.previous_ = &other;
  }
  ListNode* next() const { return next_; }

 private:
  ListNode* previous_ = this;
  ListNode* next_ = this;
};

}  // namespace gatehouse::net
