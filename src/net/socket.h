// Sockets as values, addresses, and listening.
#pragma once

#include <coroutine>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/ip.h"
#include "base/result.h"
#include "net/loop.h"

namespace gatehouse::net {

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  std::string text() const;  // 127.0.0.1:80, [::1]:80
  auto operator<=>(const Endpoint&) const = default;
};

// Owns a descriptor.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  int descriptor() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }
  Result<Endpoint> local() const;

 private:
  int descriptor_ = -1;
};

struct Accepted {
  Socket socket;  // non-blocking, TCP_NODELAY
  Endpoint peer;
};

struct ListenOptions {
  int backlog = 4096;
};

// One listening socket of one worker. Every worker opens its own on the same endpoint (SO_REUSEPORT), and the
// kernel deals the connections out.
class Listener final : private Watcher, private Deferred {
 public:
  // Port 0 takes a free one: see endpoint(). An IPv6 endpoint takes IPv6 only.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, Endpoint endpoint, ListenOptions options = {});
  // Whether no socket listens on the endpoint, of this process or another. `conflict`: one does.
  static Result<> find_free(Endpoint endpoint);
  Listener(Loop& loop, Socket socket, Endpoint endpoint);
  ~Listener() override;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const Endpoint& endpoint() const { return endpoint_; }

  // Result<Accepted> a = co_await listener.accept(). One waits at a time. Error{unavailable, Retry::yes}: the
  // process has no descriptors or memory left for this connection; wait a moment, then accept again.
  // Error{cancelled}: see close().
  class Accept;
  Accept accept();
  // Stops listening when accept() has returned all connections that the kernel has accepted; then accept()
  // returns Error{cancelled}.
  void close();

 private:
  void on_events(std::uint32_t events) override;
  void run() override { attempt(); }
  void attempt();
  std::optional<Result<Accepted>> try_accept();

  Loop& loop_;
  Socket socket_;
  Endpoint endpoint_;
  bool readable_ = true;
  bool closing_ = false;
  Accept* waiting_ = nullptr;
};

class Listener::Accept {
 public:
  explicit Accept(Listener& listener) : listener_(&listener) {}
  Accept(const Accept&) = delete;
  Accept& operator=(const Accept&) = delete;
  ~Accept() {
    if (listener_ != nullptr && listener_->waiting_ == this) listener_->waiting_ = nullptr;
  }
  bool await_ready() {
    result_ = listener_->try_accept();
    return result_.has_value();
  }
  void await_suspend(std::coroutine_handle<> waiting) {
    handle_ = waiting;
    listener_->waiting_ = this;
  }
  Result<Accepted> await_resume() { return *std::move(result_); }

 private:
  friend class Listener;
  Listener* listener_;  // null when it was destroyed
  std::coroutine_handle<> handle_;
  std::optional<Result<Accepted>> result_;
};
inline Listener::Accept Listener::accept() { return Accept(*this); }

}  // namespace gatehouse::net
