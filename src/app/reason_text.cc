#include "app/reason_text.h"

namespace gatehouse::app {

// Without a default: a new reason does not compile until its meaning stands here.
std::string_view meaning_of(Reason reason) {
  switch (reason) {
    case Reason::internal_error:
      return "a bug in Gatehouse was caught here; please report it with the detail";
    case Reason::malformed_http: return "the request is not valid HTTP, or servers read it in different ways";
    case Reason::target_too_long: return "the path and query of the request are longer than 8 KiB";
    case Reason::head_too_large: return "the header is larger than listen.head";
    case Reason::request_late: return "the header did not arrive within deadlines.head";
    case Reason::host_not_served:
      return "the request names a host that is not in listen.names (default: the names of the certificate), "
             "or its request line and its Host differ";
    case Reason::early_data:
      return "a trusted proxy says that the request came in TLS early data, which an attacker can send "
             "again, and its method may change something";
    case Reason::upgrade_unsupported:
      return "the request asks for another protocol on its connection, such as a WebSocket, which Gatehouse "
             "does not support; as a plain request it would have another meaning";
    case Reason::address_blocked:
      return "the address is in blocked.addresses, or blocked with `gatehouse block`, or not in "
             "allowed.addresses";
    case Reason::handshake_failed: return "the TLS handshake did not succeed";
    case Reason::proxy_header:
      return "the connection does not begin with a PROXY header from one of trusted_proxies";
    case Reason::too_many_connections:
      return "more connections than listen.connections or listen.connections_per_address";
    case Reason::plaintext: return "the request came without TLS, which listen.http does not answer";
    case Reason::credential_in_plaintext:
      return "a credential was sent without TLS; it may have been read on the network, so revoke it";
    case Reason::draining: return "the server is draining and accepts no new requests";
    case Reason::no_such_operation: return "no document has an operation at this path";
    case Reason::path_ambiguous:
      return "an upstream could read this path as the path of another operation, which has another policy; "
             "state with `routing` how the upstreams read paths";
    case Reason::method_not_allowed: return "the path has operations, but none for this method";
    case Reason::maintenance:
      return "the operation is in maintenance.operations, or in maintenance with `gatehouse maintenance`";
    case Reason::rate_limited: return "more requests than the limit allows";
    case Reason::too_many_at_once:
      return "as many requests as the operation's concurrency allows are under way";
    case Reason::concurrency_share:
      return "the caller has as many requests of the operation under way as its concurrency leaves for all "
             "others";
    case Reason::credential_missing:
      return "the operation requires a credential, and the request has none that it accepts";
    case Reason::credential_repeated:
      return "a credential was sent twice, and it is ambiguous which one counts";
    case Reason::credential_malformed: return "the credential does not have the form of this scheme";
    case Reason::credential_unknown: return "the credential is unknown";
    case Reason::credential_expired: return "the credential has expired";
    case Reason::credential_not_yet_valid: return "the credential is not valid yet; check the clocks";
    case Reason::credential_revoked: return "the credential was revoked";
    case Reason::credential_address: return "the key may not be used from this address";
    case Reason::credential_signature:
      return "the token's signature cannot be verified with a key of its issuer";
    case Reason::credential_claims:
      return "the token's claims do not match the authenticator: issuer, audience, type or form";
    case Reason::keys_unavailable:
      return "the issuer's keys could not be fetched, so no token can be verified";
    case Reason::principal_blocked:
      return "the principal is in blocked.principals, or blocked with `gatehouse block`";
    case Reason::permission_missing: return "none of the principal's roles has the permission";
    case Reason::scope_missing: return "the credential lacks a scope that the operation's security requires";
    case Reason::condition_false: return "the condition is false for this request";
    case Reason::condition_error: return "the condition failed with an error, which refuses";
    case Reason::object_missing: return "there is no such object";
    case Reason::parameters_invalid: return "a parameter does not match its declaration in the document";
    case Reason::body_missing: return "the operation requires a body";
    case Reason::body_unexpected: return "the operation accepts no body";
    case Reason::body_malformed: return "the body is not valid for its content type";
    case Reason::body_invalid: return "the body does not match its schema";
    case Reason::body_too_large: return "the body is larger than the operation's `body` allows";
    case Reason::body_late: return "the body did not arrive within deadlines.body";
    case Reason::bodies_overloaded:
      return "the bodies of all requests, and answers that their clients have not read yet, use all memory "
             "of memory.bodies, or too many requests wait for a long check";
    case Reason::body_share:
      return "the caller's bodies use as much of memory.bodies as is left for all other callers, or too many "
             "of its requests wait for a long check";
    case Reason::media_type_unsupported: return "the operation does not accept this content type";
    case Reason::content_coding_unsupported:
      return "the body is compressed or coded otherwise, and Gatehouse checks the bytes that the service "
             "reads";
    case Reason::upstream_unreachable:
      return "no connection to the upstream; check that it runs at the URL in upstreams";
    case Reason::upstream_open_circuit:
      return "the upstream accepted no connection several times in a row and is not called for a while";
    case Reason::upstream_overloaded:
      return "the upstream says that it is overloaded, or has no connection free";
    case Reason::upstream_share:
      return "the caller uses as many of the upstream's connections as are left for all other callers";
    case Reason::upstream_late: return "the upstream did not answer in time";
    case Reason::upstream_malformed: return "the upstream's answer is not valid HTTP";
    case Reason::upstream_error:
      return "the upstream answered with an error of its own, which is withheld from the client";
    case Reason::upstream_refusal:
      return "the upstream refused, with a body that the operation does not declare, so only the status was "
             "sent";
    case Reason::statement_refused: return "the database cannot accept a value of the request";
    case Reason::row_missing: return "the statement found no row";
    case Reason::database_failed:
      return "the statement failed; check that the tables are unchanged since it was checked";
    case Reason::database_changed:
      return "the tables have changed since the statement was checked; reload to check it against the new "
             "tables";
    case Reason::database_overloaded: return "the database was busy for too long";
    case Reason::answers_overloaded:
      return "no memory is left for the answer: bodies, and answers that their clients have not read yet, "
             "use all of memory.bodies";
    case Reason::handler_refused: return "the handler refused, and named the problem";
    case Reason::handler_failed: return "the handler threw an exception or returned an invalid answer";
    case Reason::handler_overloaded: return "too many requests wait for the handlers' threads";
    case Reason::deadline_passed: return "there was no answer within the operation's timeout";
    case Reason::record_unavailable:
      return "the event could not be recorded, and an operation without a record is not done";
    case Reason::client_gone:
      return "the client disconnected before it had the whole answer; the outcome says whether the operation "
             "was done";
    case Reason::client_slow:
      return "the client read the answer more slowly than deadlines.answer allows; the outcome says whether "
             "the operation was done";
  }
  return {};
}

std::optional<Reason> reason_named(std::string_view name) {
  const auto all = every_reason();
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == name) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

}  // namespace gatehouse::app
