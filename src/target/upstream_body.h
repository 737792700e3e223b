// The rest of an upstream's answer, where its head leaves before its end has come.
//
// It is read from the upstream as the upstream sends it, ahead of a client who takes it more slowly: up to a
// bound, and then the upstream waits for the client. At the answer's end the connection goes back to its pool
// and the caller's share is given back, whether the client has taken what is held here or not.
#pragma once

#include <string>
#include <string_view>

#include "client/connection_pool.h"
#include "core/caller_shares.h"
#include "core/response.h"
#include "http/chunked.h"
#include "http/response_parser.h"
#include "net/loop.h"
#include "net/signal.h"

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
  client::ConnectionPool::Lease lease;
  ConversationLease conversation;
};

// Takes the bytes of one answer's body out of what its connection brings.
class BodyDecoder {
 public:
  explicit BodyDecoder(http::BodyFraming framing)
      : kind_(framing.kind), left_(framing.length), ended_(framing.kind == http::BodyKind::none) {}

  // Appends the body's bytes to `body`, up to its end, and takes them off `arrived`. Error{invalid}: they are
  // not chunks.
  Result<> take(std::string_view& arrived, std::string& body);
  bool ended() const { return ended_; }
  // The upstream's orderly end of the connection is the body's.
  bool ends_with_connection() const { return kind_ == http::BodyKind::until_close; }

 private:
  http::BodyKind kind_;
  std::uint64_t left_;  // of a body with a length
  http::ChunkedDecoder chunks_{http::Trailers::drop};
  bool ended_;
};

class UpstreamBody final : public BodySource {
 public:
  // `idle`: how long the upstream may send nothing, where it is not the client that lets it wait. `last`:
  // what the connection is for behind a proper end.
  UpstreamBody(net::Loop& loop, Held held, BodyDecoder decoder, client::ConnectionPool::Ending last,
               std::chrono::nanoseconds idle);
  ~UpstreamBody() override;

  net::Task<Result<std::string_view>> next() override;

  // What all bodies of one worker and upstream may hold for slow clients; the more they do, the less each may
  // take ahead.
  static constexpr std::size_t kHeldInAll = std::size_t{64} << 20U;

 private:
  net::Task<void> read_ahead();
  net::Task<Result<>> read_all();
  std::size_t room() const;
  void end(client::ConnectionPool::Ending ending);

  net::Loop& loop_;
  std::shared_ptr<UpstreamClient> client_;
  std::optional<Held> held_;  // until the upstream's answer has ended
  BodyDecoder decoder_;
  client::ConnectionPool::Ending last_;
  std::chrono::nanoseconds idle_;
  std::string ready_, taken_;  // what is read ahead; what next() gave last
  bool done_ = false;
  Result<> result_;  // when done
  net::Signal more_, room_;
  net::Task<void> reading_;  // the last member: what it uses outlives it
};

}  // namespace gatehouse::target
