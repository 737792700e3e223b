#include "gate/arrive.h"

#include "http/cookies.h"
#include "http/forwarded.h"
#include "http/query.h"

namespace gatehouse::gate {
namespace {

// Byte runs that no record may contain, whether a gate looks at them or not.
void collect_credentials(Exchange& exchange) {
  const auto add = [&](std::string_view value) {
    if (!value.empty()) exchange.credentials.push_back(value);
  };
  if (const auto authorization = exchange.head.fields.value(http::FieldId::authorization)) {
    const auto space = authorization->find(' ');
    add(space == std::string_view::npos ? *authorization : authorization->substr(space + 1));
  }
  const auto cookies = exchange.head.fields.value(http::FieldId::cookie);
  if (cookies) add(*cookies);
  for (const policy::AuthenticatorPolicy& authenticator : exchange.policy->authenticators) {
    switch (authenticator.carrier) {
      case policy::Carrier::header: add(exchange.head.fields.find(authenticator.field).value); break;
      case policy::Carrier::query:
        for (const http::QueryPair pair : http::QueryPairs(exchange.head.query)) {
          if (pair.name == authenticator.field) add(pair.value);
        }
        break;
      case policy::Carrier::cookie:
        if (std::string_view value;
            cookies && http::find_cookie(*cookies, authenticator.field, value) == http::CookieLookup::found) {
          add(value);
        }
        break;
      case policy::Carrier::bearer:
      case policy::Carrier::certificate: break;
    }
  }
}

}  // namespace

Refusal refusal_of(http::Malformed reason) {
  switch (http::status(reason)) {
    case 414: return Refusal(Reason::target_too_long, http::name(reason));
    case 431: return Refusal(Reason::head_too_large, http::name(reason));
    default: return Refusal(Reason::malformed_http, http::name(reason));
  }
}

Verdict<void> arrive(Exchange& exchange, const Clock& clock, Entropy& entropy) {
  exchange.started = clock.monotonic();
  exchange.received = clock.wall();
  exchange.id = Uuid::v7(exchange.received, entropy);
  const auto parent = exchange.head.fields.value(http::FieldId::traceparent);
  const auto trace = parent ? http::parse_traceparent(*parent) : std::nullopt;
  exchange.trace = trace ? trace->child(entropy) : http::TraceContext::fresh(entropy);
  collect_credentials(exchange);

  const Peer& peer = *exchange.peer;
  const auto client =
      http::client_address(peer.address, exchange.head.fields, exchange.policy->settings.trusted_proxies);
  exchange.client = client ? *client : peer.address;
  exchange.client_text = exchange.client == peer.address ? peer.text : exchange.client.text();
  if (!client) return std::unexpected(refusal_of(client.error()));
  return {};
}

}  // namespace gatehouse::gate
