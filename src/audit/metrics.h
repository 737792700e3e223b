// Prometheus text (exposition format 0.0.4).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "audit/batch.h"

namespace gatehouse::audit {

enum class MetricType : std::uint8_t { counter, gauge, histogram };

// The two lines before the samples of a name.
void append_head(std::string& out, std::string_view name, std::string_view help, MetricType type);
struct Label {
  std::string_view name;
  std::string_view value;  // any text
};
// A line.
void append_sample(std::string& out, std::string_view name, std::initializer_list<Label> labels,
                   double value);

// One more value to show: a count of another room.
struct Sample {
  std::string_view name;  // gatehouse_…, `_total` for counters
  std::string_view help;
  MetricType type = MetricType::gauge;
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
