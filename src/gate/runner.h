// The order of the gates.
#pragma once

#include <memory>
#include <optional>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "core/audit_sink.h"
#include "core/caller_shares.h"
#include "core/limits.h"
#include "core/target.h"
#include "gate/activation.h"
#include "gate/exchange.h"
#include "gate/identify.h"
#include "gate/limit.h"
#include "gate/response_filter.h"
#include "gate/validate.h"
#include "net/loop.h"

namespace gatehouse::gate {

// The target of one operation. Never null: the constructor refuses a null.
using AnsweringTarget = std::variant<std::unique_ptr<Target>, std::unique_ptr<TransactionalTarget>>;

struct OperationParts {
  AnsweringTarget target;
  std::unique_ptr<ResourceLookup> lookup;            // null where no object is looked for before the call
  std::shared_ptr<CallerShares> concurrency;         // shared by workers; null: not bounded
  net::OnHangUp on_hang_up = net::OnHangUp::cancel;  // from where the target is called
};

// Everything that one worker needs to answer under one policy. Made on reload, destroyed after its last
// exchange has ended.
struct Parts {
  std::shared_ptr<const policy::PolicySet> policy;
  Schemes schemes;                         // by authenticator
  std::vector<OperationParts> operations;  // by operation: as many as the policy has
  LongChecks long_checks;
  net::Loop* loop = nullptr;  // the worker's; null where nothing may wait for a time
};

// The answer, and how it came to that: no refusal means that a target answered.
struct Answered {
  Released released;
  std::optional<Refusal> refusal;
};

class Runner {
 public:
  // Throws std::logic_error where an operation of the policy has no parts, or a target that is null.
  Runner(Parts parts, LimitStore& limits, AuditSink& audit, const Clock& clock);

  // The whole way of a request: admit(), and then the call.
  net::Task<Answered> answer(Exchange& exchange, BodyReader& body);
  // All that is judged of a request before its object is looked for. Nothing behind the gates is asked.
  net::Task<Verdict<Input>> admit(Exchange& exchange, BodyReader& body);

  // Whether the request of a running answer would be admitted now, under this runner's policy and these
  // instructions, as the same principal: the gates as far as the conditions, with the checked body and the
  // object as found. Limits are not charged, and nothing is recorded.
  struct Again {
    enum class Holds : std::uint8_t {
      with_principal,  // for as long as the policy and the credential hold
      now,             // a condition reads the time
      not_known_yet,   // an issuer's keys are being fetched
    } holds = Holds::not_known_yet;
    // The same caller, proven under this policy: its credentials end as this policy says. Empty: not known
    // yet.
    std::optional<Principal> principal;
  };
  Verdict<Again> ask_again(Exchange& answered, const std::shared_ptr<const Instructions>& instructions);

  const policy::PolicySet& policy() const { return *parts_.policy; }
  const std::shared_ptr<const policy::PolicySet>& shared_policy() const { return parts_.policy; }

 private:
  // The conditions, the target, and the filter of its answer.
  net::Task<Verdict<Released>> call(Input input);
  // For a body that is forwarded as it arrives: makes exchange.upload, unless the body is empty.
  net::Task<Verdict<void>> begin_upload(Exchange& exchange, BodyReader& body);
  // The intent of a sensitive operation is on the disk before its target is called.
  net::Task<Verdict<void>> record_intent(Exchange& exchange);
  // Whether other work can have been done since the request's credential was proven.
  bool has_waited(const Exchange& exchange) const;
  // The last moment before the call. A credential that ended while the request waited (for its body, a long
  // check, the object or the disk) does nothing any more, and neither does a request that a reload refuses.
  Verdict<void> still_admits(const Exchange& exchange) const;
  Call call_of(const Input& input) const;
  OperationParts& parts_of(const policy::Operation& operation) { return parts_.operations[operation.index]; }

  Parts parts_;
  AuditSink& audit_;
  const Clock& clock_;
  LimitGate limiter_;
  Identifier identifier_;
  Validator validator_;
  ResponseFilter response_filter_;
  Evaluator evaluator_;
};

}  // namespace gatehouse::gate
