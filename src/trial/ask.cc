#include "trial/ask.h"

#include <algorithm>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "audit/encoder.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "core/audit_sink.h"
#include "core/limits.h"
#include "core/scheme.h"
#include "gate/arrive.h"
#include "gate/identity_builder.h"
#include "gate/record.h"
#include "gate/respond.h"
#include "gate/route.h"
#include "gate/runner.h"
#include "http/request_parser.h"
#include "http/response_writer.h"
#include "net/loop.h"
#include "net/task_group.h"
#include "policy/policy_set.h"

namespace gatehouse::trial {
namespace {

constexpr std::string_view kHost = "gatehouse.invalid";  // RFC 6761 section 6.4: a name that never exists

// Every credential differs from all others, and is longer than the shortest possible one.
std::string credential_of(const policy::AuthenticatorPolicy& authenticator) {
  return fmt::format("assumed-credential-{}", authenticator.index);
}

// The word before it in Authorization.
std::string_view auth_scheme_of(const policy::AuthenticatorPolicy& authenticator) {
  using policy::AuthorizationForm;
  if (authenticator.forms.front() == AuthorizationForm::named)
    return authenticator.settings->auth_scheme->value;
  return authenticator.forms.front() == AuthorizationForm::basic ? "Basic" : "Bearer";
}

PrincipalKind kind_of(const policy::Authenticator& settings) {
  if (settings.takes_keys()) return PrincipalKind::key;
  return settings.jwt() != nullptr ? PrincipalKind::token : PrincipalKind::certificate;
}

// Accepts only its own credential, as the caller's; without a caller, none.
class AssumedScheme final : public Scheme {
 public:
  AssumedScheme(const policy::PolicySet& policy, const policy::AuthenticatorPolicy& authenticator,
                const std::optional<AssumedCaller>& caller)
      : builder_(policy, authenticator), authenticator_(authenticator), caller_(caller) {}

  Verdict<SchemeResult> identify(const Presented& presented, std::string& why) override {
    if (!caller_ || !owns(presented.credential)) {
      why = "a question's credential is not proven: name the principal that it stands for";
      return refuse(Reason::credential_unknown, authenticator_.name);
    }
    Identity identity = builder_.begin(kind_of(*authenticator_.settings));
    identity.id = caller_->id.empty() ? "somebody" : caller_->id;
    if (identity.kind == PrincipalKind::key) identity.id.insert(0, authenticator_.settings->prefix.value);
    if (const policy::JwtSettings* const jwt = authenticator_.settings->jwt())
      identity.issuer = jwt->issuer.value;
    identity.credential_key = presented.credential;
    identity.tenant = caller_->tenant;
    identity.roles = caller_->roles;
    identity.scopes = caller_->scopes;
    auto finished = builder_.finish(std::move(identity), why);
    if (!finished) return std::unexpected(finished.error());
    return SchemeResult(*std::move(finished));
  }
  bool owns(std::string_view credential) const override {
    return credential == credential_of(authenticator_);
  }

 private:
  gate::IdentityBuilder builder_;
  const policy::AuthenticatorPolicy& authenticator_;
  const std::optional<AssumedCaller>& caller_;
};

class ChargesNothing final : public LimitStore {
 public:
  bool take(std::span<const LimitClaim>, MonotonicTime, std::span<LimitState> states) override {
    for (LimitState& state : states) state = {.allowed = true};
    return true;
  }
};

class RecordsNothing final : public AuditSink {
 public:
  bool accepting() const override { return true; }
  void record(const Event&) override {}
  net::Task<Result<>> record_durably(const Event&, MonotonicTime) override { co_return Result<>(); }
  void keep_original(std::string_view, unsigned, std::string_view, std::string_view,
                     std::span<const std::string_view>) override {}
};

class NeverCalled final : public Target {
 public:
  net::Task<Verdict<void>> call(const Permit&, const Call&, Response&, CallReport&) override {
    throw std::logic_error("a question calls nothing behind the gates");
  }
};

class GivenBody final : public gate::BodyReader {
 public:
  explicit GivenBody(std::string_view bytes) : bytes_(bytes) {}
  net::Task<Verdict<std::string_view>> read(std::uint64_t most, CallerShares::Lease&) override {
    if (bytes_.size() > most) co_return refuse(Reason::body_too_large);
    co_return bytes_;
  }
  net::Task<Verdict<std::string_view>> next(std::uint64_t most, CallerShares::Lease&) override {
    if (bytes_.size() > most) co_return refuse(Reason::body_too_large);
    co_return std::exchange(left_, {});
  }
  std::uint64_t arrived_bytes() const override { return bytes_.size(); }

