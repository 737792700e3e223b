#include "net/loop_thread.h"

#include <atomic>
#include <future>
#include <map>
#include <utility>

#include "net/signal.h"
#include "net/worker_group.h"

namespace gatehouse::net {

// On the loop's thread, and destroyed there before the loop is.
struct LoopThread::Tasks {
  std::map<std::uint64_t, Task<void>> by_number;
};

LoopThread::LoopThread(const Clock& clock) : clock_(clock) {
  group_ = std::make_unique<WorkerGroup>(clock, 1, Pinning::none, [this](Loop&, std::size_t) {
    auto tasks = std::make_shared<Tasks>();
    tasks_ = tasks.get();
    return tasks;
  });
}

LoopThread::~LoopThread() = default;

LoopThread::Job LoopThread::start(Make make) {
  static std::atomic<std::uint64_t> numbers{0};
  Loop& loop = group_->loop(0);
  Job job;
  job.mailbox_ = loop.mailbox();
  job.tasks_ = tasks_;
  job.number_ = ++numbers;
  loop.post([&loop, tasks = tasks_, number = job.number_, made = std::move(make)]() mutable {
    Task<void>& task = tasks->by_number[number];
    task = made(loop);
    net::start(task);
  });
  return job;
}

void LoopThread::Job::swap(Job& other) noexcept {
  std::swap(mailbox_, other.mailbox_);
  std::swap(tasks_, other.tasks_);
  std::swap(number_, other.number_);
}

void LoopThread::Job::end() {
  if (!mailbox_) return;
  const std::shared_ptr<Mailbox> mailbox = std::exchange(mailbox_, nullptr);
  std::promise<void> destroyed;
  const std::future<void> waiting = destroyed.get_future();
  // Where the loop goes meanwhile, the message goes with it, and the promise with the message.
  const bool posted =
      mailbox->post([tasks = tasks_, number = number_, done = std::move(destroyed)]() mutable {
        tasks->by_number.erase(number);
        done.set_value();
      });
  if (posted) waiting.wait();
}

}  // namespace gatehouse::net
