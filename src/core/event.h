// One event per request, and a few for events outside requests (docs/events.md). An Event borrows everything:
// it is encoded before the borrowed data is destroyed.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ip.h"
#include "core/reason.h"

namespace gatehouse {

enum class Outcome : std::uint8_t {
  refused,   // a gate said no
  failed,    // the gates said yes, and then something broke
  upstream,  // the gates said yes, and the upstream refused: its status leaves without its body
  allowed,
  open,  // not known yet: an intent, recorded before its operation's target is called
};
std::string_view name(Outcome outcome);  // empty for `open`

// The effect of a request. Written for sensitive operations only.
enum class Effect : std::uint8_t {
  none,  // the target was not called, or its changes were rolled back
  done,
  unknown,  // the target was called, and did not say, or says that something went wrong
};
std::string_view name(Effect effect);

struct Attribute {
  std::string_view name;
  std::string_view value;
};

// The name of the event that a sensitive operation leaves before its target is called. The request's own
// event follows it under the same id and has the result (Effect).
inline constexpr std::string_view kIntent = "intent";

// A proven principal.
struct Proven {
  std::string_view user_id;
  std::string_view scheme;
  std::string_view issuer;
  std::string_view credential_id;
};

struct Event {
  std::string_view name = "request";
  WallTime time{};
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view sent_id;          // the sender's X-Request-Id; empty: none that could be read
  std::string_view caller_trace_id;  // of a trace that was not continued; empty: none was sent, or it was
  IpAddress client;
  bool has_client = true;
  std::string_view host;  // that the request asked for; empty: unknown, or all hosts have the same operations
  std::string_view method;
  std::string_view route;  // the template, never the path as sent
  std::string_view path;   // where no operation answers; what may be a secret is withheld already
  std::string_view operation;
  // Parameters whose values may be shown: a value that is a credential by its form is withheld already.
  std::span<const Attribute> resource;  // path parameters that may be logged
  std::span<const Attribute> query;     // only parameters that say x-gatehouse: {log: true}
  // Names of the client's fields that did not go on to the upstream because nothing names them; `cookie:`
  // stands before those of cookies. Of many the first, and then `and N more`.
  std::span<const std::string> dropped;
  std::string_view user_id;
  std::string_view scheme;
  std::string_view issuer;
  std::string_view credential_id;
  std::span<const Proven> also;  // other principals that the same request has proven
  Outcome outcome = Outcome::refused;
  Stage stage = Stage::respond;
  std::string_view reason;  // allowed: empty, or why the client does not have the whole answer
  std::string_view rule;
  std::string_view sensitive;
  Effect effect = Effect::none;
  unsigned status = 0;  // 0: no answer was sent
  std::chrono::nanoseconds duration{};
  std::uint64_t request_body_size = 0;
  std::uint64_t response_body_size = 0;
  std::string_view upstream;  // the upstream's name
  unsigned upstream_status = 0;
  // For operators: the finding, the error. In Gatehouse's own words, so that no value of a caller removes any
  // of them; the text of others follows them.
  std::string_view detail;
  std::string_view said;
  std::span<const std::string_view> credentials;  // byte runs that must not appear in `said`
};

}  // namespace gatehouse
