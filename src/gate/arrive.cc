#include "gate/arrive.h"

#include <algorithm>

#include "base/strings.h"
#include "http/forwarded.h"
#include "http/query.h"
#include "http/uri.h"

namespace gatehouse::gate {
namespace {

// A shorter value of a cookie that no authenticator reads is no secret, and would black out ordinary text.
constexpr std::size_t kShortestCookie = 8;

// Byte runs that no record may contain, whether a gate looks at them or not: as they are written, and
// decoded.
class CredentialCollector {
 public:
  explicit CredentialCollector(Exchange& exchange) : exchange_(exchange), head_(exchange.head) {}

  void collect() {
    add(exchange_.peer->certificate);
    add_authorization(http::FieldId::authorization);
    add_authorization(http::FieldId::proxy_authorization);
    if (const auto cookies = head_.fields.value(http::FieldId::cookie)) add_cookies(*cookies);
    const auto& authenticators = exchange_.policy->authenticators;
    for (auto one = authenticators.begin(); one != authenticators.end(); ++one) {
      // Once for each place, however many look there.
      const bool again =
          std::any_of(authenticators.begin(), one, [&](const policy::AuthenticatorPolicy& before) {
            return before.carrier == one->carrier && before.field == one->field;
          });
      if (again) continue;
      if (one->carrier == policy::Carrier::header) add_header(one->field);
      if (one->carrier == policy::Carrier::query) add_pairs(one->field);
    }
  }

 private:
  void add(std::string_view value) {
    if (!value.empty()) exchange_.credentials.push_back(value);
  }

  void add_encoded(std::string_view value) {
    add(value);
    if (value.contains('%') && http::percent_decoded(value, scratch())) {
      // Room for all that a head can hold, so that what is decoded next moves nothing.
      std::string& kept = exchange_.credential_text;
      kept.reserve(std::size_t{64} << 10U);
      const std::size_t begin = kept.size();
      if (begin + scratch().size() > kept.capacity()) return;
      kept += scratch();
      add(std::string_view(kept).substr(begin));
    }
  }

  // What stands behind the scheme's name.
  void add_authorization(http::FieldId id) {
    const auto value = head_.fields.value(id);
    if (!value) return;
    const auto space = value->find(' ');
    add(space == std::string_view::npos ? *value : trimmed(value->substr(space)));
  }

  // Read generously: also a field that is malformed carries secrets.
  void add_cookies(std::string_view rest) {
    add(rest);
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const std::string_view cookie = trimmed(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      const auto equals = cookie.find('=');
      if (equals == std::string_view::npos) continue;
      std::string_view value = cookie.substr(equals + 1);
      if (value.size() >= 2 && value.starts_with('"') && value.ends_with('"'))
        value = value.substr(1, value.size() - 2);
      if (value.size() >= kShortestCookie || is_cookie_carrier(cookie.substr(0, equals))) add_encoded(value);
    }
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
      if (same) add_encoded(pair.value);
    }
  }

  static std::string& scratch() {
    thread_local std::string kept;
    return kept;
  }

  Exchange& exchange_;
  const http::RequestHead& head_;
};

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
  CredentialCollector(exchange).collect();

  const Peer& peer = *exchange.peer;
  const auto client =
      http::client_address(peer.address, exchange.head.fields, exchange.policy->settings.trusted_proxies);
  exchange.client = client ? *client : peer.address;
  exchange.client_text = exchange.client == peer.address ? peer.text : exchange.client.text();
  if (!client) return std::unexpected(refusal_of(client.error()));
  return {};
}

}  // namespace gatehouse::gate
