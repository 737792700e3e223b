#include "target/upstream.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <numeric>

#include "base/result.h"
#include "client/exchange.h"
#include "core/answer_rules.h"
#include "core/present_policy.h"
#include "target/upload.h"
#include "target/upstream_answer.h"
#include "target/upstream_head.h"

namespace gatehouse::target {
namespace {

using Lease = client::ConnectionPool::Lease;

constexpr std::size_t kIdleBuffers = 256;
// For the answer of an upstream that takes no more of an upload: it is there, or does not come.
constexpr std::chrono::nanoseconds kAnsweredAlready = std::chrono::seconds(1);

// The client's request, on its way.
class Forwarded final : public UpstreamHeadWriter {
 public:
  Forwarded(const Call& call, const Permit& permit, std::string assertion)
      : call_(call), permit_(permit), assertion_(std::move(assertion)) {}
  Verdict<void> still_allowed() const override {
    GATEHOUSE_CHECK(permit_.principal().in_force(call_.clock.wall()));
    return call_.present != nullptr ? call_.present->still_admits() : Verdict<void>();
  }
  void write(std::string& out, const UpstreamAddress& address) const override {
    // A sender signs the host that it asked for.
    const bool kept = call_.forwards.signatures == Signatures::kept;
    write_upstream_head(out, call_, permit_, kept ? call_.authority : address.host_for(call_),
                        address.base_path, assertion_);
  }

 private:
  const Call& call_;
  const Permit& permit_;
  std::string assertion_;
};

using Acquired = std::pair<Lease, const UpstreamAddress*>;

// An open connection. Only of the address whose turn it is: an idle connection elsewhere is no reason to
// overload that address.
std::optional<Acquired> idle_connection(const UpstreamClient& client, std::size_t turn) {
  const UpstreamAddress& address = client.addresses[turn];
  auto lease = address.pool->take_idle();
  if (!lease) return std::nullopt;
  return Acquired(*std::move(lease), &address);
}

// A new connection, of the first address from `turn` on that gives one; if none does, the most informative
// failure.
net::Task<std::expected<Acquired, client::ConnectionPool::NoConnection>> new_connection(
    UpstreamClient& client, std::size_t turn, MonotonicTime deadline) {
  const std::size_t count = client.addresses.size();
  std::optional<client::ConnectionPool::NoConnection> none;
  for (std::size_t i = 0; i < count; ++i) {
    const UpstreamAddress& address = client.addresses[(turn + i) % count];
    auto lease = co_await address.pool->connect(deadline);
    if (lease) co_return Acquired(*std::move(lease), &address);
    const auto informs_more = [&none](const client::ConnectionPool::NoConnection& other) {
      if (!none || other.failure > none->failure) return true;
      return other.failure == none->failure && other.rests_for <= none->rests_for;
    };
    if (informs_more(lease.error())) none = std::move(lease).error();
  }
  co_return std::unexpected(*std::move(none));
}

// Not of every refusal with this reason: an upstream's own 503 says itself when to ask again.
Refusal overloaded() {
  Refusal refusal(Reason::upstream_overloaded);
  refusal.retry_after = std::chrono::seconds(1);
  return refusal;
}

Refusal refusal_for(const client::ConnectionPool::NoConnection& none) {
  switch (none.failure) {
    case client::ConnectionPool::ConnectFailure::resting: {
      Refusal refusal(Reason::upstream_open_circuit);
      refusal.retry_after = std::chrono::ceil<std::chrono::seconds>(none.rests_for);
      return refusal;
    }
    case client::ConnectionPool::ConnectFailure::busy: return overloaded();
    case client::ConnectionPool::ConnectFailure::late: return Refusal(Reason::upstream_late);
    case client::ConnectionPool::ConnectFailure::unreachable: break;
  }
  return Refusal(Reason::upstream_unreachable);
}

Refusal out_of_connections(CallerShares::Exhausted exhausted, CallReport& report) {
  if (exhausted == CallerShares::Exhausted::share) {
    report.detail = "the caller uses as many of the upstream's connections as are left for all other callers";
    return Refusal(Reason::upstream_share);
  }
  report.detail = "all connections to the upstream are in use";
  return overloaded();
}

std::size_t next_turn(UpstreamClient& client) {
  const std::size_t next = client.next++;
  return client.turns.empty() ? next % client.addresses.size() : client.turns[next % client.turns.size()];
}

// The attempt before, of which the upstream may have read the request, and done what it asks for. If no
// other attempt can be made, its failure is the answer: the reason why there is no other says nothing of the
// effect.
class LastAttempt {
 public:
  explicit LastAttempt(CallReport& report) : report_(report) {}

  void failed() {
    failed_ = true;
    detail_ = report_.detail;
  }
  std::unexpected<Refusal> or_else(Refusal refusal) {
    if (!failed_) return std::unexpected(refusal);
    report_.detail = detail_;
    report_.detail.append("; it was not asked again: ").append(facts_of(refusal.reason).name);
    return refuse(Reason::upstream_unreachable);
  }

