// What happened, counted as the events say it, and rendered as Prometheus text (exposition format 0.0.4).
// Labels come from the configuration and from closed lists, so that a caller cannot make new time series.
//
// Each worker counts into an object of its own when it records an event (journal.h). The counts begin with 0
// when the process does, as a counter of Prometheus may.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_map.h"
#include "core/event.h"

namespace gatehouse::audit {

// One thread's at a time.
class EventCounts {
 public:
  // Seconds; the upper bounds of the histogram's buckets.
  static constexpr std::array<double, 12> kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,   0.1,   0.25,   0.5,   1,    5};

  void count(const Event& event);
  // Another worker's.
  void add(const EventCounts& other);
  // Appends the text.
  void render(std::string& out) const;

 private:
  struct Ending {
    Outcome outcome;
    unsigned status;  // 0: no answer
    std::uint64_t requests;
  };
  struct Operation {
    std::vector<Ending> endings;  // few: searched from the front
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    std::uint64_t microseconds = 0;
    std::uint64_t requests = 0;
    std::uint64_t dropped_names = 0;
    std::uint64_t& ending(Outcome outcome, unsigned status);
    void add(const Operation& other);
  };
  struct Refused {
    Stage stage;
    std::uint64_t requests;
  };
  void count_request(const Event& event);
  std::uint64_t& refused(Stage stage, std::string_view reason);

  TextMap<Operation> operations_;
  TextMap<std::vector<Refused>> refusals_;  // by reason
  TextMap<std::uint64_t> upstream_errors_;
  TextMap<std::uint64_t> events_;  // by name, but for `request`
  std::uint64_t requests_ = 0;
};

}  // namespace gatehouse::audit
