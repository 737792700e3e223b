// TaskGroup: coroutines that run beside each other and have one owner: the connections of a worker, the
// streams of a connection. It belongs to its loop's thread.
//
//   TaskGroup::Child child = group.spawn(serve(stream), [&](const std::exception_ptr& bug) { … });
//   group.cancel(child);
//   const bool all = co_await group.all_ended(deadline);
#pragma once

#include <coroutine>
#include <cstddef>
#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "net/list.h"
#include "net/loop.h"
#include "net/task.h"
#include "net/timer_wheel.h"

namespace gatehouse::net {

// The text of an exception; for logs.
std::string what_of(const std::exception_ptr& bug);

class TaskGroup {
  struct Root;

 public:
  // Takes the exception that ended a task. Must not throw.
  using OnBug = std::move_only_function<void(const std::exception_ptr& bug)>;

  explicit TaskGroup(Loop& loop) : loop_(loop) {}
  // Destroys the tasks that have not ended. Not from inside one of them.
  ~TaskGroup() { destroy_all(); }
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Names one task, to cancel it. Destroying it changes nothing for the task, and it may outlive both.
  class Child {
   public:
    Child() = default;
    Child(Child&& other) noexcept { take(other); }
    Child& operator=(Child&& other) noexcept {
      forget();
      take(other);
      return *this;
    }
    ~Child() { forget(); }
    bool running() const { return root_ != nullptr; }

   private:
    friend class TaskGroup;
    friend struct Root;
    void take(Child& other);
    void forget();
    void* root_ = nullptr;  // its promise; null once the task has ended
  };

  // Starts `task` at once: it runs until it first suspends before this returns.
  Child spawn(Task<void> task, OnBug on_bug);
  // Destroys the task in the loop's next turn, unless it ends before: a task may so cancel itself.
  void cancel(Child& child);
  void destroy_all();

  std::size_t running() const { return running_; }

  // bool: none is running any more (also none that was spawned meanwhile); false: `until` came first. At most
  // one coroutine waits at a time, and not longer than the group lives.
  class AllEnded;
  AllEnded all_ended(MonotonicTime until = Timer::kNever);

 private:
  void one_ended();

  Loop& loop_;
  ListNode roots_;
  std::size_t running_ = 0;
  AllEnded* waiting_ = nullptr;
};

class TaskGroup::AllEnded final : private Timer, private Deferred {
 public:
  AllEnded(TaskGroup& group, MonotonicTime until)
      : Timer(group.loop_.timers()), group_(group), until_(until) {}
  ~AllEnded() override {
    if (group_.waiting_ == this) group_.waiting_ = nullptr;
  }
  bool await_ready() const { return group_.running_ == 0; }
  void await_suspend(std::coroutine_handle<> waiting) {
    handle_ = waiting;
    group_.waiting_ = this;
    arm(until_);
  }
  bool await_resume() const { return group_.running_ == 0; }

 private:
  friend class TaskGroup;
  void go_on() {
    disarm();
    group_.waiting_ = nullptr;
    handle_.resume();
  }
  void expired() override { go_on(); }
  void run() override {
    if (group_.running_ == 0) go_on();
  }

  TaskGroup& group_;
  MonotonicTime until_;
  std::coroutine_handle<> handle_;
};

inline TaskGroup::AllEnded TaskGroup::all_ended(MonotonicTime until) { return {*this, until}; }

}  // namespace gatehouse::net
