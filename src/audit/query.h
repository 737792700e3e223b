// The queries of `gatehouse log` and `gatehouse why` on the event store. Works beside a running server.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/batch.h"
#include "audit/event_fields.h"
#include "base/clock.h"
#include "base/ip.h"
#include "base/result.h"
#include "db/connection.h"

namespace gatehouse::audit {

// The events whose member is this.
struct MemberFilter {
  FieldName field;
  std::string value;  // text or number: equal to it, and no pattern
  // In place of the value: an address within it, or a number of that hundred (4: 400 to 499).
  std::optional<IpNetwork> network{};
  std::optional<char> hundred{};
};
// Of a field that has an option (event_fields.h), what was given for it. `invalid`: no event can have that;
// the error's text says what must stand there.
Result<MemberFilter> filter_by(FieldName field, std::string_view value);

enum class EventOrder : std::uint8_t {
  stored,   // a worker stores its events in batches, and a request its event when it ends
  of_time,  // of the requests' beginnings
};

struct EventFilter {
  std::int64_t after = 0;  // only events after this position: a follower has seen the earlier ones
  std::optional<WallTime> since{};
  std::optional<WallTime> until{};
  std::vector<MemberFilter> members{};  // all of them
  EventOrder order = EventOrder::stored;
};

inline constexpr std::size_t kMostWaiting = 100'000;

struct StoredEvent {
  std::int64_t position = 0;
  WallTime time{};
  std::string_view line;  // JSON, without line feed; valid during the call
};

// Calls `each` for every event that passes, in the order of the filter, until it gives false. The order of
// time holds as far as kMostWaiting events at once can be sorted.
// Gives the position of the last event that was looked at: following is calling again with `after` set to it.
Result<std::int64_t> read_events(db::Connection& connection, const EventFilter& filter,
                                 const std::function<bool(const StoredEvent&)>& each);

struct Explanation {
  std::vector<std::string> lines;  // the events of the request: one, and others that name it
  std::vector<Original> originals;
};
// `not_found` when nothing is known of the request.
Result<Explanation> explain(db::Connection& connection, std::string_view request_id);

}  // namespace gatehouse::audit
