#include "app/reason_text.h"

namespace gatehouse::app {

// Without a default: a new reason does not compile until its meaning stands here.
std::string_view meaning_of(Reason reason) {
  switch (reason) {
    case Reason::internal_error:
      return "a bug in Gatehouse was caught here; please report it with what the detail says";
    case Reason::malformed_http: return "this is not HTTP that two servers would read the same way";
    case Reason::target_too_long: return "the request's path and query are longer than any operation needs";
    case Reason::head_too_large: return "the header is larger than listen.head";
    case Reason::request_late: return "the header did not arrive within deadlines.head";
    case Reason::host_not_served:
      return "the request names a host that is neither in listen.names nor, where that is not said, in the "
             "certificate; or another in its request line than in Host";
    case Reason::early_data:
      return "a trusted proxy says that the request came in TLS early data, which others can send again, and "
             "its "
             "method may change something";
    case Reason::handshake_failed: return "the TLS handshake did not succeed";
    case Reason::proxy_header:
      return "the connection does not begin with a PROXY header from one of trusted_proxies";
    case Reason::too_many_connections:
      return "more connections than listen.connections or listen.connections_per_address";
    case Reason::plaintext: return "the request came without TLS, which listen.http does not answer";
    case Reason::credential_in_plaintext:
      return "a credential came without TLS: whoever could read the network has it now, so revoke it";
    case Reason::draining: return "the server is about to end and takes nothing new";
    case Reason::no_such_operation: return "no document has an operation at this path";
    case Reason::path_ambiguous:
      return "an upstream could take this path for that of another operation, whose policy is another; say "
             "how the "
             "upstreams read paths with `routing`";
    case Reason::method_not_allowed: return "the path has operations, but none for this method";
    case Reason::rate_limited: return "more requests than the limit allows";
    case Reason::too_many_at_once:
      return "as many requests as the operation's concurrency allows are under way";
    case Reason::concurrency_share:
      return "the caller has as many requests of the operation under way as its concurrency leaves for all "
             "others";
    case Reason::credential_missing:
      return "the operation needs a credential, and none that it takes was sent";
    case Reason::credential_repeated:
      return "a credential was sent twice, and which one counts would be a guess";
    case Reason::credential_malformed:
      return "what was sent does not have the form of this scheme's credentials";
    case Reason::credential_unknown: return "nobody has this credential";
    case Reason::credential_expired: return "the credential has expired";
    case Reason::credential_not_yet_valid:
      return "the credential is not valid yet; is one of the clocks wrong?";
    case Reason::credential_revoked: return "the credential was revoked";
    case Reason::credential_address: return "the key may not be used from this address";
    case Reason::credential_signature:
      return "the token's signature does not hold under any key of its issuer";
    case Reason::credential_claims:
      return "the token's claims are not what the authenticator asks for: issuer, audience, type or form";
    case Reason::keys_unavailable:
      return "the issuer's keys could not be fetched, so no token can be verified";
    case Reason::permission_missing: return "none of the principal's roles has the permission";
    case Reason::scope_missing: return "the credential lacks a scope that the operation's security asks for";
    case Reason::condition_false: return "the condition does not hold for this request";
    case Reason::condition_error: return "the condition could not be worked out, which refuses";
    case Reason::object_missing: return "there is no such object";
    case Reason::parameters_invalid: return "a parameter is not what the document declares";
    case Reason::body_missing: return "the operation needs a body";
    case Reason::body_unexpected: return "the operation takes no body";
    case Reason::body_malformed: return "the body is not what its content type says";
    case Reason::body_invalid: return "the body does not match its schema";
    case Reason::body_too_large: return "the body is larger than the operation's `body` allows";
    case Reason::body_late: return "the body did not arrive within deadlines.body";
    case Reason::bodies_overloaded:
      return "the bodies of all requests, and answers that their clients have not taken yet, take as much "
             "memory "
             "as memory.bodies allows, or too many wait for a long check";
    case Reason::body_share:
      return "the caller's bodies take as much of memory.bodies as is left for all others, or wait for long "
             "checks as often as one caller may";
    case Reason::media_type_unsupported: return "the operation takes no such content type";
    case Reason::upstream_unreachable:
      return "no connection to the upstream; is it running where upstreams says?";
    case Reason::upstream_open_circuit:
      return "the upstream accepted no connection several times in a row and is left alone for a while";
    case Reason::upstream_overloaded:
      return "the upstream says that it is overloaded, or has no connection free";
    case Reason::upstream_share:
      return "the caller has as many of the upstream's connections in use as are left for all others";
    case Reason::upstream_late: return "the upstream did not answer in time";
    case Reason::upstream_malformed: return "what the upstream sent is not HTTP";
    case Reason::upstream_error:
      return "the upstream answered with an error of its own, which is withheld from the client";
    case Reason::upstream_refusal:
      return "the upstream refused, with a body that the operation does not declare, so that only the status "
             "left";
    case Reason::statement_refused: return "the database could not take a value of the request";
    case Reason::row_missing: return "the statement found no row";
    case Reason::database_failed:
      return "the statement failed; are the tables still what they were when it was checked?";
    case Reason::database_changed:
      return "the tables are not what they were when the statement was checked; reload, so that it is "
             "checked "
             "against them";
    case Reason::database_overloaded: return "the database was busy for too long";
    case Reason::answers_overloaded:
      return "no memory is left for the answer: bodies, and answers that their clients have not taken yet, "
             "take as "
             "much as memory.bodies allows";
    case Reason::handler_refused: return "the handler did not do it, and said which problem there is";
    case Reason::handler_failed: return "the handler threw, or its answer is none";
    case Reason::handler_overloaded: return "more requests wait for the handlers' threads than may";
    case Reason::deadline_passed: return "there was no answer within the operation's timeout";
    case Reason::record_unavailable:
      return "the event could not be recorded, and what cannot be recorded is not done";
    case Reason::client_gone:
      return "the client went away before it had the whole answer; the outcome says whether the operation "
             "was done";
    case Reason::client_slow:
      return "the client took the answer more slowly than deadlines.answer allows; the outcome says whether "
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
