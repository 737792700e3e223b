// The rest of an upstream's answer that is too large to be collected before it leaves, or that has no end
// yet.
//
// It is read from the upstream as the upstream sends it, ahead of a client who takes it more slowly: up to a
// bound, and then the upstream waits for the client. At the answer's end the connection goes back to its pool
// and the caller's share is given back, whether the client has taken what is held here or not.
#pragma once

#include <string>
#include <string_view>

#include "core/caller_shares.h"
#include "core/response.h"
#include "http/chunked.h"
#include "http/response_parser.h"
#include "net/loop.h"
#include "net/signal.h"
#include "target/upstream_pool.h"

namespace gatehouse::target {

// What one call needs in memory, kept for the next one.
struct Conversation {
  static constexpr std::size_t kBuffer = std::size_t{16} << 10U;
  std::string head;  // of the request
  char buffer[kBuffer];
};

struct UpstreamClient;

// A conversation that goes back to its client when it is over.
class ConversationLease {
 public:
  explicit ConversationLease(std::shared_ptr<UpstreamClient> client);
  ConversationLease(ConversationLease&&) noexcept = default;
  ConversationLease& operator=(ConversationLease&&) = delete;
  ~ConversationLease();
  Conversation* operator->() const { return conversation_.get(); }
  UpstreamClient& client() const { return *client_; }

 private:
  std::shared_ptr<UpstreamClient> client_;
  std::unique_ptr<Conversation> conversation_;
};

// What one request holds of an upstream: its connection, its caller's share, and the memory to read into.
struct Held {
  CallerShares::Lease share;
  UpstreamPool::Lease lease;
  ConversationLease conversation;
};

// How the body goes on behind what has arrived with the head.
struct BodyRest {
  std::string_view arrived;  // in the conversation's buffer
  http::BodyFraming framing;
  http::ChunkedDecoder decoder;
  bool keep = false;  // whether the connection can serve another request after a proper end
};

class UpstreamBody final : public BodySource {
 public:
  // `patience`: how long the upstream may keep the reader waiting, from here to the end. Time in which it
  // waits for the client does not count.
  UpstreamBody(net::Loop& loop, Held held, BodyRest rest, std::chrono::nanoseconds patience);
  ~UpstreamBody() override;

  net::Task<Result<std::string_view>> next() override;

  // What all bodies of one worker and upstream may hold for slow clients; the more they do, the less each may
  // take ahead.
  static constexpr std::size_t kHeldInAll = std::size_t{64} << 20U;

 private:
  net::Task<void> read_ahead();
  net::Task<Result<>> read_all();
  Result<> take(std::string_view& arrived);
  void add(std::string_view data);
  std::size_t room() const;
  void end(UpstreamPool::Ending ending);

  net::Loop& loop_;
  std::shared_ptr<UpstreamClient> client_;
  std::optional<Held> held_;  // until the upstream's answer has ended
  BodyRest rest_;
  std::uint64_t left_;
  std::chrono::nanoseconds patience_;
  std::string ready_, taken_;  // what is read ahead; what next() gave last
  bool done_ = false;
  Result<> result_;  // when done
  net::Signal more_, room_;
  net::Task<void> reading_;  // the last member: what it uses outlives it
};

}  // namespace gatehouse::target
