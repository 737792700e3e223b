// LoopThread: one loop on a thread of its own, for tasks that belong to no worker.
//
//   LoopThread background(clock);
//   LoopThread::Job job = background.start([&](Loop& loop) { return fetch_keys(loop, …); });
//   job.end();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/clock.h"
#include "net/loop.h"
#include "net/task.h"

namespace gatehouse::net {

class WorkerGroup;

class LoopThread {
  struct Tasks;

 public:
  explicit LoopThread(const Clock& clock);
  // Destroys the tasks that are left, on the thread. Not from one of them.
  ~LoopThread();
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  const Clock& clock() const { return clock_; }

  // Owns one task. It may outlive the LoopThread, with which the task ends.
  class Job {
   public:
    Job() = default;
    Job(Job&& other) noexcept { swap(other); }
    Job& operator=(Job&& other) noexcept {
      swap(other);
      return *this;
    }
    ~Job() { end(); }

    // The task is destroyed when this returns, wherever it was. From any thread but the loop's.
    void end();

   private:
    friend class LoopThread;
    void swap(Job& other) noexcept;
    std::shared_ptr<Mailbox> mailbox_;  // null: there is none, or it has ended
    Tasks* tasks_ = nullptr;            // looked at on the loop's thread only
    std::uint64_t number_ = 0;
  };

  // From any thread. `make` and the task run on the loop's thread; an exception that leaves the task is
  // dropped.
  using Make = std::move_only_function<Task<void>(Loop& loop)>;
  [[nodiscard]] Job start(Make make);

 private:
  const Clock& clock_;
  Tasks* tasks_ = nullptr;
  std::unique_ptr<WorkerGroup> group_;  // of one
};

}  // namespace gatehouse::net
