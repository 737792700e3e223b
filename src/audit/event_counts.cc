#include "audit/event_counts.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <initializer_list>
#include <map>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "audit/metrics.h"

namespace gatehouse::audit {
namespace {

constexpr std::string_view kRequest = "request";

template <typename T>
T& at_name(TextMap<T>& map, std::string_view key) {
  const auto found = map.find(key);
  return found != map.end() ? found->second : map.emplace(key, T{}).first->second;
}

void add_each(TextMap<std::uint64_t>& to, const TextMap<std::uint64_t>& other) {
  for (const auto& [name, count] : other) at_name(to, name) += count;
}

// How many names a list of dropped ones stands for: 40 for 16 and `and 24 more`. Where it was cut short, its
// last text says so (gate/record.cc); a space is in no name.
std::uint64_t names_in(std::span<const std::string> dropped) {
  constexpr std::string_view kAnd = "and ";
  if (dropped.empty() || !dropped.back().starts_with(kAnd)) return dropped.size();
  const std::string_view text = std::string_view(dropped.back()).substr(kAnd.size());
  std::uint64_t more = 0;
  std::from_chars(text.data(), text.data() + text.size(), more);
  return dropped.size() - 1 + more;
}

template <typename T>
std::map<std::string_view, const T*> sorted(const TextMap<T>& map) {
  std::map<std::string_view, const T*> entries;
  for (const auto& [name, value] : map) entries.emplace(name, &value);
  return entries;
}

}  // namespace

std::uint64_t& EventCounts::Operation::ending(Outcome outcome, unsigned status) {
  for (Ending& known : endings) {
    if (known.status == status && known.outcome == outcome) return known.requests;
  }
  return endings.emplace_back(outcome, status, 0).requests;
}

void EventCounts::Operation::add(const Operation& other) {
  for (const Ending& one : other.endings) ending(one.outcome, one.status) += one.requests;
  for (std::size_t i = 0; i < buckets.size(); ++i) buckets[i] += other.buckets[i];
  microseconds += other.microseconds;
  requests += other.requests;
  dropped_names += other.dropped_names;
}

std::uint64_t& EventCounts::refused(Stage stage, std::string_view reason) {
  std::vector<Refused>& stages = at_name(refusals_, reason);
  const auto found = std::ranges::find(stages, stage, &Refused::stage);
  return found != stages.end() ? found->requests : stages.emplace_back(stage, 0).requests;
}

void EventCounts::count(const Event& event) {
  if (event.name == kRequest) {
    count_request(event);
  } else {
    ++at_name(events_, event.name);
  }
}

void EventCounts::count_request(const Event& event) {
  ++requests_;
  Operation& operation = at_name(operations_, event.operation);
  ++operation.ending(event.outcome, event.status);
  const auto microseconds = std::chrono::floor<std::chrono::microseconds>(event.duration).count();
  const auto bucket =
      std::ranges::lower_bound(kBounds, static_cast<double>(microseconds) / 1e6) - kBounds.begin();
  ++operation.buckets[static_cast<std::size_t>(bucket)];
  operation.microseconds += static_cast<std::uint64_t>(microseconds);
  ++operation.requests;
  operation.dropped_names += names_in(event.dropped);
  if (event.outcome != Outcome::allowed) ++refused(event.stage, event.reason);
  if (event.upstream.empty()) return;
  if (event.outcome == Outcome::failed || event.upstream_status >= 500)
    ++at_name(upstream_errors_, event.upstream);
}

void EventCounts::add(const EventCounts& other) {
  for (const auto& [name, operation] : other.operations_) at_name(operations_, name).add(operation);
  for (const auto& [reason, stages] : other.refusals_) {
    for (const Refused& one : stages) refused(one.stage, reason) += one.requests;
  }
  add_each(upstream_errors_, other.upstream_errors_);
  add_each(events_, other.events_);
  requests_ += other.requests_;
}

void EventCounts::render(std::string& out) const {
  const auto begin = [&](std::string_view metric, std::string_view help,
                         MetricType type = MetricType::counter) { append_head(out, metric, help, type); };
  const auto add = [&](std::string_view metric, std::initializer_list<Label> labels, std::uint64_t count) {
    append_sample(out, metric, labels, static_cast<double>(count));
  };
  const auto operations = sorted(operations_);
  begin("gatehouse_requests_total", "Requests by operation, outcome and status.");
  for (const auto& [operation, counted] : operations) {
    for (const Ending& ending : counted->endings) {
      const std::string status = std::to_string(ending.status);
      add("gatehouse_requests_total",
          {{"operation", operation}, {"outcome", name(ending.outcome)}, {"status", status}}, ending.requests);
    }
  }
  begin("gatehouse_refusals_total", "Requests that were not allowed, by stage and reason.");
  for (const auto& [reason, stages] : sorted(refusals_)) {
    for (const Refused& one : *stages)
      add("gatehouse_refusals_total", {{"stage", name(one.stage)}, {"reason", reason}}, one.requests);
  }
  begin("gatehouse_request_duration_seconds", "Seconds from the request's first byte to the answer's last.",
        MetricType::histogram);
  for (const auto& [operation, counted] : operations) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      below += counted->buckets[i];
      const std::string bound = fmt::to_string(kBounds[i]);
      add("gatehouse_request_duration_seconds_bucket", {{"operation", operation}, {"le", bound}}, below);
    }
    add("gatehouse_request_duration_seconds_bucket", {{"operation", operation}, {"le", "+Inf"}},
        counted->requests);
    append_sample(out, "gatehouse_request_duration_seconds_sum", {{"operation", operation}},
                  static_cast<double>(counted->microseconds) / 1e6);
    add("gatehouse_request_duration_seconds_count", {{"operation", operation}}, counted->requests);
  }
  begin("gatehouse_dropped_names_total",
        "Names of fields and cookies that were dropped, because no rule names them.");
  for (const auto& [operation, counted] : operations) {
    if (counted->dropped_names > 0)
      add("gatehouse_dropped_names_total", {{"operation", operation}}, counted->dropped_names);
  }
  begin("gatehouse_upstream_errors_total", "Calls of an upstream that failed or answered with 5xx.");
  for (const auto& [upstream, count] : sorted(upstream_errors_))
    add("gatehouse_upstream_errors_total", {{"upstream", upstream}}, *count);
  begin("gatehouse_events_total", "Events of this process, by name.");
  add("gatehouse_events_total", {{"name", kRequest}}, requests_);
  for (const auto& [name, count] : sorted(events_)) add("gatehouse_events_total", {{"name", name}}, *count);
}

}  // namespace gatehouse::audit
