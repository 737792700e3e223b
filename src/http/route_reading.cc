// Other readings of a path that Gatehouse has routed: the siblings of each segment, compared leniently.
#include <algorithm>

#include "http/path_segment.h"
#include "http/route_table.h"

namespace gatehouse::http {
namespace {

// Of the tree in one search; a path that could mean so much is refused.
constexpr std::size_t kMostSteps = 1'000;

}  // namespace

// Whether some beginning of the segment that may stand for the whole matches. A literal between two
// parameters is looked for once, where it first occurs.
bool RouteTable::may_match(const Pattern& pattern, const SegmentReading& reading) {
  const std::string_view text = reading.text();
  const std::string_view prefix = pattern.readings.front();
  const std::string_view suffix = pattern.readings.back();
  if (!text.starts_with(prefix)) return false;
  std::size_t at = prefix.size();
  for (std::size_t i = 1; i + 1 < pattern.readings.size(); ++i) {
    at = text.find(pattern.readings[i], at + 1);
    if (at == std::string_view::npos) return false;
    at += pattern.readings[i].size();
  }
  bool matches = false;
  reading.for_each_end([&](std::size_t size, std::uint64_t) {
    matches = matches || (size > at + suffix.size() && text.substr(0, size).ends_with(suffix));
  });
  return matches;
}

bool RouteTable::is_other(std::uint32_t endpoint, Method method, std::uint32_t chosen) const {
  if (endpoint == kNone) return false;
  const auto route = endpoints_[endpoint].route[static_cast<std::size_t>(method)];
  return route != kNone && policies_[route] != policies_[chosen];
}

bool RouteTable::reaches_other(const Step& step, Method method, std::uint32_t chosen,
                               std::size_t& steps) const {
  if (++steps > kMostSteps) return true;
  const Node& here = nodes_[step.child];
  const bool lenient = reading_.cuts == PathCuts::lenient;
  if (step.last) {
    if (is_other(here.endpoint, method, chosen)) return true;
    return lenient && here.slash != kNone && is_other(nodes_[here.slash].endpoint, method, chosen);
  }
  if (step.rest.empty() && lenient && is_other(here.endpoint, method, chosen)) return true;
  const auto [segment, behind, last] = first_segment(step.rest);
  const SegmentReading reading(segment, reading_);
  const auto go = [&, tail = behind, at_end = last](std::uint32_t child) {
    return reaches_other({child, tail, at_end}, method, chosen, steps);
  };
  bool other = false;
  for_each_reading(step.child, reading, [&](std::uint32_t child) { other = other || go(child); });
  for (const Pattern& pattern : here.patterns)
    other = other || (may_match(pattern, reading) && go(pattern.child));
  return other || (here.parameter != kNone && !segment.empty() && go(here.parameter));
}

// The segment was `taken`. Whether it may be read as a sibling that is as specific or more, from where the
// rest of the path leads to a route with another policy.
void RouteTable::look_beside(std::uint32_t node, std::string_view segment, const Step& taken, Chosen as,
                             std::uint32_t endpoint, Walk& state) const {
  if (state.ambiguous || !policies_differ_) return;
  const auto chosen = endpoints_[endpoint].route[static_cast<std::size_t>(state.method)];
  if (chosen == kNone || readers_[chosen] == PathReader::gatehouse) return;
  const Node& here = nodes_[node];
  const bool encoded = as != Chosen::literal && segment.contains('%');
  if (!encoded && !here.has_literals && here.patterns.empty()) return;
  const SegmentReading reading(segment, reading_);
  // A segment that leads to another path, or to a shorter one; the siblings do not say which.
  if (encoded &&
      ((segment.contains("%25") && reading.leaves_segment()) || reading.drops_segments(taken.last))) {
    state.ambiguous = true;
    return;
  }
  std::size_t steps = 0;
  const auto look = [&](std::uint32_t child) {
    if (state.ambiguous || child == taken.child) return;
    state.ambiguous = reaches_other({child, taken.rest, taken.last}, state.method, chosen, steps);
  };
  for_each_reading(node, reading, look);
  if (as == Chosen::literal) return;
  const auto chosen_one = std::ranges::find(here.patterns, taken.child, &Pattern::child);
  for (const Pattern& pattern : here.patterns) {
    const bool is_wider = chosen_one != here.patterns.end() &&
                          std::ranges::find(chosen_one->wider, pattern.child) != chosen_one->wider.end();
    if (!is_wider && pattern.child != taken.child && may_match(pattern, reading)) look(pattern.child);
  }
}

}  // namespace gatehouse::http
