#include "audit/metrics.h"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace gatehouse::audit {
namespace {

std::string_view word_of(MetricType type) {
  switch (type) {
    case MetricType::counter: return "counter";
    case MetricType::gauge: return "gauge";
    case MetricType::histogram: return "histogram";
  }
  return {};
}

}  // namespace

void append_head(std::string& out, std::string_view name, std::string_view help, MetricType type) {
  fmt::format_to(std::back_inserter(out), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, word_of(type));
}

void append_sample(std::string& out, std::string_view name, std::initializer_list<Label> labels,
                   double value) {
  out += name;
  char before = '{';
  for (const Label& label : labels) {
    out += std::exchange(before, ',');
    out.append(label.name).append("=\"");
    for (const char c : label.value) {
      if (c == '\\' || c == '"') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += '"';
  }
  if (labels.size() > 0) out += '}';
  fmt::format_to(std::back_inserter(out), " {}\n", value);
}

void render(std::string& out, std::span<const SinkSample> sinks) {
  const auto each = [&](std::string_view name, std::string_view help, MetricType type, auto value_of) {
    append_head(out, name, help, type);
    for (const SinkSample& one : sinks)
      append_sample(out, name, {{"sink", one.sink}}, static_cast<double>(value_of(one.state)));
  };
  each("gatehouse_event_sink_pending_bytes", "Events that wait for the sink.", MetricType::gauge,
       [](const SinkState& state) { return state.pending_bytes; });
  each("gatehouse_event_sink_stalled",
       "1: the sink has accepted nothing for seconds, and events wait for it.", MetricType::gauge,
       [](const SinkState& state) { return state.stalled ? 1 : 0; });
  each("gatehouse_event_sink_lost_total",
       "Events that were deleted from the store before the sink read them.", MetricType::counter,
       [](const SinkState& state) { return state.lost; });
  each("gatehouse_event_sink_used_bytes",
       "Size of the sink's data, if it deletes the oldest events at a bound.", MetricType::gauge,
       [](const SinkState& state) { return state.used_bytes; });
  each("gatehouse_event_sink_most_bytes", "That bound (keep_size); 0: it has none.", MetricType::gauge,
       [](const SinkState& state) { return state.most_bytes; });
}

void render(std::string& out, std::span<const Sample> samples) {
  for (const Sample& sample : samples) {
    append_head(out, sample.name, sample.help, sample.type);
    append_sample(out, sample.name, {}, sample.value);
  }
}

}  // namespace gatehouse::audit
