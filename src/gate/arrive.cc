#include "gate/arrive.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "core/instructions.h"
#include "core/secret_forms.h"
#include "http/characters.h"
#include "http/forwarded.h"
#include "http/query.h"
#include "http/uri.h"

namespace gatehouse::gate {
namespace {

// A shorter text is not a secret: half of an API key's, and much less than a token. If it were withheld, a
// caller could remove ordinary words from the record.
constexpr std::size_t kShortestSecret = 16;
// Of a cookie in an upstream's answer, where no fact about the request stands.
constexpr std::size_t kShortestCookie = 8;

// How names of X-Amz-* end whose values are secrets.
constexpr std::array<std::string_view, 3> kAwsSecrets = {"-Signature", "-Token", "-Key"};

// Read generously: also a field that is malformed carries secrets. A value has no quotes around it.
template <typename Visit>
void for_each_cookie(std::string_view rest, Visit&& visit) {
  while (!rest.empty()) {
    const auto end = std::min(rest.find(';'), rest.size());
    const std::string_view cookie = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto equals = cookie.find('=');
    if (equals == std::string_view::npos) continue;
    std::string_view value = cookie.substr(equals + 1);
    if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
      value = value.substr(1, value.size() - 2);
    visit(trimmed(cookie.substr(0, equals)), value);
  }
}

// Byte runs that must not appear in texts of others in a record: the contents of the configured carriers of
// credentials, whether a gate reads them or not, and texts with the form of a credential, at any place. As
// written, and decoded.
class CredentialCollector {
 public:
  CredentialCollector(Exchange& exchange, std::vector<std::string_view>& into)
      : exchange_(exchange), head_(exchange.head), into_(into) {}

  void collect() {
    add(exchange_.peer->certificate);
    bool bearer = false;
    bool cookies = false;
    const auto& authenticators = exchange_.policy->authenticators;
    for (auto one = authenticators.begin(); one != authenticators.end(); ++one) {
      // Once for each place, however many look there.
      const bool again =
          std::any_of(authenticators.begin(), one, [&](const policy::AuthenticatorPolicy& before) {
            return before.carrier == one->carrier && before.field == one->field;
          });
      if (again) continue;
      switch (one->carrier) {
        case policy::Carrier::certificate: break;
        case policy::Carrier::bearer: bearer = true; break;
        case policy::Carrier::header: add_header(one->field); break;
        case policy::Carrier::query: add_pairs(one->field); break;
        case policy::Carrier::cookie: cookies = true; break;
      }
    }
    if (const auto value = head_.fields.value(http::FieldId::authorization);
        value && (bearer || holds_credential(*value))) {
      add(behind_scheme(*value));
    }
    if (const auto value = head_.fields.value(http::FieldId::proxy_authorization);
        value && holds_credential(*value)) {
      add(behind_scheme(*value));
    }
    add_signatures();
    const auto field = head_.fields.value(http::FieldId::cookie);
    if (!field || (!cookies && !holds_credential(*field))) return;
    for_each_cookie(*field, [this](std::string_view name, std::string_view value) {
      if (is_cookie_carrier(name) || holds_credential(value)) add_encoded(value, kShortestSecret);
    });
  }

  void collect_cookies() {
    for_each_cookie(
        head_.fields.value(http::FieldId::cookie).value_or(std::string_view()),
        [this](std::string_view, std::string_view value) { add_encoded(value, kShortestCookie); });
  }

 private:
  void add(std::string_view value, std::size_t shortest = kShortestSecret) {
    if (value.size() >= shortest) into_.push_back(value);
  }

  void add_encoded(std::string_view value, std::size_t shortest) {
    add(value, shortest);
    if (value.contains('%') && http::percent_decoded(value, scratch())) {
      // Room for the whole content of a head, so that decoding more moves nothing.
      std::string& kept = exchange_.credential_text;
      kept.reserve(std::size_t{64} << 10U);
      const std::size_t begin = kept.size();
      if (begin + scratch().size() > kept.capacity()) return;
      kept += scratch();
      add(std::string_view(kept).substr(begin), shortest);
    }
  }

