// The rest of an upstream's answer, if its head leaves before its end has come.
//
// It is read from the upstream as the upstream sends it, ahead of a slower client: up to a bound, and then
// the upstream waits for the client. At the answer's end the connection goes back to its pool and the
// caller's share is given back, even if the client has not read the buffered part.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/exchange.h"
#include "core/caller_shares.h"
#include "core/response.h"
#include "net/loop.h"
#include "net/signal.h"

namespace gatehouse::target {

struct UpstreamClient;

// The buffers of one exchange, which go back to their client for the next one.
class BuffersLease {
 public:
  explicit BuffersLease(std::shared_ptr<UpstreamClient> client);
  BuffersLease(BuffersLease&&) noexcept = default;
  BuffersLease& operator=(BuffersLease&&) = delete;
  ~BuffersLease();
  client::ExchangeBuffers& operator*() const { return *buffers_; }
  client::ExchangeBuffers* operator->() const { return buffers_.get(); }
  UpstreamClient& client() const { return *client_; }

 private:
  std::shared_ptr<UpstreamClient> client_;
  std::unique_ptr<client::ExchangeBuffers> buffers_;
};

// The resources of one request at an upstream besides its connection: its caller's share, and the read
// buffer.
struct Held {
  CallerShares::Lease share;
  BuffersLease buffers;
};

class UpstreamBody final : public BodySource {
 public:
  // `idle`: how long the upstream may send nothing, where it is not the client that lets it wait.
  UpstreamBody(net::Loop& loop, Held held, client::AnswerBody body, std::chrono::nanoseconds idle);
  ~UpstreamBody() override;

  net::Task<Result<std::string_view>> next() override;

  // The bound on all bodies of one worker and upstream for slow clients; the closer to it, the less each may
  // read ahead.
  static constexpr std::size_t kHeldInAll = std::size_t{64} << 20U;

 private:
  net::Task<void> read_ahead();
  net::Task<Result<>> read_all();
  std::size_t room() const;

  struct Unfinished {
    Held held;
    client::AnswerBody body;
  };
  net::Loop& loop_;
  std::shared_ptr<UpstreamClient> client_;
  std::optional<Unfinished> unfinished_;  // until the upstream's answer has ended
  std::chrono::nanoseconds idle_;
  std::string ready_, taken_;  // the bytes that are read ahead; the last result of next()
  bool done_ = false;
  Result<> result_;  // when done
  net::Signal more_, room_;
  net::Task<void> reading_;  // the last member: the members that it uses outlive it
};

}  // namespace gatehouse::target
