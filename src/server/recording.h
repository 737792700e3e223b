// The event of one exchange. Recorded by the destructor, with the ending as known then: also if the coroutine
// that answers is destroyed, or left by an exception.
#pragma once

#include <optional>
#include <string_view>

#include "gate/exchange.h"
#include "gate/record.h"
#include "server/health.h"
#include "server/worker.h"

namespace gatehouse::server {

inline constexpr std::string_view kNotKnown = "the operation had begun; its effect is unknown";

class Recording {
 public:
  // The exchange has arrived; both outlive this.
  Recording(Worker& worker, gate::Exchange& exchange) : worker_(worker), exchange_(exchange) {}
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;
  ~Recording() {
    if (asks_for_health(exchange_.policy->settings.listen, exchange_.head)) {
      record_health(worker_, exchange_, ending);
      return;
    }
    if (ending.cut && is_unfinished()) {
      ending.refusal = Refusal(Reason::upstream_late);  // a failure, for the reason of the cut
      if (exchange_.detail.empty()) exchange_.detail = kNotKnown;
    }
    Event event = worker_.events().build(exchange_, ending, worker_.shared().clock.monotonic());
    if (!credential_id.empty()) event.credential_id = credential_id;
    worker_.audit().record(event);
  }

  // Whether the upstream still works on a change: its answer has not ended.
  bool is_unfinished() const {
    return exchange_.on_hang_up == net::OnHangUp::finish && answer && answer->rest() != nullptr;
  }

  std::optional<gate::Released> answer;  // once there is one
  // Until it is known better: the server ended, and with it the exchange.
  gate::Ending ending{Refusal(Reason::draining)};
  // Of a credential that was shown where none proves anything; empty: the exchange says it.
  std::string_view credential_id;

 private:
  Worker& worker_;
  gate::Exchange& exchange_;
};

}  // namespace gatehouse::server
