// The awaitable operations that Stream's calls return. Included by stream.h.
#pragma once

#include <utility>

#include "net/stream.h"

namespace gatehouse::net {

class Stream::Read final : public StreamOperation {
 public:
  Read(Stream& stream, std::span<char> into) : StreamOperation(stream), into_(into) {}
  bool await_ready() { return attempt(); }
  void await_suspend(std::coroutine_handle<> waiting) { wait_in(stream_.reader_, waiting); }
  Result<std::size_t> await_resume() { return *std::move(result_); }

 private:
  bool attempt() override {
    result_ = stream_.try_read(into_);
    return result_.has_value();
  }
  void fail(Error error) override { result_ = std::unexpected(std::move(error)); }

  std::span<char> into_;
  std::optional<Result<std::size_t>> result_;
};

class Stream::Readable final : public StreamOperation {
 public:
  explicit Readable(Stream& stream) : StreamOperation(stream) {}
  bool await_ready() { return attempt(); }
  void await_suspend(std::coroutine_handle<> waiting) { wait_in(stream_.reader_, waiting); }
  Result<> await_resume() { return std::move(result_); }

 private:
  bool attempt() override;
  void fail(Error error) override { result_ = std::unexpected(std::move(error)); }

  Result<> result_;
};

// A write waits while more events of the turn wait: the gates then run back to back, and so do the system
// calls, and a peer is woken once for many writes. Plain streams come first: their peers, mostly upstreams,
// work while the rest is encrypted.
class Stream::Write final : public StreamOperation, private Deferred {
 public:
  Write(Stream& stream, std::span<const std::string_view> parts) : StreamOperation(stream), parts_(parts) {}
  Write(Stream& stream, std::string_view part) : StreamOperation(stream), one_(part), parts_(&one_, 1) {}
  ~Write() override;
  bool await_ready() { return !stream_.loop_.more_events() && attempt(); }
  void await_suspend(std::coroutine_handle<> waiting) {
    wait_in(stream_.writer_, waiting);
    if (stream_.loop_.more_events())
      stream_.loop_.defer(*this, stream_.engine_ ? Loop::Order::late : Loop::Order::early);
  }
  Result<> await_resume() { return std::move(result_); }

 private:
  bool attempt() override;
  void run() override {
    if (pending()) stream_.advance(stream_.writer_);  // else the stream is gone
  }
  void fail(Error error) override { end(std::unexpected(std::move(error))); }
  bool attempt_plain();
  bool attempt_tls();
  bool end(Result<> result);
  void skip(std::size_t bytes);
  // The next bytes to encrypt: one part in place, or several small ones gathered.
  std::string_view next_chunk();

  std::string_view one_;
  std::span<const std::string_view> parts_;  // the rest, the first from offset_
  std::size_t offset_ = 0;
  Result<> result_;
};

class Stream::Handshake final : public StreamOperation {
 public:
  // `refused`: the reason for a missing engine.
  Handshake(Stream& stream, Result<> engine) : StreamOperation(stream), result_(std::move(engine)) {}
  bool await_ready() { return attempt(); }
  void await_suspend(std::coroutine_handle<> waiting) { wait_in(stream_.reader_, waiting); }
  Result<> await_resume() { return std::move(result_); }

 private:
  bool attempt() override;
  void fail(Error error) override { result_ = std::unexpected(std::move(error)); }

  Result<> result_;
};

inline Stream::Read Stream::read(std::span<char> into) { return {*this, into}; }
inline Stream::Readable Stream::readable() { return Readable(*this); }
inline Stream::Write Stream::write(std::span<const std::string_view> parts) { return {*this, parts}; }
inline Stream::Write Stream::write(std::string_view part) { return {*this, part}; }

}  // namespace gatehouse::net
