// For tests of code that calls other servers: a server with scripted answers, over real connections.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "net/task_group.h"
#include "net/testing.h"

namespace gatehouse::client::testing {

// The server's actions for one request.
struct Turn {
  std::string answer;
  enum class Then : std::uint8_t { stay, close } then = Then::stay;
  std::size_t piece = std::string::npos;  // so many bytes at once
};

class ScriptedServer {
 public:
  explicit ScriptedServer(net::Loop& loop, net::Endpoint at = net::testing::loopback(),
                          std::shared_ptr<const net::ServerTls> tls = nullptr)
      : loop_(loop), tls_(std::move(tls)), tasks_(loop) {
    auto opened = net::Listener::open(loop_, at);
    if (!opened) throw std::runtime_error(opened.error().text);
    listener_ = *std::move(opened);
    start(accept());
  }

  const net::Endpoint& endpoint() const { return listener_->endpoint(); }
  // The next requests, in the order of their arrival on any connection. After the last, each closes its
  // connection.
  void will(std::deque<Turn> turns) { turns_ = std::move(turns); }
  void will(std::string answer) { turns_ = {{std::move(answer)}}; }
  // More of the answer that is under way, on the newest connection.
  net::Task<Result<>> send(std::string_view text) {
    auto written = co_await serving_->write(text);
    co_return written;
  }

  int connections = 0;
  int requests = 0;
  std::string last;  // the last request, as it came

 private:
  void start(net::Task<void> task) {
    tasks_.spawn(std::move(task), [](const std::exception_ptr& bug) { std::rethrow_exception(bug); });
  }
  net::Task<void> accept() {
    for (;;) {
      auto one = co_await listener_->accept();
      if (!one) co_return;
      ++connections;
      start(serve(std::make_unique<net::Stream>(loop_, std::move(one->socket), one->peer)));
    }
  }
  // The length of the whole request at the beginning of `text`; 0 where more must come.
  static std::size_t whole_request(std::string_view text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    const auto length = text.substr(0, end).find(kLength);
    std::size_t size = end + 4;
    if (length != std::string_view::npos)
      size += std::stoul(std::string(text.substr(length + kLength.size(), 20)));
    return text.size() >= size ? size : 0;
  }
  net::Task<void> serve(net::StreamPtr stream) {
    if (tls_) {
      auto shaken = co_await stream->accept_tls(tls_);
      if (!shaken) co_return;
    }
    serving_ = stream.get();
    std::string received;
    char buffer[4096];
    for (;;) {
      const auto n = co_await stream->read(buffer);
      if (!n || *n == 0) co_return;
      received.append(buffer, *n);
      const std::size_t size = whole_request(received);
      if (size == 0) continue;
      last = received.substr(0, size);
      received.erase(0, size);
      ++requests;
      if (turns_.empty()) co_return;
      const Turn turn = std::move(turns_.front());
      turns_.pop_front();
      for (std::string_view left = turn.answer; !left.empty();) {
        const std::string_view piece = left.substr(0, turn.piece);
        const auto written = co_await stream->write(piece);
        if (!written) co_return;
        left.remove_prefix(piece.size());
        if (!left.empty()) co_await net::yield(loop_);
      }
      if (turn.then == Turn::Then::close) co_return;
    }
  }

  net::Loop& loop_;
  std::shared_ptr<const net::ServerTls> tls_;
  std::unique_ptr<net::Listener> listener_;
  std::deque<Turn> turns_;
  net::Stream* serving_ = nullptr;
  net::TaskGroup tasks_;  // the last member: they use the others
};

inline constexpr const char* kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
inline const Turn kLeaves{.answer = "", .then = Turn::Then::close};

}  // namespace gatehouse::client::testing