  // The signatures of senders, whether the operation uses them or not: nothing is routed yet. An upstream
  // that rejects a signature often repeats it.
  void add_signatures() {
    const http::Fields& fields = head_.fields;
    if (const auto value = fields.value(http::FieldId::authorization); value && value->starts_with("AWS4-"))
      add_aws_signature(*value);
    const bool any = fields.has(http::FieldId::signature) || fields.has(http::FieldId::x_amz);
    for (std::size_t i = 0; any && i < fields.size(); ++i) {
      const http::Field field = fields[i];
      if (field.id == http::FieldId::signature) add_message_signatures(field.value);
      if (field.id == http::FieldId::x_amz && is_secret_of_aws(field.name)) add(field.value);
    }
    for (const http::QueryPair pair : http::QueryPairs(head_.query)) {
      const bool encoded = pair.name.contains('%') && http::percent_decoded(pair.name, scratch());
      if (is_secret_of_aws(encoded ? std::string_view(scratch()) : pair.name))
        add_encoded(pair.value, kShortestSecret);
    }
  }

  // `Credential=…, SignedHeaders=…, Signature=…`
  void add_aws_signature(std::string_view rest) {
    constexpr std::string_view kMember = "Signature=";
    for (auto at = rest.find(kMember); at != std::string_view::npos; at = rest.find(kMember)) {
      rest.remove_prefix(at + kMember.size());
      add(rest.substr(0, rest.find_first_of(", ")));
    }
  }

  // `sig1=:…:, sig2=:…:`. Read generously: of another value every piece counts.
  void add_message_signatures(std::string_view rest) {
    for (;;) {
      const auto end = std::min(rest.find(':'), rest.size());
      add(rest.substr(0, end));
      if (end == rest.size()) return;
      rest.remove_prefix(end + 1);
    }
  }

  // `X-Amz-Signature`, `X-Amz-Security-Token`, `X-Amz-S3session-Token`, and customers' keys of S3.
  static bool is_secret_of_aws(std::string_view name) {
    constexpr std::string_view kPrefix = "X-Amz-";
    if (!equal_ignoring_case(name.substr(0, kPrefix.size()), kPrefix)) return false;
    return std::ranges::any_of(kAwsSecrets, [name](std::string_view end) {
      return name.size() > end.size() && equal_ignoring_case(name.substr(name.size() - end.size()), end);
    });
  }

  static std::string_view behind_scheme(std::string_view authorization) {
    const auto space = authorization.find(' ');
    return space == std::string_view::npos ? authorization : trimmed(authorization.substr(space));
  }
  bool is_cookie_carrier(std::string_view name) const {
    return std::ranges::any_of(
        exchange_.policy->authenticators, [&](const policy::AuthenticatorPolicy& authenticator) {
          return authenticator.carrier == policy::Carrier::cookie && authenticator.field == name;
        });
  }

  void add_header(std::string_view name) {
    const http::Fields::Found found = head_.fields.find(name);
    if (found.count == 1) add(found.value);
    for (std::size_t i = 0; found.count > 1 && i < head_.fields.size(); ++i) {
      if (equal_ignoring_case(head_.fields[i].name, name)) add(head_.fields[i].value);
    }
  }

  void add_pairs(std::string_view name) {
    for (const http::QueryPair pair : http::QueryPairs(head_.query)) {
      const bool same =
          pair.name == name ||
          (pair.name.contains('%') && http::percent_decoded(pair.name, scratch()) && scratch() == name);
      if (same) add_encoded(pair.value, kShortestSecret);
    }
  }

  static std::string& scratch() {
    thread_local std::string kept;
    return kept;
  }

