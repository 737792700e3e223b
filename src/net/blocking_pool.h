// BlockingPool: a few threads for what cannot be waited for in a loop (files, SQLite, name resolution,
// password hashing).
//
//   auto rows = co_await pool.run(loop, [&] { return database.query(...); });   // a Result<T>
//
// The callable returns Result<T> or T and runs on a pool thread; the coroutine goes on on its loop. When the
// coroutine is cancelled meanwhile, the callable still runs to its end and its result is dropped: so it owns
// what it uses. An exception of the callable comes out of the co_await.
#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "base/result.h"
#include "net/loop.h"

namespace gatehouse::net {

class BlockingPool {
 public:
  // At most `queue` jobs wait; more are refused rather than remembered.
  BlockingPool(unsigned threads, std::size_t queue);
  // Runs what is queued to its end, then joins.
  ~BlockingPool();
  BlockingPool(const BlockingPool&) = delete;
  BlockingPool& operator=(const BlockingPool&) = delete;

  // From any thread. false: the queue is full.
  bool submit(std::move_only_function<void()> job);

  // Result<T> where the callable gives T or Result<T>. Error{unavailable, Retry::yes}: the queue is full.
  template <typename F>
  auto run(Loop& loop, F callable);

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

  PoolCall(BlockingPool& pool, Loop& loop, std::move_only_function<R()> call)
      : pool_(pool), loop_(loop), shared_(std::make_shared<Shared>()) {
    shared_->call = std::move(call);
  }
  PoolCall(const PoolCall&) = delete;
  PoolCall& operator=(const PoolCall&) = delete;
  ~PoolCall() { shared_->waiting = nullptr; }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    shared_->waiting = waiting;
    const bool queued = pool_.submit([shared = shared_, mailbox = loop_.mailbox()]() mutable {
      try {
        shared->result.emplace(shared->call());
      } catch (...) {
        shared->exception = std::current_exception();
      }
      mailbox->post([shared = std::move(shared)] {
        if (shared->waiting) std::exchange(shared->waiting, nullptr).resume();
      });
    });
    if (!queued) {
      shared_->waiting = nullptr;
      shared_->result.emplace(
          std::unexpected(Error{ErrorCode::unavailable, "the blocking pool's queue is full", Retry::yes}));
    }
    return queued;
  }
  R await_resume() {
    if (shared_->exception) std::rethrow_exception(shared_->exception);
    return *std::move(shared_->result);
  }

 private:
  BlockingPool& pool_;
  Loop& loop_;
  std::shared_ptr<Shared> shared_;
};

template <typename F>
auto BlockingPool::run(Loop& loop, F callable) {
  using R = typename detail::AsResult<std::invoke_result_t<F&>>::type;
  return PoolCall<R>(*this, loop, std::move_only_function<R()>([f = std::move(callable)]() mutable -> R {
    if constexpr (std::is_void_v<std::invoke_result_t<F&>>) {
      f();
      return {};
    } else {
      return f();
    }
  }));
}

}  // namespace gatehouse::net
