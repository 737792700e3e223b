// Every way a request can end other than by its answer: a closed list, which alone decides a client's text.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/text.h"

namespace gatehouse {

// The gate that decided, as events name it. In the order of a request's life.
enum class Stage : std::uint8_t {
  transport,
  http,
  route,
  limit,
  authenticate,
  authorise,
  validate,
  call,
  respond,
};

// The public side: the members `error` and `message` of a refusal, and its status.
enum class RefusalAnswer : std::uint8_t {
  internal_error,  // the default on purpose: an answer by default must be the least specific
  invalid_request,
  authentication_required,
  forbidden,
  address_refused,
  not_found,
  method_not_allowed,
  body_too_large,
  target_too_long,
  head_too_large,
  misdirected_request,
  too_early,
  unsupported_media_type,
  unsupported_coding,
  rate_limited,
  bad_gateway,
  unavailable,
  gateway_timeout,
  conflict,
  precondition_failed,
  refused_behind,  // any other status of an upstream's refusal
};

struct AnswerText {
  unsigned status;
  PublicText error;
  PublicText message;
};
const AnswerText& text_of(RefusalAnswer answer);

// name, stage, default answer. Events use the name; it never changes its meaning.
#define GATEHOUSE_REASONS(X)                                         \
  X(internal_error, respond, internal_error)                         \
  X(malformed_http, http, invalid_request)                           \
  X(target_too_long, http, target_too_long)                          \
  X(head_too_large, http, head_too_large)                            \
  X(request_late, http, invalid_request)                             \
  X(host_not_served, http, misdirected_request)                      \
  X(early_data, http, too_early)                                     \
  X(upgrade_unsupported, http, invalid_request)                      \
  X(address_blocked, http, address_refused)                          \
  X(handshake_failed, transport, invalid_request)                    \
  X(proxy_header, transport, invalid_request)                        \
  X(too_many_connections, transport, unavailable)                    \
  X(plaintext, transport, forbidden)                                 \
  X(credential_in_plaintext, transport, forbidden)                   \
  X(draining, transport, unavailable)                                \
  X(no_such_operation, route, not_found)                             \
  X(path_ambiguous, route, not_found)                                \
  X(method_not_allowed, route, method_not_allowed)                   \
  X(maintenance, route, unavailable)                                 \
  X(rate_limited, limit, rate_limited)                               \
  X(too_many_at_once, limit, unavailable)                            \
  X(concurrency_share, limit, rate_limited)                          \
  X(credential_missing, authenticate, authentication_required)       \
  X(credential_repeated, authenticate, authentication_required)      \
  X(credential_malformed, authenticate, authentication_required)     \
  X(credential_unknown, authenticate, authentication_required)       \
  X(credential_expired, authenticate, authentication_required)       \
  X(credential_not_yet_valid, authenticate, authentication_required) \
  X(credential_revoked, authenticate, authentication_required)       \
  X(credential_address, authenticate, authentication_required)       \
  X(credential_signature, authenticate, authentication_required)     \
  X(credential_claims, authenticate, authentication_required)        \
  X(keys_unavailable, authenticate, unavailable)                     \
  X(principal_blocked, authorise, forbidden)                         \
  X(permission_missing, authorise, forbidden)                        \
  X(scope_missing, authorise, forbidden)                             \
  X(condition_false, authorise, forbidden)                           \
  X(condition_error, authorise, forbidden)                           \
  X(object_missing, authorise, not_found)                            \
  X(parameters_invalid, validate, invalid_request)                   \
  X(body_missing, validate, invalid_request)                         \
  X(body_unexpected, validate, invalid_request)                      \
  X(body_malformed, validate, invalid_request)                       \
  X(body_invalid, validate, invalid_request)                         \
  X(body_too_large, validate, body_too_large)                        \
  X(body_late, validate, invalid_request)                            \
  X(bodies_overloaded, validate, unavailable)                        \
  X(body_share, validate, rate_limited)                              \
  X(media_type_unsupported, validate, unsupported_media_type)        \
  X(content_coding_unsupported, validate, unsupported_coding)        \
  X(upstream_unreachable, call, bad_gateway)                         \
  X(upstream_open_circuit, call, unavailable)                        \
  X(upstream_overloaded, call, unavailable)                          \
  X(upstream_share, call, rate_limited)                              \
  X(upstream_late, call, gateway_timeout)                            \
  X(upstream_malformed, call, bad_gateway)                           \
  X(upstream_error, call, bad_gateway)                               \
  X(upstream_refusal, call, invalid_request)                         \
  X(statement_refused, call, invalid_request)                        \
  X(row_missing, call, not_found)                                    \
  X(database_failed, call, internal_error)                           \
  X(database_changed, call, unavailable)                             \
  X(database_overloaded, call, unavailable)                          \
  X(answers_overloaded, call, unavailable)                           \
  X(handler_refused, call, invalid_request)                          \
  X(handler_failed, call, internal_error)                            \
  X(handler_overloaded, call, unavailable)                           \
  X(deadline_passed, call, gateway_timeout)                          \
  X(record_unavailable, respond, unavailable)                        \
  X(client_gone, respond, internal_error)                            \
  X(client_slow, respond, internal_error)

enum class Reason : std::uint8_t {
#define GATEHOUSE_REASON(name, stage, answer) name,
  GATEHOUSE_REASONS(GATEHOUSE_REASON)
#undef GATEHOUSE_REASON
};

struct ReasonFacts {
  std::string_view name;
  Stage stage;
  RefusalAnswer answer;
};
const ReasonFacts& facts_of(Reason reason);
std::span<const ReasonFacts> every_reason();
std::string_view name(Stage stage);

}  // namespace gatehouse