 private:
  std::string_view bytes_;
  std::string_view left_ = bytes_;
};

// The credentials of one alternative, each where its scheme says that it travels.
struct Carried {
  std::string in_target;  // query parameters
  std::string lines;      // header fields
  std::string certificate;
};

Carried carry(const policy::PolicySet& policy, const policy::SchemeAlternative& alternative) {
  Carried carried;
  std::string cookies;
  for (const policy::SchemeUse& use : alternative) {
    const policy::AuthenticatorPolicy& authenticator = policy.authenticators[use.authenticator];
    const std::string credential = credential_of(authenticator);
    switch (authenticator.carrier) {
      case policy::Carrier::bearer:
        http::append_field(carried.lines, "Authorization",
                           fmt::format("{} {}", auth_scheme_of(authenticator), credential));
        break;
      case policy::Carrier::header: http::append_field(carried.lines, authenticator.field, credential); break;
      case policy::Carrier::query:
        carried.in_target += fmt::format("&{}={}", authenticator.field, credential);
        break;
      case policy::Carrier::cookie:
        cookies += fmt::format("{}{}={}", cookies.empty() ? "" : "; ", authenticator.field, credential);
        break;
      case policy::Carrier::certificate: carried.certificate = credential; break;
    }
  }
  if (!cookies.empty()) http::append_field(carried.lines, "Cookie", cookies);
  return carried;
}

// The alternative that the assumed caller proves; null where the operation has none with its scheme.
const policy::SchemeAlternative* alternative_of(const policy::PolicySet& policy,
                                                const policy::Operation& operation,
                                                const AssumedCaller& caller) {
  const auto fits = [&](const policy::SchemeAlternative& one) {
    return !one.empty() && (caller.scheme.empty() || std::ranges::any_of(one, [&](const auto& use) {
                              return policy.authenticators[use.authenticator].name == caller.scheme;
                            }));
  };
  const auto found = std::ranges::find_if(operation.alternatives, fits);
  return found == operation.alternatives.end() ? nullptr : &*found;
}

std::unexpected<Error> not_a_request() {
  return failure(ErrorCode::invalid,
                 "this is not a request: write a method, and a path as in a request line");
}

// That a target in absolute form names, as Host must have it.
std::string_view host_of(std::string_view target) {
  const auto mark = target.find("://");
  if (mark == std::string_view::npos || target.starts_with('/')) return kHost;
  target.remove_prefix(mark + 3);
  return target.substr(0, target.find_first_of("/?#"));
}

// A line break would add a line to the request.
bool holds_controls(const Question& question) {
  const auto holds = [](std::string_view text) {
    return std::ranges::any_of(text,
                               [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
  };
  return holds(question.method) || holds(question.target) || holds(question.type) ||
         std::ranges::any_of(question.fields,
                             [&](const auto& field) { return holds(field.first) || holds(field.second); });
}

class Trial {
 public:
  Trial(const std::shared_ptr<const policy::PolicySet>& policy, const Question& question,
        http::ServedNames served, const Clock& clock, Entropy& entropy)
      : policy_(policy),
        question_(question),
        clock_(clock),
        entropy_(entropy),
        runner_(parts(), limits_, audit_, clock),
        served_(std::move(served)) {
    (void)served_.add(kHost);
    peer_.address = question.client;
    peer_.text = question.client.text();
  }

  Result<Reply> ask() {
    // The operation, which the host selects too, decides which credential the request carries.
    GATEHOUSE_CHECK(read({}));
    Carried carried;
    if (question_.caller && gate::arrive(exchange_, served_, clock_, entropy_)) {
      auto matched = gate::Router::route(exchange_);
      if (matched) {
        const auto* const alternative = alternative_of(*policy_, matched->operation(), *question_.caller);
        if (alternative != nullptr) carried = carry(*policy_, *alternative);
      }
    }
    GATEHOUSE_CHECK(read(carried));
    peer_.certificate = carried.certificate;
    peer_.handshake = Handshake{clock_.wall()};

    Reply reply;
    if (const auto arrived = gate::arrive(exchange_, served_, clock_, entropy_); !arrived) {
      reply.refusal = arrived.error();
    } else {
      GivenBody body(question_.body);
      std::optional<Verdict<Input>> admitted;
      std::exception_ptr bug;
      net::TaskGroup tasks(loop_);
      tasks.spawn(keep(runner_.admit(exchange_, body), admitted),
                  [&](const std::exception_ptr& thrown) { bug = thrown; });
      while (tasks.running() > 0) loop_.poll();  // nothing waits: it has ended already
      if (bug) std::rethrow_exception(bug);
      if (!*admitted) reply.refusal = admitted->error();
    }
    const unsigned status = reply.refusal ? gate::respond(exchange_, *reply.refusal).status() : 0;
    audit::append_event(reply.event, builder_.build(exchange_, {reply.refusal, status}, clock_.monotonic()));
    return reply;
  }

 private:
  static net::Task<void> keep(net::Task<Verdict<Input>> task, std::optional<Verdict<Input>>& into) {
    auto admitted = co_await std::move(task);
    into.emplace(std::move(admitted));
  }

  gate::Parts parts() {
    gate::Parts parts;
    parts.policy = policy_;
    for (const policy::AuthenticatorPolicy& authenticator : policy_->authenticators)
      parts.schemes.push_back(std::make_unique<AssumedScheme>(*policy_, authenticator, question_.caller));
    parts.operations.resize(policy_->operations.size());
    for (gate::OperationParts& operation : parts.operations)
      operation.target = std::make_unique<NeverCalled>();
    return parts;
  }

  // The question as a request that carries these credentials.
  Result<> read(const Carried& carried) {
    std::string target = question_.target;
    if (!carried.in_target.empty()) {
      target += target.contains('?') ? '&' : '?';
      target += std::string_view(carried.in_target).substr(1);
    }
    std::string lines = carried.lines;
    if (std::ranges::none_of(question_.fields,
                             [](const auto& field) { return equal_ignoring_case(field.first, "host"); }))
      http::append_field(lines, "Host", host_of(question_.target));
    if (!question_.type.empty()) http::append_field(lines, "Content-Type", question_.type);
    if (!question_.body.empty())
      http::append_field(lines, "Content-Length", std::to_string(question_.body.size()));
    for (const auto& [name, value] : question_.fields) http::append_field(lines, name, value);
    text_ = fmt::format("{} {} HTTP/1.1\r\n{}\r\n", question_.method, target, lines);
    exchange_.begin(policy_, peer_);
    http::RequestParser parser(
        {.head = policy_->settings.listen.head.bytes, .encoded_slash = policy_->encoded_slash});
    if (parser.parse(text_, exchange_.head) == http::Progress::complete && parser.consumed() == text_.size())
      return {};
    return not_a_request();
  }

  const std::shared_ptr<const policy::PolicySet> policy_;
  const Question& question_;
  const Clock& clock_;
  Entropy& entropy_;
  net::Loop loop_{clock_};
  ChargesNothing limits_;
  RecordsNothing audit_;
  gate::Runner runner_;
  gate::EventBuilder builder_;
  http::ServedNames served_;
  gate::Peer peer_;
  std::string text_;
  gate::Exchange exchange_;
};

}  // namespace

Result<Reply> ask(const std::shared_ptr<const policy::PolicySet>& policy, const Question& question,
                  http::ServedNames served, const Clock& clock, Entropy& entropy) {
  if (holds_controls(question)) return not_a_request();
  if (question.caller) {
    const AssumedCaller& caller = *question.caller;
    if (!caller.scheme.empty() &&
        std::ranges::find(policy->authenticators, caller.scheme, &policy::AuthenticatorPolicy::name) ==
            policy->authenticators.end()) {
      return failure(ErrorCode::not_found,
                     fmt::format("there is no authenticator `{}`", printable(caller.scheme)));
    }
    for (const std::string& role : caller.roles) {
      if (!policy->has_role(role))
        return failure(ErrorCode::not_found, fmt::format("there is no role `{}`", printable(role)));
    }
  }
  return Trial(policy, question, std::move(served), clock, entropy).ask();
}

}  // namespace gatehouse::trial
