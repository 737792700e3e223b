// Operations answered by an upstream HTTP service: the client's request is forwarded as it was accepted, only
// Gatehouse states the identity, and the upstream's data about itself is dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/connection_pool.h"
#include "core/caller_shares.h"
#include "core/target.h"
#include "net/loop.h"
#include "target/fixed_fields.h"
#include "target/upstream_body.h"

namespace gatehouse::target {

struct UpstreamAddress {
  std::shared_ptr<client::ConnectionPool> pool;
  std::string host;       // the value of Host: host, and port where it is not the scheme's own
  std::string base_path;  // put before the request's target; no slash at the end
  // The Host field: `host`, or the host of this server that the request names.
  enum class HostField : std::uint8_t { own, of_request } host_field = HostField::own;

  std::string_view host_for(const Call& call) const {
    return host_field == HostField::own ? std::string_view(host) : call.authority;
  }
};

// One worker's way to one upstream. Shared by the targets that lead there.
struct UpstreamClient : std::enable_shared_from_this<UpstreamClient> {
  // `connections`: of all addresses together.
  UpstreamClient(net::Loop& on, std::size_t connections) : loop(on), shares(connections) {}

  std::string name;
  FixedFields fixed;
  std::vector<UpstreamAddress> addresses;  // at least one
  std::vector<std::uint16_t> turns;        // whose turn it is, over and over: by index; empty: each in turn
  std::chrono::nanoseconds timeout{};      // to the head of an answer
  std::chrono::nanoseconds idle_timeout = std::chrono::minutes(1);  // between two pieces of its body
  std::size_t read_ahead = std::size_t{256} << 10U;  // bytes of one answer, held for a client that is slower
  unsigned retries = 0;  // of a request that may be sent twice, where no byte of an answer came
  net::Loop& loop;
  CallerShares shares;
  std::size_t held_bytes = 0;  // of all answers that are read ahead
  std::size_t next = 0;
  std::vector<std::unique_ptr<client::ExchangeBuffers>> idle;  // of exchanges that have ended
};

// The order in which addresses of these weights have their turns, as evenly as may be (smooth weighted
// round-robin). Precondition: each is from 1 to 100.
std::vector<std::uint16_t> turns_by_weight(std::span<const std::uint32_t> weights);

// The head of a request, written anew for each address that it is tried at.
class UpstreamHeadWriter {
 public:
  virtual ~UpstreamHeadWriter() = default;
  // Whether the request may still go out, now that it has waited for a connection.
  virtual Verdict<void> still_allowed() const = 0;
  virtual void write(std::string& out, const UpstreamAddress& address) const = 0;
};

// On whose behalf an upstream is asked.
struct Asker {
  const FinishedIdentity& identity;
  IpAddress address;
  // the host of this server that its request names: no link of an answer may name it
  std::string_view authority = {};
};

// Which answers are read to their end before they are looked at, up to 64 KiB: all of that must come in time.
enum class Collect : std::uint8_t { errors, everything };

// One request and its answer, whose head comes by `deadline` and within the client's own timeout. Refuses
// where no proper answer came. `asker`, `writer`, `body` and `upload` live as long as the task. With
// `upload`, which is then all of the body, the head has the same time again once the body has ended, and
// nothing is tried twice.
net::Task<Verdict<void>> ask(std::shared_ptr<UpstreamClient> client, const Asker& asker, http::Method method,
                             const UpstreamHeadWriter& writer, std::string_view body, MonotonicTime deadline,
                             const AnswerRules& rules, Response& response, CallReport& report,
                             Collect collect = Collect::errors, RequestStream* upload = nullptr);

// The value of Gatehouse-Assertion for this principal and call.
using MakeAssertion = std::function<Result<std::string>(const Principal& principal, const Call& call)>;

// The value of Gatehouse-Assertion: nothing if the operation does not assert (`make` is empty). If it cannot
// be made, the request is not sent: internal_error.
Verdict<std::string> assertion_for(const MakeAssertion& make, const Principal& principal, const Call& call,
                                   CallReport& report);

class UpstreamTarget final : public Target {
 public:
  // `assertion`: empty where the operation does not assert.
  UpstreamTarget(std::shared_ptr<UpstreamClient> client, MakeAssertion assertion)
      : client_(std::move(client)), assertion_(std::move(assertion)) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Call& call, Response& response,
                                CallReport& report) override;

 private:
  std::shared_ptr<UpstreamClient> client_;
  MakeAssertion assertion_;
};

}  // namespace gatehouse::target
