// An event as a request leaves it, for tests and benchmarks.
#pragma once

#include "core/event.h"

namespace gatehouse::audit {

inline const Attribute kSampleResource[] = {{"id", "42"}};

// Of a call that was allowed.
inline Event sample_event() {
  Event event;
  event.time = WallTime{std::chrono::nanoseconds{1'763'892'904'182'913'555}};
  event.request_id = "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11";
  event.trace_id = "0af7651916cd43dd8448eb211c80319c";
  event.client = *IpAddress::parse("203.0.113.9");
  event.method = "GET";
  event.route = "/orders/{id}";
  event.operation = "getOrder";
  event.resource = kSampleResource;
  event.user_id = "partner:acme";
  event.scheme = "partnerKey";
  event.credential_id = "abcdefghijkl";
  event.outcome = Outcome::allowed;
  event.status = 200;
  event.duration = std::chrono::microseconds{412};
  event.response_body_size = 142;
  return event;
}

// Of a call that a condition refused.
inline Event refused_event() {
  Event event = sample_event();
  event.outcome = Outcome::refused;
  event.stage = Stage::authorise;
  event.reason = "condition_false";
  event.rule = "getOrder.when";
  event.status = 404;
  return event;
}

}  // namespace gatehouse::audit
