// Work on a loop that continues to its end when its caller is cancelled. Only for drivers of the store.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "base/result.h"
#include "net/loop.h"
#include "net/signal.h"
#include "net/task.h"

namespace gatehouse::db {

namespace detail {

struct Outcome {
  explicit Outcome(net::Loop& loop) : ended(loop) {}
  std::optional<Result<>> result;
  net::Signal ended;
};

inline net::Task<void> run_into(net::Task<Result<>> task, std::shared_ptr<Outcome> outcome) {
  outcome->result = co_await task;
  outcome->ended.set();
}

}  // namespace detail

// `task` must not throw. It ends with the loop at the latest.
inline net::Task<Result<>> detached(net::Loop& loop, net::Task<Result<>> task) {
  const auto outcome = std::make_shared<detail::Outcome>(loop);
  net::spawn(loop, detail::run_into(std::move(task), outcome));
  co_await outcome->ended.wait();
  co_return *std::move(outcome->result);
}

}  // namespace gatehouse::db
