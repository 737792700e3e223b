// Exchange → Event: every path ends here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/event.h"
#include "core/verdict.h"
#include "gate/exchange.h"

namespace gatehouse::gate {

// How an exchange ended.
struct Ending {
  std::optional<Refusal> refusal;  // none: allowed
  unsigned status = 0;             // 0: no answer was sent
  std::uint64_t response_bytes = 0;
  // Why the client does not have the whole answer. The operation was done, unless `refusal` says a failure.
  std::optional<Reason> cut{};
};

// Borrows from the exchange and from itself: encode the event before either changes.
class EventBuilder {
 public:
  Event build(const Exchange& exchange, const Ending& ending, MonotonicTime now);
  // The event before the call of a sensitive operation; the other event has its result.
  Event build_intent(const Exchange& exchange, MonotonicTime now);

 private:
  std::string_view detail_of(const Exchange& exchange);

  void collect_dropped(const Exchange& exchange);
  void collect_credentials(const Exchange& exchange);

  std::vector<Attribute> resource_, query_;
  std::vector<std::string> dropped_;
  std::vector<Proven> also_;
  std::vector<std::string_view> credentials_;
  std::string findings_, detail_, said_, sent_id_, path_;
  std::array<char, 32> trace_{}, caller_trace_{};
};

}  // namespace gatehouse::gate
