#include "audit/metrics.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "base/text_map.h"

namespace gatehouse::audit {

namespace {

void add_one(TextMap<std::uint64_t>& map, std::string_view key) {
  const auto found = map.find(key);
  if (found != map.end()) {
    ++found->second;
  } else {
    map.emplace(key, 1);
  }
}

void add_all(TextMap<std::uint64_t>& map, const TextMap<std::uint64_t>& others) {
  for (const auto& [key, count] : others) map[key] += count;
}

std::string label(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

template <typename Map>
auto sorted(const Map& map) {
  std::vector<const typename Map::value_type*> entries;
  for (const auto& entry : map) entries.push_back(&entry);
  std::ranges::sort(entries, {}, [](const auto* entry) -> const std::string& { return entry->first; });
  return entries;
}

template <typename... Args>
void line(std::string& out, fmt::format_string<Args...> format, Args&&... args) {
  fmt::format_to(std::back_inserter(out), format, std::forward<Args>(args)...);
  out += '\n';
}

void head(std::string& out, std::string_view name, std::string_view help, std::string_view type) {
  line(out, "# HELP {} {}", name, help);
  line(out, "# TYPE {} {}", name, type);
}

}  // namespace

std::uint64_t& Counters::Operation::ending(Outcome outcome, unsigned status) {
  for (Ending& known : endings) {
    if (known.outcome == outcome && known.status == status) return known.requests;
  }
  return endings.emplace_back(outcome, status, 0).requests;
}

void Counters::count(const Event& event) {
  add_one(events_, event.name);
  if (event.name != "request") return;
  auto found = operations_.find(event.operation);
  if (found == operations_.end()) found = operations_.emplace(event.operation, Operation{}).first;
  Operation& operation = found->second;
  ++operation.ending(event.outcome, event.status);
  const double seconds = std::chrono::duration<double>(event.duration).count();
  const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
  ++operation.buckets[static_cast<std::size_t>(bucket)];
  operation.nanoseconds += static_cast<std::uint64_t>(std::max<std::int64_t>(0, event.duration.count()));
  ++operation.requests;
  operation.dropped_names += event.dropped_names;
  if (event.outcome != Outcome::allowed) {
    add_one(refusals_[static_cast<std::size_t>(event.stage) % refusals_.size()], event.reason);
  }
  if (!event.upstream.empty() && (event.upstream_status >= 500 || event.outcome == Outcome::failed)) {
    add_one(upstream_errors_, event.upstream);
  }
}

void Counters::add(const Counters& others) {
  for (const auto& [name, other] : others.operations_) {
    Operation& mine = operations_[name];
    for (const Ending& ending : other.endings) mine.ending(ending.outcome, ending.status) += ending.requests;
    for (std::size_t i = 0; i < mine.buckets.size(); ++i) mine.buckets[i] += other.buckets[i];
    mine.nanoseconds += other.nanoseconds;
    mine.requests += other.requests;
    mine.dropped_names += other.dropped_names;
  }
  for (std::size_t i = 0; i < refusals_.size(); ++i) add_all(refusals_[i], others.refusals_[i]);
  add_all(upstream_errors_, others.upstream_errors_);
  add_all(events_, others.events_);
}

void Counters::render(std::string& out) const {
  const auto operations = sorted(operations_);
  head(out, "gatehouse_requests_total", "Requests by operation, outcome and status.", "counter");
  for (const auto* entry : operations) {
    for (const Ending& ending : entry->second.endings) {
      line(out, R"(gatehouse_requests_total{{operation="{}",outcome="{}",status="{}"}} {})",
           label(entry->first), name(ending.outcome), ending.status, ending.requests);
    }
  }
  head(out, "gatehouse_refusals_total", "Requests that were not allowed, by stage and reason.", "counter");
  for (std::size_t stage = 0; stage < refusals_.size(); ++stage) {
    for (const auto* entry : sorted(refusals_[stage])) {
      line(out, R"(gatehouse_refusals_total{{stage="{}",reason="{}"}} {})", name(static_cast<Stage>(stage)),
           label(entry->first), entry->second);
    }
  }
  head(out, "gatehouse_request_duration_seconds",
       "Seconds from the request's first byte to the answer's last.", "histogram");
  for (const auto* entry : operations) {
    const std::string operation = label(entry->first);
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      below += entry->second.buckets[i];
      line(out, R"(gatehouse_request_duration_seconds_bucket{{operation="{}",le="{}"}} {})", operation,
           kBounds[i], below);
    }
    line(out, R"(gatehouse_request_duration_seconds_bucket{{operation="{}",le="+Inf"}} {})", operation,
         entry->second.requests);
    line(out, R"(gatehouse_request_duration_seconds_sum{{operation="{}"}} {:.9f})", operation,
         static_cast<double>(entry->second.nanoseconds) / 1e9);
    line(out, R"(gatehouse_request_duration_seconds_count{{operation="{}"}} {})", operation,
         entry->second.requests);
  }
  head(out, "gatehouse_dropped_names_total",
       "Names of fields and cookies that were dropped, because no rule names them.", "counter");
  for (const auto* entry : operations) {
    if (entry->second.dropped_names > 0)
      line(out, R"(gatehouse_dropped_names_total{{operation="{}"}} {})", label(entry->first),
           entry->second.dropped_names);
  }
  head(out, "gatehouse_upstream_errors_total", "Calls of an upstream that failed or answered with 5xx.",
       "counter");
  for (const auto* entry : sorted(upstream_errors_)) {
    line(out, R"(gatehouse_upstream_errors_total{{upstream="{}"}} {})", label(entry->first), entry->second);
  }
  head(out, "gatehouse_events_total", "Events by name.", "counter");
  for (const auto* entry : sorted(events_)) {
    line(out, R"(gatehouse_events_total{{name="{}"}} {})", label(entry->first), entry->second);
  }
}

void render(std::string& out, std::span<const SinkSample> sinks) {
  const auto each = [&](std::string_view name, std::string_view help, std::string_view type, auto value_of) {
    head(out, name, help, type);
    for (const SinkSample& one : sinks)
      line(out, R"({}{{sink="{}"}} {})", name, label(one.sink), value_of(one.state));
  };
  each("gatehouse_event_sink_pending_bytes", "Events that wait for the sink.", "gauge",
       [](const SinkState& state) { return state.pending_bytes; });
  each("gatehouse_event_sink_stalled",
       "1: the sink has accepted nothing for seconds, and events wait for it.", "gauge",
       [](const SinkState& state) { return state.stalled ? 1 : 0; });
  each("gatehouse_event_sink_lost_total",
       "Events that were deleted from the store before the sink read them.", "counter",
       [](const SinkState& state) { return state.lost; });
  each("gatehouse_event_sink_used_bytes",
       "Size of the sink's data, if it deletes the oldest events at a bound.", "gauge",
       [](const SinkState& state) { return state.used_bytes; });
  each("gatehouse_event_sink_most_bytes", "That bound (keep_size); 0: it has none.", "gauge",
       [](const SinkState& state) { return state.most_bytes; });
}

void render(std::string& out, std::span<const Sample> samples) {
  for (const Sample& sample : samples) {
    head(out, sample.name, sample.help, sample.type == Sample::Type::counter ? "counter" : "gauge");
    line(out, "{} {}", sample.name, sample.value);
  }
}

}  // namespace gatehouse::audit
