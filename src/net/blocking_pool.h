// BlockingPool: a few threads for calls that would block a loop (files, SQLite, name resolution, password
// hashing).
//
//   auto rows = co_await pool.run(loop, [&] { return database.query(...); });   // a Result<T>
//
// The callable returns Result<T> or T and runs on a pool thread; the coroutine continues on its loop. If the
// coroutine is cancelled meanwhile, the callable still runs to its end and its result is dropped: so it owns
// its data. The co_await rethrows an exception of the callable.
//
// Jobs for callers name their caller. Each caller has a queue, the queues take turns, and no caller has more
// than its share of the threads and of the waiting places.
#pragma once

#include <coroutine>
#include <exception>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "base/result.h"
#include "net/loop.h"

namespace gatehouse::net {

struct PoolShares {
  unsigned threads = 1;
  std::size_t waiting = 1;  // jobs; more are refused rather than remembered
  unsigned threads_of_caller = 1;
  std::size_t waiting_of_caller = 1;
};

class BlockingPool {
 public:
  explicit BlockingPool(PoolShares shares);
  BlockingPool(unsigned threads, std::size_t queue);  // not shared by callers
  // Runs the queued jobs to their end, then joins.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  enum class QueueFull : std::uint8_t {
    all,    // no place to wait is left
    share,  // this caller has its share of them
  };
  // From any thread. `caller` is a caller_name() (core/caller_shares.h); empty: no particular caller.
  std::expected<void, QueueFull> submit(std::move_only_function<void()> job, std::string caller = {});

  // Result<T> where the callable gives T or Result<T>. Error{unavailable, Retry::yes}: no place to wait is
  // left; Error{denied, Retry::yes}: the caller has its share of them.
  template <typename F>
  auto run(Loop& loop, F callable, std::string caller = {});

 private:
  struct State;
  std::unique_ptr<State> state_;
};

namespace detail {

template <typename T>
struct AsResult {
  using type = Result<T>;
};
template <typename T>
struct AsResult<Result<T>> {
  using type = Result<T>;
};

}  // namespace detail

template <typename R>
class PoolCall {
 public:
  // The part that lives as long as the job and the coroutine both need.
  struct Shared {
    std::optional<R> result;
    std::exception_ptr exception;
    std::coroutine_handle<> waiting;  // null: the coroutine is gone. The loop's thread only
    std::move_only_function<R()> call;
  };

  PoolCall(BlockingPool& pool, Loop& loop, std::move_only_function<R()> call, std::string caller)
      : pool_(pool), loop_(loop), caller_(std::move(caller)), shared_(std::make_shared<Shared>()) {
    shared_->call = std::move(call);
  }
  PoolCall(const PoolCall&) = delete;
  PoolCall& operator=(const PoolCall&) = delete;
  ~PoolCall() { shared_->waiting = nullptr; }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    shared_->waiting = waiting;
    const auto queued = pool_.submit(
        [shared = shared_, mailbox = loop_.mailbox()]() mutable {
          try {
            shared->result.emplace(shared->call());
          } catch (...) {
            shared->exception = std::current_exception();
          }
          mailbox->post([shared = std::move(shared)] {
            if (shared->waiting) std::exchange(shared->waiting, nullptr).resume();
          });
        },
        std::move(caller_));
    if (!queued) {
      shared_->waiting = nullptr;
      shared_->result.emplace(std::unexpected(
          queued.error() == BlockingPool::QueueFull::share
              ? Error{ErrorCode::denied, "the caller has its share of the queue", Retry::yes}
              : Error{ErrorCode::unavailable, "the blocking pool's queue is full", Retry::yes}));
    }
    return queued.has_value();
  }
  R await_resume() {
    if (shared_->exception) std::rethrow_exception(shared_->exception);
    return *std::move(shared_->result);
  }

 private:
  BlockingPool& pool_;
  Loop& loop_;
  std::string caller_;
  std::shared_ptr<Shared> shared_;
};

template <typename F>
auto BlockingPool::run(Loop& loop, F callable, std::string caller) {
  using R = typename detail::AsResult<std::invoke_result_t<F&>>::type;
  return PoolCall<R>(*this, loop, std::move_only_function<R()>([f = std::move(callable)]() mutable -> R {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      f();
      return {};
    } else {
      return f();
    }
  }),
                     std::move(caller));
}

}  // namespace gatehouse::net
