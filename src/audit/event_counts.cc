#include "audit/event_counts.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "audit/metrics.h"
#include "core/event.h"

namespace gatehouse::audit {
namespace {

constexpr std::string_view kRequest = "request";

std::uint64_t& at_name(TextMap<std::uint64_t>& map, std::string_view key) {
  const auto found = map.find(key);
  return found != map.end() ? found->second : map.emplace(key, 0).first->second;
}

// How many names a list of dropped ones stands for: `["X-A","X-B","and 24 more"]` for 26. Where it was cut
// short, its last text says so (gate/record.cc); a space is in no name.
std::uint64_t names_in(std::string_view list) {
  std::uint64_t names = 0;
  for (std::size_t at = 0; (at = list.find('"', at)) != std::string_view::npos; ++names) {
    const std::size_t begin = ++at;
    while (at < list.size() && list[at] != '"') at += list[at] == '\\' ? 2 : 1;
    if (at >= list.size()) break;
    std::string_view text = list.substr(begin, at - begin);
    ++at;
    constexpr std::string_view kAnd = "and ";
    if (!text.starts_with(kAnd)) continue;
    text.remove_prefix(kAnd.size());
    std::uint64_t more = 0;
    std::from_chars(text.data(), text.data() + text.size(), more);
    return names + more;
  }
  return names;
}

// The entries by their names, without escapes.
template <typename T>
std::map<std::string, const T*> sorted(const TextMap<T>& map) {
  std::map<std::string, const T*> entries;
  for (const auto& [name, value] : map) entries.emplace(unescaped(name), &value);
  return entries;
}

class CountingSink final : public Sink {
 public:
  explicit CountingSink(std::shared_ptr<EventCounts> counts) : counts_(std::move(counts)) {}
  std::string_view name() const override { return "metrics"; }
  bool can_be_durable() const override { return false; }
  Result<> write(const Batch& batch, Durable) override {
    counts_->count(batch.lines);
    return {};
  }

 private:
  const std::shared_ptr<EventCounts> counts_;
};

}  // namespace

std::uint64_t& EventCounts::Operation::ending(std::string_view outcome, std::uint64_t status) {
  for (Ending& known : endings) {
    if (known.status == status && known.outcome == outcome) return known.requests;
  }
  return endings.emplace_back(std::string(outcome), status, 0).requests;
}

void EventCounts::count(std::string_view lines) {
  const std::lock_guard lock(mutex_);
  for (std::size_t end = 0; (end = lines.find('\n')) != std::string_view::npos;
       lines.remove_prefix(end + 1)) {
    if (line_.read(lines.substr(0, end))) {
      count_event();
    } else {
      ++unreadable_;
    }
  }
}

void EventCounts::count_event() {
  const std::string_view name = line_.text("event.name");
  if (name != kRequest) {
    ++at_name(events_, name);
    return;
  }
  ++requests_;
  count_request();
}

void EventCounts::count_request() {
  const std::string_view name = line_.text("operation");
  const std::string_view outcome = line_.text("outcome");
  auto found = operations_.find(name);
  if (found == operations_.end()) found = operations_.emplace(name, Operation{}).first;
  Operation& operation = found->second;
  ++operation.ending(outcome, line_.number("http.response.status_code").value_or(0));
  const std::uint64_t microseconds = line_.thousandths("duration_ms").value_or(0);
  const auto bucket =
      std::ranges::lower_bound(kBounds, static_cast<double>(microseconds) / 1e6) - kBounds.begin();
  ++operation.buckets[static_cast<std::size_t>(bucket)];
  operation.microseconds += microseconds;
  ++operation.requests;
  if (const std::string_view dropped = line_.raw("http.request.dropped"); !dropped.empty())
    operation.dropped_names += names_in(dropped);
  if (outcome != gatehouse::name(Outcome::allowed)) {
    const std::string_view stage = line_.text("stage");
    auto by_stage = refusals_.find(stage);
    if (by_stage == refusals_.end()) by_stage = refusals_.emplace(stage, TextMap<std::uint64_t>{}).first;
    ++at_name(by_stage->second, line_.text("reason"));
  }
  const std::string_view upstream = line_.text("upstream.name");
  if (upstream.empty()) return;
  const bool failed = outcome == gatehouse::name(Outcome::failed);
  if (failed || line_.number("upstream.status_code").value_or(0) >= 500)
    ++at_name(upstream_errors_, upstream);
}

void EventCounts::render(std::string& out) const {
  const std::lock_guard lock(mutex_);
  const auto begin = [&](std::string_view name, std::string_view help,
                         MetricType type = MetricType::counter) { append_head(out, name, help, type); };
  const auto add = [&](std::string_view name, std::initializer_list<Label> labels, std::uint64_t count) {
    append_sample(out, name, labels, static_cast<double>(count));
  };
  const auto operations = sorted(operations_);
  begin("gatehouse_requests_total", "Requests by operation, outcome and status.");
  for (const auto& [operation, counted] : operations) {
    for (const Ending& ending : counted->endings) {
      const std::string status = std::to_string(ending.status);
      add("gatehouse_requests_total",
          {{"operation", operation}, {"outcome", ending.outcome}, {"status", status}}, ending.requests);
    }
  }
  begin("gatehouse_refusals_total", "Requests that were not allowed, by stage and reason.");
  for (const auto& [stage, reasons] : sorted(refusals_)) {
    for (const auto& [reason, count] : sorted(*reasons))
      add("gatehouse_refusals_total", {{"stage", stage}, {"reason", reason}}, *count);
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
  begin("gatehouse_events_total", "Events of this process that are in the store, by name.");
  add("gatehouse_events_total", {{"name", kRequest}}, requests_);
  for (const auto& [name, count] : sorted(events_)) add("gatehouse_events_total", {{"name", name}}, *count);
  begin("gatehouse_events_unreadable_total", "Events of this process that are damaged in the store.");
  add("gatehouse_events_unreadable_total", {}, unreadable_);
}

std::unique_ptr<Sink> counting_sink(std::shared_ptr<EventCounts> counts) {
  return std::make_unique<CountingSink>(std::move(counts));
}

}  // namespace gatehouse::audit
