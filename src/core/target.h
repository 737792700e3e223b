// The port to the code that answers an operation. One instance for each operation and worker, used on its
// thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ip.h"
#include "base/kept.h"
#include "core/deferred_decision.h"
#include "core/head_rules.h"
#include "core/proofs.h"
#include "core/response.h"
#include "core/verdict.h"
#include "http/request.h"
#include "http/trace_context.h"
#include "net/task.h"

namespace gatehouse {

struct AnswerRules;
class CallerShares;

// Whether the request may have been sent in TLS early data, which others can send again (RFC 8470
// section 5.1).
enum class EarlyData : std::uint8_t { none, possible };

// The body of a request that is forwarded to an upstream as it arrives, because no check reads it.
class RequestStream {
 public:
  virtual ~RequestStream() = default;
  // In bytes, as the client announced it; nothing: it comes in chunks.
  virtual std::optional<std::uint64_t> length() const = 0;
  // The next piece, valid until the next call; empty at the end. Refuses a body that is too large, late,
  // malformed or incomplete, and a piece that arrives after the credential has ended: the pieces before are
  // then not a whole body.
  virtual net::Task<Verdict<std::string_view>> next() = 0;
};

class PresentPolicy;

// The inputs of a target besides the proof. Borrowed from the exchange.
struct Call {
  const http::RequestHead& head;
  std::string_view operation;
  std::string_view request_id;
  std::string_view path;  // as the client sent it
  IpAddress client;
  std::string_view client_text;
  std::string_view authority;  // the host of this server that the request names: `api.example.com:8443`
  EarlyData early_data = EarlyData::none;
  const http::TraceContext& trace;
  WallTime received{};
  MonotonicTime deadline{};
  std::chrono::nanoseconds timeout{};  // of the operation: `deadline` is the request's beginning and this
  const Clock& clock;                  // outlives the work that the target begins
  const CredentialCarriers& carriers;
  const RequestRules& forwards;
  const Passages& passages;
  const AnswerRules& answers;
  // The request's place among those that the operation's `concurrency` counts; null without `concurrency`.
  // Work that continues after its request was cancelled keeps a reference until it has ended.
  std::shared_ptr<const void> place{};
  // Counts what a target keeps for the request in addition to the exchange: copies, and its answer.
  const std::shared_ptr<CallerShares>* memory = nullptr;  // null: it is not counted
  RequestStream* upload = nullptr;   // null: the body, if there is one, is in the permit's request
  PresentPolicy* present = nullptr;  // null: there are no reloads
};

// The actions of the target, for the event and for operators; never for the client.
struct CallReport {
  std::string_view upstream;
  unsigned upstream_status = 0;
  bool sent = false;                // whether the upstream may have bytes of the request, from any attempt
  Kept<std::string> detail;         // the error, in Gatehouse's own words
  Kept<std::string> said;           // and in those of others: a handler's, say
  Kept<ResponseFields> whole_head;  // of an answer of 400 or more: with the fields that never leave
  Kept<std::string> allow;          // the upstream's Allow, when it said one
  Kept<std::string> retry_after;    // its Retry-After, of an answer that was withheld
  Kept<std::string> original_head;  // of an answer that was withheld
  Kept<std::string> original_body;
  std::span<const std::string> upstream_secrets;  // what Gatehouse told the upstream, and no record may show
  MonotonicTime object_asked{};  // a statement that looks for the object had its turn; the epoch: none had

  void clear() { *this = {}; }
};

class Target {
 public:
  virtual ~Target() = default;
  // Fills `response`, or refuses. Destroying the task cancels it. One that waits before it acts asks
  // Principal::in_force() when it has waited.
  virtual net::Task<Verdict<void>> call(const Permit& permit, const Call& call, Response& response,
                                        CallReport& report) = 0;
};

// Looks up the attributes of the object that a request is about.
class ResourceLookup {
 public:
  virtual ~ResourceLookup() = default;
  // Fills `row`, and leaves it empty if there is no such object.
  virtual net::Task<Verdict<void>> find(const Input& input, const Call& call, json::Document& row,
                                        CallReport& report) = 0;
};

// A target that finds its object itself: it looks the object up, has the conditions decided, and acts,
// without a gap in which the object could change.
class TransactionalTarget {
 public:
  virtual ~TransactionalTarget() = default;
  // As Target::call, and gives the permit with which it acted: the decision's, once the object is found. It
  // asks Principal::in_force() in the transaction.
  virtual net::Task<Verdict<Permit>> call(std::shared_ptr<DeferredDecision> decision, const Call& call,
                                          Response& response, CallReport& report) = 0;
};

}  // namespace gatehouse
