// A change of something that every worker has its own of.
#pragma once

#include <cstddef>
#include <exception>
#include <future>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "net/worker_group.h"

namespace gatehouse::app {

// Runs `work(loop, worker)` on every worker's thread, and returns when it has ended on all of them. Rethrows
// an exception of one of them.
template <typename Work>
void on_each_worker(net::WorkerGroup& workers, const Work& work) {
  std::vector<std::promise<void>> done(workers.size());
  workers.post_all([&](net::Loop& loop, std::size_t worker) {
    try {
      work(loop, worker);
      done[worker].set_value();
    } catch (...) {
      done[worker].set_exception(std::current_exception());
    }
  });
  std::vector<std::future<void>> ends;
  for (std::promise<void>& one : done) ends.push_back(one.get_future());
  for (const auto& one : ends) one.wait();  // before any of them is looked at: `done` is theirs
  for (auto& one : ends) one.get();
}

// Calls `make(loop, worker)` on every worker's thread, and, only if all succeed, `take_up(worker, made)`: a
// failure on one worker changes none. Returns the failure of the first worker that has one. Each result is
// destroyed on its worker's thread.
template <typename Made, typename Make, typename TakeUp>
Result<> in_two_steps(net::WorkerGroup& workers, const Make& make, const TakeUp& take_up) {
  std::vector<std::optional<Result<Made>>> all(workers.size());
  const auto drop_all = [&] {
    on_each_worker(workers, [&](net::Loop&, std::size_t worker) { all[worker].reset(); });
  };
  try {
    on_each_worker(workers,
                   [&](net::Loop& loop, std::size_t worker) { all[worker].emplace(make(loop, worker)); });
  } catch (...) {
    drop_all();
    throw;
  }
  for (const auto& made : all) {
    if (*made) continue;
    Result<> failed = std::unexpected(made->error());
    drop_all();
    return failed;
  }
  on_each_worker(workers, [&](net::Loop&, std::size_t worker) {
    take_up(worker, **std::move(all[worker]));
    all[worker].reset();
  });
  return {};
}

}  // namespace gatehouse::app
