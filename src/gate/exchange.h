// One request from its first byte to its event: the findings of the gates so far. Reused for the next
// request, so that a request on a warm connection allocates nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "base/kept.h"
#include "base/uuid.h"
#include "core/caller_shares.h"
#include "core/event.h"
#include "core/limits.h"
#include "core/proofs.h"
#include "core/response.h"
#include "core/target.h"
#include "core/verdict.h"
#include "gate/body_reader.h"
#include "http/captures.h"
#include "http/request.h"
#include "http/trace_context.h"
#include "net/hang_up.h"
#include "policy/policy_set.h"
#include "schema/findings.h"

namespace gatehouse {
class Instructions;
}

namespace gatehouse::gate {

struct Exchange;
class Released;

// Whether the fields in which a proxy names its client are believed.
enum class Forwarding : std::uint8_t { believed_of_trusted_proxies, never_believed };

// The facts of a connection that all its requests share.
struct Peer {
  IpAddress address;             // of the other end, or of a trusted proxy's PROXY header
  std::string text;              // the same, written
  std::string_view certificate;  // DER, verified by the handshake; empty: none
  std::optional<Handshake> handshake;
  Forwarding forwarding = Forwarding::believed_of_trusted_proxies;
};

struct TakenLimit {
  const policy::Limit* limit = nullptr;
  LimitState state;
};

// A listener's answer before any gate: a text of the program's own.
struct ListenerPage {
  unsigned status = 404;
  std::string text = "not found\n";
};

// A target's answer, until the response filter releases it or a refusal replaces it. Its memory is kept, so
// that an answer costs no allocation.
class Unreleased {
 public:
  void drop() {
    response_.rest.reset();
    response_.memory = {};
  }
  std::size_t memory() const { return response_.body.capacity(); }

 private:
  friend class Runner;  // lends it to the target
  friend class ResponseFilter;
  friend class Released;
  friend Released respond(Exchange& exchange, const Refusal& refusal);
  friend Released respond_alive(Exchange& exchange);
  friend Released respond_methods(Exchange& exchange);
  friend Released respond(Exchange& exchange, ListenerPage page);
  Response response_;
};

// Whether texts of others can be searched for all that the document marks as secret in the request.
enum class MarkedSecrets : std::uint8_t { searched_for, too_many };

// The findings about one request. Assigned anew for the next, so that an added member cannot keep an old
// value; Kept ones keep their memory.
struct Found {
  std::shared_ptr<const policy::PolicySet> policy;
  const Peer* peer = nullptr;
  PresentPolicy* present = nullptr;  // null: there are no reloads
  // Those that held when the request came; null: none that a request depends on.
  std::shared_ptr<const Instructions> instructions;
  IpAddress client;
  Kept<std::string> client_text;
  Kept<std::string> authority;  // the host of this server that the request names; empty: not a served host
  EarlyData early_data = EarlyData::none;

  Via via = Via::client;  // trusted_proxy: the connection's other end is one
  std::optional<Uuid> id;
  std::string_view sent_id;  // the sender's X-Request-Id, of at most 128 visible characters; empty: none
  http::TraceContext trace;
  TraceOrigin trace_origin = TraceOrigin::own;
  std::optional<http::TraceContext> caller_trace;  // that was not continued
  WallTime received{};
  MonotonicTime started{};

  std::string_view allow;  // the methods of the path, once that is known: for 405
  // Every principal with a valid credential, also if the request is refused or counts as anonymous. Events
  // name the first, and limits charge it.
  Kept<std::vector<IdentityPointer>> proven;
  Kept<std::vector<TakenLimit>> limits;
  std::string_view limit_policies;

  Kept<schema::Findings> findings;
  Kept<std::string> undeclared;  // the name behind a finding of `undeclared`, for operators; empty: not known
  std::string_view findings_in;  // "body", or empty where each finding says it
  std::uint64_t body_bytes = 0;
  // Of the memory that bodies and answers take; null: it is not counted.
  const std::shared_ptr<CallerShares>* bodies = nullptr;
  CallerShares::Lease body_memory;  // the memory of the body, as bytes and as values
  std::optional<Upload> upload;     // a body that is forwarded as it arrives

  Kept<std::vector<std::string_view>>
      credentials;          // byte runs that no text of others may bring into a record
  std::size_t carried = 0;  // of credentials: the number of those in carriers, of any form; they come first
  MarkedSecrets marked = MarkedSecrets::searched_for;
  std::size_t marked_bytes = 0;
  Kept<std::string> credential_text;  // holds those that do not stand in the request as they are
  Kept<std::string> detail;           // for operators
  std::string_view announcement;      // of maintenance: the refusal's message; empty: its own
  // While the target works: its work is finished, and recorded, although the client has disconnected.
  net::OnHangUp on_hang_up = net::OnHangUp::cancel;
  std::shared_ptr<const void>
      place;                     // among those under way: until the answer and the target's work have ended
  MonotonicTime object_asked{};  // when the request began to look for its object
  Effect effect = Effect::none;
  CallReport report;
  Unreleased answer;
};

// The parsed input: too large to be cleared for every request, so each member records how much of it is
// valid.
struct Parsed {
  http::RequestHead head;
  http::Captures captures;
  Passages passages;
  json::Document parameters, body, row;

  void forget() {
    auto& [a_head, some_captures, some_passages, of_parameters, of_body, of_row] =
        *this;  // one more does not compile
    a_head.forget();
    some_captures.size = 0;
    some_passages.clear();
    of_parameters.clear();
    of_body.clear();
    of_row.clear();
  }
};

struct Exchange : Found, Parsed {
  CheckedRequest checked{*this};

  void begin(std::shared_ptr<const policy::PolicySet> with, const Peer& from) {
    checked.forget();
    static_cast<Found&>(*this) = {};
    Parsed::forget();
    policy = std::move(with);
    peer = &from;
  }
  // The request has ended: shared resources are given back now.
  void end() {
    checked.forget();
    policy.reset();
    instructions.reset();
    answer.drop();
    place.reset();
    Parsed::forget();
    body_memory.release();
  }
};

// An answer that may be written to the client. Only four functions make one: the response filter from a
// target's answer, respond() from a refusal or a listener's own page, respond_alive() for `listen.health`,
// and respond_methods() for OPTIONS. Owns the rest of the body; the other parts are the exchange's.
class Released {
 public:
  const Exchange& exchange() const { return *exchange_; }
  unsigned status() const { return response().status; }
  const ResponseFields& fields() const { return response().fields; }
  std::string_view body() const { return response().body; }  // where there is a rest: its beginning
  Response::Policies policies() const { return response().policies; }
  std::optional<std::uint64_t> length() const { return response().length; }  // as Response::length
  BodySource* rest() const { return rest_.get(); }                           // null: there is no rest
  void end_rest() { rest_.reset(); }

 private:
  friend class ResponseFilter;
  friend Released respond(Exchange& exchange, const Refusal& refusal);
  friend Released respond_alive(Exchange& exchange);
  friend Released respond_methods(Exchange& exchange);
  friend Released respond(Exchange& exchange, ListenerPage page);
  explicit Released(Exchange& exchange)
      : exchange_(&exchange), rest_(std::move(exchange.answer.response_.rest)) {}
  const Response& response() const { return exchange_->answer.response_; }

  Exchange* exchange_;
  std::unique_ptr<BodySource> rest_;
};

}  // namespace gatehouse::gate