  Exchange& exchange_;
  const http::RequestHead& head_;
  std::vector<std::string_view>& into_;
};

Via via_of(const Exchange& exchange) {
  const Peer& peer = *exchange.peer;
  const bool trusted = peer.forwarding == Forwarding::believed_of_trusted_proxies &&
                       http::is_trusted(peer.address, exchange.policy->settings.trusted_proxies);
  return trusted ? Via::trusted_proxy : Via::client;
}

// A caller that chose the id of its trace could hide its requests among another's, and its sampled flag costs
// money. If the configuration does not trust the sender, only the record gets the caller's trace.
void begin_trace(Exchange& exchange, Entropy& entropy) {
  using policy::TraceContinuation;
  const auto parent = exchange.head.fields.value(http::FieldId::traceparent);
  const auto sent = parent ? http::parse_traceparent(*parent) : std::nullopt;
  const TraceContinuation from = exchange.policy->settings.tracing;
  const bool believed = from == TraceContinuation::all ||
                        (from == TraceContinuation::trusted_proxies && exchange.via == Via::trusted_proxy);
  if (sent && believed) {
    exchange.trace_origin = TraceOrigin::of_caller;
    exchange.trace = sent->child(entropy);
  } else {
    exchange.trace = http::TraceContext::fresh(entropy);
    exchange.caller_trace = sent;
  }
}

// Ids of systems in front, such as a partner's: letters, digits and the signs of UUIDs, of AWS and of base64.
void take_sent_id(Exchange& exchange) {
  constexpr std::size_t kLongest = 128;
  const auto sent = exchange.head.fields.value(http::FieldId::x_request_id);
  const auto fine = [](char c) {
    return http::is(c, http::kUnreserved) || std::string_view("+/=:;@#").contains(c);
  };
  if (sent && !sent->empty() && sent->size() <= kLongest && std::ranges::all_of(*sent, fine))
    exchange.sent_id = *sent;
}

Verdict<void> take_client(Exchange& exchange) {
  const Peer& peer = *exchange.peer;
  exchange.client = peer.address;
  exchange.client_text = peer.text;
  if (exchange.via == Via::client) return {};
  const auto client =
      http::client_address(peer.address, exchange.head.fields, exchange.policy->settings.trusted_proxies);
  if (!client) return std::unexpected(refusal_of(client.error()));
  if (*client != peer.address) {
    exchange.client = *client;
    exchange.client_text = client->text();
  }
  return {};
}

Verdict<void> take_authority(Exchange& exchange, const http::ServedNames& served) {
  http::HostPort asked = exchange.head.host;
  if (exchange.head.scheme == http::TargetScheme::http) {
    exchange.detail = "the request line says http, but the listener is https";
    return refuse(Reason::host_not_served, "scheme");
  }
  if (exchange.via == Via::trusted_proxy) {
    const auto forwarded = http::forwarded_host(exchange.head.fields);
    if (!forwarded) return std::unexpected(refusal_of(forwarded.error()));
    if (*forwarded) asked = **forwarded;
  }
  if (asked.host.empty()) return {};  // there is no request yet
  if (served.append_authority(exchange.authority, asked)) return {};
  exchange.detail = "the request names ";
  exchange.detail.append(asked.host);
  return refuse(Reason::host_not_served, "listen.names");
}

// Methods that change nothing (RFC 9110 section 9.2.1).
bool is_safe(http::Method method) {
  using enum http::Method;
  return method == get || method == head || method == options || method == trace;
}

// Every line of the field counts as one, with any value (RFC 8470 section 5.1).
Verdict<void> take_early_data(Exchange& exchange) {
  if (exchange.via != Via::trusted_proxy || !exchange.head.fields.has(http::FieldId::early_data)) return {};
  if (!is_safe(exchange.head.method)) return refuse(Reason::early_data);
  exchange.early_data = EarlyData::possible;
  return {};
}

}  // namespace

Refusal refusal_of(http::Malformed reason) {
  switch (http::status(reason)) {
    case 414: return Refusal(Reason::target_too_long, http::name(reason));
    case 421: return Refusal(Reason::host_not_served, http::name(reason));
    case 431: return Refusal(Reason::head_too_large, http::name(reason));
    default: return Refusal(Reason::malformed_http, http::name(reason));
  }
}

Verdict<void> admits_address(const Exchange& exchange) {
  const policy::PolicySet& policy = *exchange.policy;
  if (!policy.allowed_addresses.empty() && !policy.allowed_addresses.contains(exchange.client))
    return refuse(Reason::address_blocked, "allowed.addresses");
  if (!policy.blocked_addresses.empty() && policy.blocked_addresses.contains(exchange.client))
    return refuse(Reason::address_blocked, "blocked.addresses");
  if (exchange.instructions && exchange.instructions->block(exchange.client))
    return refuse(Reason::address_blocked, "gatehouse block");
  return {};
}

Verdict<void> arrive(Exchange& exchange, const http::ServedNames& served, const Clock& clock,
                     Entropy& entropy) {
  exchange.started = clock.monotonic();
  exchange.received = clock.wall();
  exchange.id = Uuid::v7(exchange.received, entropy);
  exchange.via = via_of(exchange);
  begin_trace(exchange, entropy);
  take_sent_id(exchange);
  CredentialCollector(exchange, exchange.credentials).collect();
  exchange.carried = exchange.credentials.size();

  if (auto client = take_client(exchange); !client) return client;
  if (auto admitted = admits_address(exchange); !admitted) return admitted;
  if (auto authority = take_authority(exchange, served); !authority) return authority;
  // Without the field it would be another request: a plain GET where the client asked for a WebSocket.
  if (exchange.head.wants_upgrade) return refuse(Reason::upgrade_unsupported);
  return take_early_data(exchange);
}

std::vector<std::string_view> secrets_of(Exchange& exchange) {
  std::vector<std::string_view> secrets = exchange.credentials;
  CredentialCollector(exchange, secrets).collect_cookies();
  return secrets;
}

}  // namespace gatehouse::gate
