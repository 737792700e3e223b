#include "net/worker_group.h"

#include <latch>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>

namespace gatehouse::net {
namespace {

void pin_to_core(std::size_t worker) {
  cpu_set_t allowed;
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const auto cores = static_cast<std::size_t>(CPU_COUNT(&allowed));
  std::size_t wanted = cores == 0 ? 0 : worker % cores;
  for (std::size_t core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || wanted-- != 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    ::pthread_setaffinity_np(::pthread_self(), sizeof one, &one);
    return;
  }
}

}  // namespace

struct WorkerGroup::State {
  explicit State(std::size_t workers) : started(static_cast<std::ptrdiff_t>(workers)) {}

  std::latch started;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::thread> threads;
};

WorkerGroup::WorkerGroup(const Clock& clock, std::size_t workers, Pinning pinning, Start start)
    : state_(std::make_unique<State>(workers)) {
  for (std::size_t i = 0; i < workers; ++i) state_->loops.push_back(std::make_unique<Loop>(clock));
  for (std::size_t i = 0; i < workers; ++i) {
    state_->threads.emplace_back([state = state_.get(), i, pinning, &start] {
      if (pinning == Pinning::one_core_each) pin_to_core(i);
      Loop& loop = *state->loops[i];
      std::shared_ptr<void> kept = start(loop, i);
      state->started.count_down();  // `start` is the caller's: not touched from here on
      loop.run();
      loop.cancel_tasks();
    });
  }
  state_->started.wait();
}

WorkerGroup::~WorkerGroup() {
  stop();
  join();
}

std::size_t WorkerGroup::size() const { return state_->loops.size(); }

Loop& WorkerGroup::loop(std::size_t worker) { return *state_->loops[worker]; }

void WorkerGroup::post_all(const std::function<void(Loop& loop, std::size_t worker)>& message) {
  for (std::size_t i = 0; i < size(); ++i) {
    Loop& loop = *state_->loops[i];
    loop.post([&loop, i, message] { message(loop, i); });
  }
}

void WorkerGroup::stop() {
  for (const auto& loop : state_->loops) loop->stop();
}

void WorkerGroup::join() {
  for (std::thread& thread : state_->threads) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace gatehouse::net
