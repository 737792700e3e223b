// What happened, counted: a reader of the log (sink_reader.h) adds up the events that this process has
// written, and renders them as Prometheus text on request (exposition format 0.0.4). A request counts
// nothing. Labels come from the configuration and from closed lists, so that a caller cannot make new time
// series.
//
// The counts begin with 0 when the process does, as a counter of Prometheus may, and have each event once:
// the reader goes through the log in its order, from the process's first event on, and keeps no place. What
// the store has not taken yet is not counted yet.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "audit/batch.h"
#include "audit/event_line.h"
#include "base/text_map.h"

namespace gatehouse::audit {

// From any thread.
class EventCounts {
 public:
  // Seconds; the upper bounds of the histogram's buckets.
  static constexpr std::array<double, 12> kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,   0.1,   0.25,   0.5,   1,    5};

  // Whole lines of the encoder's, each with its line feed.
  void count(std::string_view lines);
  // Appends the text.
  void render(std::string& out) const;

 private:
  struct Ending {
    std::string outcome;
    std::uint64_t status;  // 0: no answer
    std::uint64_t requests;
  };
  struct Operation {
    std::vector<Ending> endings;  // few: searched from the front
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    std::uint64_t microseconds = 0;
    std::uint64_t requests = 0;
    std::uint64_t dropped_names = 0;
    std::uint64_t& ending(std::string_view outcome, std::uint64_t status);
  };
  void count_event();    // what line_ has
  void count_request();  // the same, of a request

  mutable std::mutex mutex_;
  EventLine line_;  // of count()
  // By names as they stand in lines, with their escapes.
  TextMap<Operation> operations_;
  TextMap<TextMap<std::uint64_t>> refusals_;  // by stage, then reason
  TextMap<std::uint64_t> upstream_errors_;
  TextMap<std::uint64_t> events_;  // by name, but for `request`
  std::uint64_t requests_ = 0;
  std::uint64_t unreadable_ = 0;
};

// Counts what it is given; its name is `metrics`.
std::unique_ptr<Sink> counting_sink(std::shared_ptr<EventCounts> counts);

}  // namespace gatehouse::audit
