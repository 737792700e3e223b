// Task<T>: a lazily started coroutine that gives one T, or throws.
//
//   Task<Result<int>> length(Stream& stream) {
//     char buffer[512];
//     auto n = co_await stream.read(buffer);   // into a named local first: GCC 12
//     GATEHOUSE_CO_CHECK(n);
//     co_return static_cast<int>(*n);
//   }
//
// A Task starts when it is awaited and is awaited once. It is cancelled by destroying it: the frame goes, and
// with it every local and the operation it waits for, which takes itself out of its loop, stream or timer. So
// clean-up is destructors, and nothing in a coroutine may assume that it is resumed. Destroy a Task only
// while it is suspended, from its loop's thread; never from inside itself.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "net/frame_pool.h"

namespace gatehouse::net {

template <typename T>
class Task;

namespace detail {

struct PromiseBase {
  static void* operator new(std::size_t size) { return allocate_frame(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { free_frame(frame, size); }

  struct Finished {
    bool await_ready() const noexcept { return false; }
    template <typename Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> frame) const noexcept {
      return frame.promise().awaiting;
    }
    void await_resume() const noexcept {}
  };
  std::suspend_always initial_suspend() const noexcept { return {}; }
  Finished final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }

  std::coroutine_handle<> awaiting = std::noop_coroutine();  // resumed at the end
  std::exception_ptr exception;
};

template <typename T>
struct Promise : PromiseBase {
  Task<T> get_return_object();
  template <typename U = T>
  void return_value(U&& given) {
    value.emplace(std::forward<U>(given));
  }
  T take() {
    if (exception) std::rethrow_exception(exception);
    return *std::move(value);
  }
  std::optional<T> value;
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() const noexcept {}
  void take() const {
    if (exception) std::rethrow_exception(exception);
  }
};

}  // namespace detail

template <typename T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = detail::Promise<T>;
  using Frame = std::coroutine_handle<promise_type>;

  Task() = default;
  explicit Task(Frame frame) : frame_(frame) {}
  Task(Task&& other) noexcept : frame_(std::exchange(other.frame_, {})) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      frame_ = std::exchange(other.frame_, {});
    }
    return *this;
  }
  ~Task() { reset(); }

  // Cancels: destroys the frame, wherever it is suspended.
  void reset() {
    if (frame_) std::exchange(frame_, {}).destroy();
  }

  class Awaiter {
   public:
    explicit Awaiter(Frame frame) : frame_(frame) {}
    bool await_ready() const noexcept { return false; }
    std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiting) noexcept {
      frame_.promise().awaiting = awaiting;
      return frame_;
    }
    T await_resume() { return frame_.promise().take(); }

   private:
    Frame frame_;
  };
  // The Task is awaited where it stands, and owns the frame until it is destroyed.
  Awaiter operator co_await() const& noexcept { return Awaiter(frame_); }
  Awaiter operator co_await() const&& noexcept { return Awaiter(frame_); }

 private:
  Frame frame_;
};

namespace detail {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace detail
}  // namespace gatehouse::net
