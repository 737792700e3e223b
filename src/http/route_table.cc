#include "http/route_table.h"

#include <algorithm>
#include <cstring>

#include "base/strings.h"
#include "http/path_segment.h"

namespace gatehouse::http {

std::uint64_t RouteTable::hash(std::uint32_t node, std::string_view segment) {
  constexpr std::uint64_t kMultiplier = 0x9E3779B97F4A7C15ULL;
  std::uint64_t value = (node + 1) * kMultiplier + segment.size();
  std::size_t i = 0;
  for (; i + 8 <= segment.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, segment.data() + i, sizeof word);
    value = (value ^ word) * kMultiplier;
    value ^= value >> 32U;
  }
  std::uint64_t tail = 0;
  for (; i < segment.size(); ++i) tail = tail << 8U | static_cast<std::uint8_t>(segment[i]);
  value = (value ^ tail) * kMultiplier;
  return value ^ value >> 32U;
}

std::uint32_t RouteTable::literal_child(std::uint32_t node, std::string_view segment) const {
  const std::size_t mask = literals_.size() - 1;
  for (std::size_t slot = hash(node, segment) & mask;; slot = (slot + 1) & mask) {
    const Literal& literal = literals_[slot];
    if (literal.child == kNone) return kNone;
    if (literal.node == node && literal.text_size == segment.size() &&
        std::memcmp(text_.data() + literal.text_at, segment.data(), segment.size()) == 0) {
      return literal.child;
    }
  }
}

bool RouteTable::match(const Pattern& pattern, std::string_view segment, Captures& captures) {
  const auto& prefix = pattern.literals.front();
  const auto& suffix = pattern.literals.back();
  if (segment.size() < prefix.size() + suffix.size() || !segment.starts_with(prefix) ||
      !segment.ends_with(suffix)) {
    return false;
  }
  auto rest = segment.substr(prefix.size(), segment.size() - prefix.size() - suffix.size());
  for (std::size_t i = 1; i + 1 < pattern.literals.size(); ++i) {
    const std::string_view between = pattern.literals[i];
    const auto at = rest.find(between);
    if (at == 0 || at == std::string_view::npos || rest.find(between, at + 1) != std::string_view::npos)
      return false;
    captures.values[captures.size++] = rest.substr(0, at);
    rest = rest.substr(at + between.size());
  }
  if (rest.empty()) return false;
  captures.values[captures.size++] = rest;
  return true;
}

std::uint32_t RouteTable::go_on(const Step& step, Walk& state) const {
  return step.last ? nodes_[step.child].endpoint : walk(step.child, step.rest, state);
}

// The endpoint's index. Every node is visited at most once: there is one way from the root to it.
std::uint32_t RouteTable::walk(std::uint32_t node, std::string_view rest, Walk& state) const {
  const Node& here = nodes_[node];
  const auto [segment, behind, last] = first_segment(rest);
  Captures& captures = state.captures;
  if (here.has_literals) {
    if (const Step step{literal_child(node, segment), behind, last}; step.child != kNone) {
      if (const auto found = go_on(step, state); found != kNone) {
        if (here.has_twins) look_beside(node, segment, step, Chosen::literal, found, state);
        return found;
      }
    }
  }
  if (segment.empty()) return kNone;
  const std::size_t captured = captures.size;
  for (const Pattern& pattern : here.patterns) {
    if (match(pattern, segment, captures)) {
      const Step step{pattern.child, behind, last};
      if (const auto found = go_on(step, state); found != kNone) {
        look_beside(node, segment, step, Chosen::pattern, found, state);
        return found;
      }
    }
    captures.size = captured;
  }
  if (here.parameter == kNone) return kNone;
  captures.values[captures.size++] = segment;
  const Step step{here.parameter, behind, last};
  const auto found = go_on(step, state);
  if (found == kNone) {
    captures.size = captured;
  } else {
    look_beside(node, segment, step, Chosen::parameter, found, state);
  }
  return found;
}

RouteMatch RouteTable::find(Method method, std::string_view path, Captures& captures) const {
  captures.size = 0;
  if (!path.starts_with('/')) return {};  // `*`
  Walk state{method, captures};
  std::string lower;
  std::string_view walked = path;
  if (reading_.letters == LetterCase::insensitive) {
    lower = path;
    std::ranges::transform(lower, lower.begin(), ascii_lower);
    walked = lower;
  }
  const auto found = walk(0, walked.substr(1), state);
  if (found == kNone) return {};
  for (auto& value : std::span(captures.values).first(captures.size)) {
    value = path.substr(static_cast<std::size_t>(value.data() - walked.data()), value.size());
  }
  const Endpoint& endpoint = endpoints_[found];
  const auto route = endpoint.route[static_cast<std::size_t>(method)];
  if (route == kNone) {
    return {endpoint.allow.empty() ? RouteOutcome::no_path : RouteOutcome::no_method, 0, endpoint.allow};
  }
  if (uses_[route] == RouteUse::withheld) return {RouteOutcome::withheld, route, endpoint.allow};
  return {state.ambiguous ? RouteOutcome::ambiguous : RouteOutcome::found, route, endpoint.allow};
}

}  // namespace gatehouse::http
