// Counters of the decisions: one set for each worker, added up and written as Prometheus text on request
// (exposition format 0.0.4). Labels come from the configuration and from closed lists, so that a caller
// cannot make new time series.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "audit/batch.h"
#include "base/text_map.h"
#include "core/event.h"

namespace gatehouse::audit {

// Not thread-safe: the lock of a worker's buffer guards its counters.
class Counters {
 public:
  // Seconds; the upper bounds of the histogram's buckets.
  static constexpr std::array<double, 12> kBounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
                                                     0.05,   0.1,   0.25,   0.5,   1,    5};

  void count(const Event& event);
  void add(const Counters& others);
  // Appends the text.
  void render(std::string& out) const;

 private:
  struct Ending {
    Outcome outcome;
    unsigned status;
    std::uint64_t requests;
  };
  struct Operation {
    std::vector<Ending> endings;  // few: searched from the front
    std::array<std::uint64_t, kBounds.size() + 1> buckets{};
    std::uint64_t nanoseconds = 0;
    std::uint64_t requests = 0;
    std::uint64_t dropped_names = 0;
    std::uint64_t& ending(Outcome outcome, unsigned status);
  };

  TextMap<Operation> operations_;
  std::array<TextMap<std::uint64_t>, 16> refusals_;  // by stage, then reason
  TextMap<std::uint64_t> upstream_errors_;
  TextMap<std::uint64_t> events_;  // by name
};

// One more value to show: a count of another room.
struct Sample {
  std::string_view name;  // gatehouse_…, `_total` for counters
  std::string_view help;
  enum class Type : std::uint8_t { counter, gauge } type = Type::gauge;
  double value = 0;
};
void render(std::string& out, std::span<const Sample> samples);

// One value for each sink.
struct SinkSample {
  std::string_view sink;
  SinkState state;
};
void render(std::string& out, std::span<const SinkSample> sinks);

}  // namespace gatehouse::audit
