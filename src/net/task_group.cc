#include "net/task_group.h"

namespace gatehouse::net {

std::string what_of(const std::exception_ptr& bug) {
  try {
    std::rethrow_exception(bug);
  } catch (const std::exception& one) {
    return one.what();
  } catch (...) {
    return "an exception of an unknown type";
  }
}

// The frame that owns a task of the group; it destroys itself when the task has ended.
struct TaskGroup::Root {
  struct promise_type : ListNode {
    promise_type(TaskGroup& group, const Task<void>&, const OnBug&, Child& child)
        : group_(group), child_(&child) {
      child.root_ = this;
      link_before(group.roots_);
      ++group.running_;
    }
    ~promise_type() {
      if (child_ != nullptr) child_->root_ = nullptr;
      unlink();
      group_.one_ended();
    }
    static void* operator new(std::size_t size) { return allocate_frame(size); }
    static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

    Root get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }

    // Cancels where no coroutine runs.
    struct Cancelling final : Deferred {
      explicit Cancelling(promise_type& of) : promise(of) {}
      void run() override { destroy(promise); }
      promise_type& promise;
    };

    TaskGroup& group_;
    Child* child_;  // null when it has gone
    Cancelling cancelling_{*this};
  };

  static Root run(TaskGroup&, Task<void> task, OnBug on_bug, Child&) {
    try {
      co_await task;
    } catch (...) {
      on_bug(std::current_exception());
    }
  }
  static void destroy(promise_type& root) {
    std::coroutine_handle<promise_type>::from_promise(root).destroy();
  }
  static promise_type& of(void* root) { return *static_cast<promise_type*>(root); }
};

void TaskGroup::Child::take(Child& other) {
  root_ = std::exchange(other.root_, nullptr);
  if (root_ != nullptr) Root::of(root_).child_ = this;
}

void TaskGroup::Child::forget() {
  if (root_ != nullptr) Root::of(root_).child_ = nullptr;
  root_ = nullptr;
}

TaskGroup::Child TaskGroup::spawn(Task<void> task, OnBug on_bug) {
  Child child;
  Root::run(*this, std::move(task), std::move(on_bug), child);
  return child;
}

void TaskGroup::cancel(Child& child) {
  if (child.root_ != nullptr) loop_.defer(Root::of(child.root_).cancelling_);
}

void TaskGroup::destroy_all() {
  while (roots_.linked()) Root::destroy(static_cast<Root::promise_type&>(*roots_.next()));
}

// Later in this turn or in the next: the waiting coroutine may destroy the ended task, and the group.
void TaskGroup::one_ended() {
  --running_;
  if (running_ == 0 && waiting_ != nullptr) loop_.defer(*waiting_);
}

}  // namespace gatehouse::net
