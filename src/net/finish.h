// The value of a Task outside of coroutines: for commands, for threads of their own, and for tests.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "net/loop.h"
#include "net/signal.h"
#include "net/task.h"

namespace gatehouse::net {

namespace detail {

template <typename T>
struct Finished {
  std::optional<T> value;
  std::exception_ptr exception;
  Loop* loop = nullptr;  // to be stopped
  T take() {
    if (exception) std::rethrow_exception(exception);
    return *std::move(value);
  }
};

template <typename T>
Task<void> finish_into(Task<T> task, Finished<T>& out) {
  try {
    out.value.emplace(co_await task);
  } catch (...) {
    out.exception = std::current_exception();
  }
  if (out.loop != nullptr) out.loop->stop();
}

}  // namespace detail

// Runs the loop, which no other thread may run, until `task` has ended. Returns its value, or throws its
// exception.
template <typename T>
T finish(Loop& loop, Task<T> task) {
  detail::Finished<T> out;
  out.loop = &loop;
  spawn(loop, detail::finish_into(std::move(task), out));
  loop.run();
  return out.take();
}

// The value of a task that waits for nothing, without a loop. Throws std::logic_error where it does wait:
// then it is cancelled there.
template <typename T>
T finish_without_waiting(Task<T> task) {
  detail::Finished<T> out;
  Task<void> root = detail::finish_into(std::move(task), out);
  start(root);
  if (!out.value && !out.exception) throw std::logic_error("the task waits for something");
  return out.take();
}

}  // namespace gatehouse::net
