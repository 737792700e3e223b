#include "target/statement_threads.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>

#include "base/text_map.h"

namespace gatehouse::target {

namespace {

// The time for a thread to react to its interruption at the end.
constexpr std::chrono::seconds kEndPatience{2};

template <typename Map>
auto count_of(const Map& counts, std::string_view key) {
  const auto found = counts.find(key);
  return found == counts.end() ? typename Map::mapped_type{0} : found->second;
}

// A count that has come to nothing is not kept: keys are made by callers.
template <typename Map>
void change_count(Map& counts, const std::string& key, int change) {
  const auto found = counts.try_emplace(key, 0).first;
  found->second += static_cast<typename Map::mapped_type>(change);
  if (found->second == 0) counts.erase(found);
}

}  // namespace

StatementShares StatementShares::for_cores(unsigned cores) {
  StatementShares shares;
  shares.threads = std::max(shares.threads, 2 * cores);
  shares.of_operation = shares.threads * 3 / 8;
  shares.of_principal = shares.threads / 4;
  return shares;
}

struct StatementThreads::State {
  struct Queue {
    std::string operation;
    std::string principal;
    std::deque<std::shared_ptr<Job>> jobs;
  };
  using Queues = std::list<Queue>;

  explicit State(StatementShares of_threads) : shares(of_threads) {}
  void serve();
  // The next in turn that may run; null where none may. The mutex is held.
  std::shared_ptr<Job> take();
  bool may_run(const Queue& queue) const;
  void count(const Job& job, int change);
  void forget_if_empty(Queues::iterator queue) {
    if (queue->jobs.empty()) queues.erase(queue);
  }

  const StatementShares shares;
  mutable std::mutex mutex;
  std::condition_variable changed;
  Queues queues;  // none is empty; the one served last is at the end
  TextMap<std::size_t> waiting_of_principal;
  TextMap<unsigned> running_of_operation, running_of_principal;
  std::vector<std::shared_ptr<Job>> running;
  std::size_t waiting = 0;
  unsigned writers = 0;
  bool ending = false;
};

StatementThreads::StatementThreads(StatementShares shares) : state_(std::make_shared<State>(shares)) {
  for (unsigned i = 0; i < shares.threads; ++i) {
    threads_.emplace_back([state = state_] { state->serve(); });
  }
}

StatementThreads::~StatementThreads() {
  State::Queues dropped;
  bool all_ended = false;
  {
    std::unique_lock lock(state_->mutex);
    state_->ending = true;
    dropped.swap(state_->queues);
    for (const auto& job : state_->running) job->handle.interrupt();
    state_->changed.notify_all();
    all_ended = state_->changed.wait_for(lock, kEndPatience, [this] { return state_->running.empty(); });
  }
  for (std::thread& thread : threads_) all_ended ? thread.join() : thread.detach();
}

bool StatementThreads::submit(std::shared_ptr<Job> job) {
  State& state = *state_;
  {
    const std::lock_guard lock(state.mutex);
    if (state.ending || state.waiting >= state.shares.waiting ||
        count_of(state.waiting_of_principal, job->principal) >= state.shares.waiting_of_principal) {
      return false;
    }
    ++state.waiting;
    change_count(state.waiting_of_principal, job->principal, 1);
    const auto found = std::ranges::find_if(state.queues, [&](const State::Queue& queue) {
      return queue.operation == job->operation && queue.principal == job->principal;
    });
    State::Queue& queue = found != state.queues.end()
                              ? *found
                              : state.queues.emplace_back(State::Queue{job->operation, job->principal, {}});
    queue.jobs.push_back(std::move(job));
  }
  state.changed.notify_one();
  return true;
}

bool StatementThreads::withdraw(const Job& job) {
  State& state = *state_;
  const std::lock_guard lock(state.mutex);
  for (auto queue = state.queues.begin(); queue != state.queues.end(); ++queue) {
    if (queue->operation != job.operation || queue->principal != job.principal) continue;
    const auto found = std::ranges::find(queue->jobs, &job, &std::shared_ptr<Job>::get);
    if (found == queue->jobs.end()) return false;
    --state.waiting;
    change_count(state.waiting_of_principal, job.principal, -1);
    queue->jobs.erase(found);
    state.forget_if_empty(queue);
    return true;
  }
  return false;
}

std::size_t StatementThreads::waiting() const {
  const std::lock_guard lock(state_->mutex);
  return state_->waiting;
}

std::size_t StatementThreads::running() const {
  const std::lock_guard lock(state_->mutex);
  return state_->running.size();
}

void StatementThreads::State::serve() {
  std::unique_lock lock(mutex);
  for (;;) {
    std::shared_ptr<Job> job;
    changed.wait(lock, [&] { return ending || (job = take()) != nullptr; });
    if (!job) return;
    lock.unlock();
    job->work(job->handle);
    job->work = nullptr;  // its data is released before its place
    lock.lock();
    std::erase(running, job);
    count(*job, -1);
    // Its end may let several run that its shares kept waiting.
    if (waiting > 0 || ending) changed.notify_all();
  }
}

std::shared_ptr<StatementThreads::Job> StatementThreads::State::take() {
  const auto queue = std::ranges::find_if(queues, [this](const Queue& one) { return may_run(one); });
  if (queue == queues.end()) return nullptr;
  std::shared_ptr<Job> job = std::move(queue->jobs.front());
  queue->jobs.pop_front();
  // The principal's other queues go behind those of others, too: many operations are not many turns.
  auto one = queues.begin();
  for (std::size_t left = queues.size(); left > 0; --left) {
    const auto next = std::next(one);
    if (one != queue && one->principal == job->principal) queues.splice(queues.end(), queues, one);
    one = next;
  }
  queues.splice(queues.end(), queues, queue);
  forget_if_empty(queue);
  --waiting;
  change_count(waiting_of_principal, job->principal, -1);
  count(*job, 1);
  running.push_back(job);
  return job;
}

bool StatementThreads::State::may_run(const Queue& queue) const {
  return (queue.jobs.front()->effect == db::Effect::reads || writers == 0) &&
         count_of(running_of_operation, queue.operation) < shares.of_operation &&
         count_of(running_of_principal, queue.principal) < shares.of_principal;
}

void StatementThreads::State::count(const Job& job, int change) {
  change_count(running_of_operation, job.operation, change);
  change_count(running_of_principal, job.principal, change);
  if (job.effect == db::Effect::writes) writers += static_cast<unsigned>(change);
}

}  // namespace gatehouse::target