 private:
  CallReport& report_;
  bool failed_ = false;
  std::string detail_;
};

}  // namespace

BuffersLease::BuffersLease(std::shared_ptr<UpstreamClient> client) : client_(std::move(client)) {
  if (client_->idle.empty()) {
    buffers_ = std::make_unique_for_overwrite<client::ExchangeBuffers>();
    return;
  }
  buffers_ = std::move(client_->idle.back());
  client_->idle.pop_back();
}

BuffersLease::~BuffersLease() {
  if (buffers_ && client_->idle.size() < kIdleBuffers) client_->idle.push_back(std::move(buffers_));
}

std::vector<std::uint16_t> turns_by_weight(std::span<const std::uint32_t> weights) {
  std::uint32_t divisor = 0;
  for (const std::uint32_t weight : weights) divisor = std::gcd(divisor, weight);
  std::int64_t sum = 0;
  for (const std::uint32_t weight : weights) sum += weight / divisor;
  std::vector<std::uint16_t> turns;
  std::vector<std::int64_t> due(weights.size());
  for (std::int64_t turn = 0; turn < sum; ++turn) {
    for (std::size_t i = 0; i < due.size(); ++i) due[i] += weights[i] / divisor;
    const auto first = std::ranges::max_element(due);
    *first -= sum;
    turns.push_back(static_cast<std::uint16_t>(first - due.begin()));
  }
  return turns;
}

net::Task<Verdict<void>> ask(std::shared_ptr<UpstreamClient> client, const Asker& asker, http::Method method,
                             const UpstreamHeadWriter& writer, std::string_view body, MonotonicTime deadline,
                             const AnswerRules& rules, Response& response, CallReport& report,
                             Collect collect, RequestStream* upload) {
  report.upstream = client->name;
  report.upstream_secrets = client->fixed.secrets;
  deadline = std::min(deadline, client->loop.now() + client->timeout);
  const auto patience = deadline - client->loop.now();
  unsigned retries = upload == nullptr && client::is_idempotent(method) ? client->retries : 0;
  std::size_t turn = next_turn(*client);
  LastAttempt last(report);
  for (int attempt = 0;; ++attempt) {
    auto share = client->shares.take_one(asker.identity, asker.address);
    if (!share) co_return last.or_else(out_of_connections(share.error(), report));
    // An upload cannot be sent again where the upstream closes an idle connection in this moment.
    auto acquired = attempt == 0 && upload == nullptr ? idle_connection(*client, turn) : std::nullopt;
    if (!acquired) {
      auto connected = co_await new_connection(*client, turn, deadline);
      if (!connected) {
        report.detail = connected.error().error.text;
        co_return last.or_else(refusal_for(connected.error()));
      }
      acquired.emplace(*std::move(connected));
      if (const auto allowed = writer.still_allowed(); !allowed) co_return last.or_else(allowed.error());
    }
    const UpstreamAddress& address = *acquired->second;
    Held held{*std::move(share), BuffersLease(client)};
    client::Exchange exchange(std::move(acquired->first), *held.buffers, method);
    exchange.stream().set_deadline(deadline);
    std::string& head = held.buffers->head;
    head.clear();
    writer.write(head, address);
    if (!client->fixed.lines.empty())
      head.insert(head.size() - 2, client->fixed.lines);  // before the empty line
    const std::array<std::string_view, 2> parts{head, body};
    // The upstream may have closed a kept connection at the very moment of its use: that does not count.
    const bool may_be_stale = attempt == 0 && exchange.reused() && client::is_idempotent(method);
    const auto may_retry = [&] {
      if (!may_be_stale) {
        if (retries == 0) return false;
        --retries;
        turn = (static_cast<std::size_t>(&address - client->addresses.data()) + 1) % client->addresses.size();
      }
      last.failed();
      return true;
    };
    report.sent = true;
    const auto written = co_await exchange.stream().write(std::span(parts).first(body.empty() ? 1 : 2));
    if (!written) {
      report.detail = written.error().text;
      if (written.error().code == ErrorCode::timeout) co_return refuse(Reason::upstream_late);
      // It has closed the connection, and may have answered before.
      exchange.close_behind();
      exchange.stream().set_deadline(client->loop.now() + kAnsweredAlready);
    }
    report.detail.clear();  // of an attempt before
    std::optional<Result<http::Progress>> answer_head;
    if (upload != nullptr && written) {
      auto sent = co_await send_upload(exchange, *upload, patience);
      GATEHOUSE_CO_TRY(SentUpload until, std::move(sent));
      const bool taken = until.end != UploadEnd::not_taken;
      exchange.stream().set_deadline(client->loop.now() + (taken ? patience : kAnsweredAlready));
      if (until.end != UploadEnd::sent) exchange.close_behind();
      answer_head = std::move(until.head);
    }
    AnswerReader reader(std::move(held), exchange, address, method, asker.authority, rules, response, report,
                        collect);
    Verdict<void> read = co_await reader.read(std::move(answer_head));
    if (read) co_return read;
    response.clear();
    const bool none_came = !exchange.begun() && read.error().reason == Reason::upstream_unreachable;
    if (none_came && may_retry()) continue;
    co_return read;
  }
}

Verdict<std::string> assertion_for(const MakeAssertion& make, const Principal& principal, const Call& call,
                                   CallReport& report) {
  if (!make) return std::string();
  auto made = make(principal, call);
  if (made) return *std::move(made);
  report.detail = "the assertion for the upstream cannot be signed: " + made.error().text;
  return refuse(Reason::internal_error);
}

net::Task<Verdict<void>> UpstreamTarget::call(const Permit& permit, const Call& call, Response& response,
                                              CallReport& report) {
  report.sent = false;  // a lookup of the object may have been
  GATEHOUSE_CO_TRY(std::string assertion, assertion_for(assertion_, permit.principal(), call, report));
  const Forwarded forwarded(call, permit, std::move(assertion));
  const Asker asker{permit.principal().identity(), call.client, call.authority};
  // An upload may have begun late, and then takes its time.
  const MonotonicTime deadline = call.upload == nullptr ? call.deadline : client_->loop.now() + call.timeout;
  auto asked = co_await ask(client_, asker, call.head.method, forwarded, permit.request().body_bytes(),
                            deadline, call.answers, response, report, Collect::errors, call.upload);
  co_return asked;
}

}  // namespace gatehouse::target
