#include "net/blocking_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace gatehouse::net {

struct BlockingPool::State {
  using Job = std::move_only_function<void()>;
  // Of one caller. Jobs without a caller have one too, which no share bounds.
  struct Queue {
    std::string caller;
    std::deque<Job> jobs;
    unsigned running = 0;
  };

  explicit State(PoolShares of_pool) : shares(of_pool) {}

  // The next in turn that may run; the end where none may. The mutex is held.
  std::list<Queue>::iterator next() {
    return std::ranges::find_if(queues, [this](const Queue& queue) {
      return !queue.jobs.empty() && (queue.caller.empty() || queue.running < shares.threads_of_caller);
    });
  }

  void work() {
    std::unique_lock lock(mutex);
    for (;;) {
      auto queue = queues.end();
      wake.wait(lock, [&] { return (queue = next()) != queues.end() || (ending && waiting == 0); });
      if (queue == queues.end()) return;
      queues.splice(queues.end(), queues, queue);
      ++queue->running;
      --waiting;
      {
        Job job = std::move(queue->jobs.front());
        queue->jobs.pop_front();
        lock.unlock();
        job();
      }
      lock.lock();
      --queue->running;
      if (queue->jobs.empty() && queue->running == 0) queues.erase(queue);
      // Its end may let another of the same caller run, or be the last.
      if (waiting > 0 || ending) wake.notify_all();
    }
  }

  const PoolShares shares;
  std::mutex mutex;
  std::condition_variable wake;
  std::list<Queue> queues;  // none has neither jobs nor threads; the one served last is at the end
  std::size_t waiting = 0;
  bool ending = false;
  std::vector<std::thread> threads;
};

BlockingPool::BlockingPool(unsigned threads, std::size_t queue)
    : BlockingPool(PoolShares{threads, queue, threads, queue}) {}

BlockingPool::BlockingPool(PoolShares shares) : state_(std::make_unique<State>(shares)) {
  for (unsigned i = 0; i < shares.threads; ++i)
    state_->threads.emplace_back([state = state_.get()] { state->work(); });
}

BlockingPool::~BlockingPool() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->wake.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

std::expected<void, BlockingPool::QueueFull> BlockingPool::submit(std::move_only_function<void()> job,
                                                                  std::string caller) {
  State& state = *state_;
  {
    const std::lock_guard lock(state.mutex);
    if (state.ending || state.waiting >= state.shares.waiting) return std::unexpected(QueueFull::all);
    auto queue = std::ranges::find(state.queues, caller, &State::Queue::caller);
    if (queue != state.queues.end() && !caller.empty() &&
        queue->jobs.size() >= state.shares.waiting_of_caller) {
      return std::unexpected(QueueFull::share);
    }
    if (queue == state.queues.end())
      queue = state.queues.insert(queue, State::Queue{std::move(caller), {}, 0});
    queue->jobs.push_back(std::move(job));
    ++state.waiting;
  }
  state.wake.notify_one();
  return {};
}

}  // namespace gatehouse::net
