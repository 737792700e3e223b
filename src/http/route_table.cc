#include "http/route_table.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <map>
#include <utility>

#include "http/characters.h"
#include "http/uri.h"

namespace gatehouse::http {
namespace {

// A segment, and whether another follows.
struct Segment {
  std::string_view text;
  std::string_view rest;
  bool last = false;
};
Segment first_segment(std::string_view path) {
  const auto* slash = static_cast<const char*>(std::memchr(path.data(), '/', path.size()));
  if (slash == nullptr) return {path, {}, true};
  const auto size = static_cast<std::size_t>(slash - path.data());
  return {path.substr(0, size), path.substr(size + 1), false};
}

std::string quoted(const Route& route) { return '`' + route.name + "` (" + route.path + ")"; }

}  // namespace

// Node numbers are shared by the maps that are only needed while building and by the table itself.
class RouteTableBuilder {
 public:
  explicit RouteTableBuilder(std::span<const Route> routes) : routes_(routes) {
    new_node();
    table_.parameters_.resize(routes.size());
  }

  std::expected<RouteTable, std::vector<RouteProblem>> build() {
    for (std::size_t i = 0; i < routes_.size(); ++i) add(i);
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    find_overlaps();
    write_literals();
    write_allow();
    return std::move(table_);
  }

 private:
  static constexpr std::uint32_t kNone = RouteTable::kNone;
  static constexpr std::size_t kOverlapSteps = 2'000'000;  // against documents that are nothing but overlaps
  static constexpr std::size_t kOverlapLimit = 1'000;

  struct Building {
    std::map<std::string, std::uint32_t, std::less<>> literals;
    std::vector<std::size_t> pattern_routes;  // the route that brought each pattern
    std::size_t route = 0;                    // of an endpoint: the first that ends here
  };

  std::uint32_t new_node() {
    table_.nodes_.emplace_back();
    building_.emplace_back();
    return static_cast<std::uint32_t>(table_.nodes_.size() - 1);
  }

  void problem(std::size_t route, std::string what) { problems_.push_back({route, std::move(what)}); }

  // One segment of a template: the literals around its parameters, one more than there are parameters.
  struct Parts {
    std::vector<std::string> literals{1};
    std::vector<std::string> parameters;
  };
  bool split(std::size_t index, std::string_view segment, Parts& parts) {
    for (std::size_t i = 0; i < segment.size(); ++i) {
      const char c = segment[i];
      if (c == '{') {
        const auto close = segment.find('}', i);
        const auto name =
            close == std::string_view::npos ? std::string_view{} : segment.substr(i + 1, close - i - 1);
        if (name.empty() || name.find('{') != std::string_view::npos) {
          problem(index, "`{` in `" + std::string(segment) + "` begins no parameter; write `{name}`");
          return false;
        }
        if (!parts.parameters.empty() && parts.literals.back().empty()) {
          problem(index, "two parameters in `" + std::string(segment) +
                             "` have nothing between them: where the first ends cannot be known");
          return false;
        }
        parts.parameters.emplace_back(name);
        parts.literals.emplace_back();
        i = close;
        continue;
      }
      const bool encoded = c == '%' && segment.size() - i > 2 && is(segment[i + 1], kHexDigit) &&
                           is(segment[i + 2], kHexDigit);
      if (!encoded && !is(c, kPathCharacter)) {
        problem(index,
                "`" + std::string(segment) + "` holds a character that no path may; percent-encode it");
        return false;
      }
      parts.literals.back() += c;
    }
    return true;
  }

  void add(std::size_t index) {
    const Route& route = routes_[index];
    if (!route.path.starts_with('/'))
      return problem(index, "the path `" + route.path + "` does not begin with `/`");
    if (route.method == Method::connect || route.method == Method::other) {
      return problem(index, quoted(route) + " has a method that no operation can have");
    }
    std::uint32_t node = 0;
    auto& names = table_.parameters_[index];
    Segment segment{{}, std::string_view(route.path).substr(1), false};
    while (!segment.last) {
      segment = first_segment(segment.rest);
      Parts parts;
      if (!split(index, segment.text, parts)) return;
      if ((segment.text.empty() && !segment.last) || segment.text == "." || segment.text == "..") {
        return problem(
            index, "no request can have the path `" + route.path + "`: empty and dot segments are refused");
      }
      for (auto& name : parts.parameters) {
        if (std::find(names.begin(), names.end(), name) != names.end()) {
          return problem(index, "`{" + name + "}` stands twice in `" + route.path + "`");
        }
        names.push_back(name);
      }
      if (names.size() > Captures::kCapacity) {
        return problem(index, "`" + route.path + "` has more than " + std::to_string(Captures::kCapacity) +
                                  " parameters");
      }
      node = child(node, parts, index);
      if (node == kNone) return;
    }
    end_here(node, index);
  }

  std::uint32_t child(std::uint32_t node, const Parts& parts, std::size_t index) {
    if (parts.parameters.empty()) {
      table_.nodes_[node].has_literals = true;
      const auto known = building_[node].literals.find(parts.literals.front());
      if (known != building_[node].literals.end()) return known->second;
      const auto made = new_node();
      building_[node].literals.emplace(parts.literals.front(), made);
      return made;
    }
    if (parts.parameters.size() == 1 && parts.literals[0].empty() && parts.literals[1].empty()) {
      if (table_.nodes_[node].parameter == kNone) {
        const auto made = new_node();
        table_.nodes_[node].parameter = made;
      }
      return table_.nodes_[node].parameter;
    }
    const auto& patterns = table_.nodes_[node].patterns;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (patterns[i].literals == parts.literals) return patterns[i].child;
      if (!may_overlap(patterns[i].literals, parts.literals)) continue;
      problem(index,
              quoted(routes_[index]) + " and " + quoted(routes_[building_[node].pattern_routes[i]]) +
                  " are ambiguous: one segment can match both, and neither is more specific; let them differ "
                  "in a whole segment");
      return kNone;
    }
    const auto made = new_node();
    table_.nodes_[node].patterns.push_back({parts.literals, made});
    building_[node].pattern_routes.push_back(index);
    return made;
  }

  // Different beginnings or different ends cannot match the same text; of everything else it is assumed.
  static bool may_overlap(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    const auto compatible = [](std::string_view one, std::string_view other, auto has) {
      return one.size() < other.size() ? has(other, one) : has(one, other);
    };
    return compatible(a.front(), b.front(),
                      [](std::string_view text, std::string_view part) { return text.starts_with(part); }) &&
           compatible(a.back(), b.back(),
                      [](std::string_view text, std::string_view part) { return text.ends_with(part); });
  }

  void end_here(std::uint32_t node, std::size_t index) {
    const Route& route = routes_[index];
    auto& endpoint_index = table_.nodes_[node].endpoint;
    if (endpoint_index == kNone) {
      endpoint_index = static_cast<std::uint32_t>(table_.endpoints_.size());
      table_.endpoints_.emplace_back().route.fill(kNone);
      building_[node].route = index;
    }
    const Route& first = routes_[building_[node].route];
    if (first.path != route.path) {
      return problem(index,
                     quoted(route) + " and " + quoted(first) +
                         " are ambiguous: they match the same paths; remove one, or put a word in front");
    }
    auto& place = table_.endpoints_[endpoint_index].route[static_cast<std::size_t>(route.method)];
    if (place != kNone) {
      return problem(index,
                     quoted(route) + " and " + quoted(routes_[place]) + " are the same method and path");
    }
    place = static_cast<std::uint32_t>(index);
  }

  void write_literals() {
    std::size_t count = 0;
    for (const auto& node : building_) {
      for (const auto& [text, child] : node.literals) count += text.find('%') == std::string::npos ? 1 : 2;
    }
    table_.literals_.resize(std::bit_ceil(count * 2 + 2));
    for (std::uint32_t node = 0; node < building_.size(); ++node) {
      for (const auto& [text, child] : building_[node].literals) {
        put_literal(node, text, child);
        // Under its decoded text too, where reads_as_sibling looks: no request segment is equal to that.
        if (const auto decoded = percent_decoded(text); decoded && *decoded != text)
          put_literal(node, *decoded, child);
      }
    }
  }

  void put_literal(std::uint32_t node, std::string_view text, std::uint32_t child) {
    const std::size_t mask = table_.literals_.size() - 1;
    std::size_t slot = RouteTable::hash(node, text) & mask;
    while (table_.literals_[slot].child != kNone) slot = (slot + 1) & mask;
    table_.literals_[slot] = {node, child, static_cast<std::uint32_t>(table_.text_.size()),
                              static_cast<std::uint32_t>(text.size())};
    table_.text_ += text;
  }

  void write_allow() {
    for (auto& endpoint : table_.endpoints_) {
      for (std::size_t method = 0; method < kMethodCount; ++method) {
        if (endpoint.route[method] == kNone) continue;
        if (!endpoint.allow.empty()) endpoint.allow += ", ";
        endpoint.allow += kMethodNames[method];
      }
    }
  }

  // Walks two subtrees that the same segments reach. `a` is more specific where the two parted; wherever `b`
  // is so later on, the two routes at the end of it overlap.
  void overlap(std::uint32_t a, std::uint32_t b, bool crossed) {
    if (++overlap_steps_ > kOverlapSteps || table_.overlaps_.size() >= kOverlapLimit) return;
    const auto& node_a = table_.nodes_[a];
    const auto& node_b = table_.nodes_[b];
    if (crossed && node_a.endpoint != kNone && node_b.endpoint != kNone) {
      table_.overlaps_.push_back({building_[a].route, building_[b].route});
    }
    for (const auto& [text, child] : building_[a].literals) {
      const auto same = building_[b].literals.find(text);
      if (same != building_[b].literals.end()) overlap(child, same->second, crossed);
      for_each_template(b, text, [&](std::uint32_t other) { overlap(child, other, crossed); });
    }
    for (const auto& [text, child] : building_[b].literals) {
      for_each_template(a, text, [&](std::uint32_t other) { overlap(other, child, true); });
    }
    for (const auto& pattern : node_a.patterns) {
      for (const auto& other : node_b.patterns) {
        if (may_overlap(pattern.literals, other.literals)) overlap(pattern.child, other.child, crossed);
      }
      if (node_b.parameter != kNone) overlap(pattern.child, node_b.parameter, crossed);
    }
    if (node_a.parameter == kNone) return;
    for (const auto& other : node_b.patterns) overlap(node_a.parameter, other.child, true);
    if (node_b.parameter != kNone) overlap(node_a.parameter, node_b.parameter, crossed);
  }

  template <typename Visit>
  void for_each_template(std::uint32_t node, std::string_view segment, Visit visit) {
    if (segment.empty()) return;
    Captures ignored;
    for (const auto& pattern : table_.nodes_[node].patterns) {
      ignored.size = 0;
      if (RouteTable::match(pattern, segment, ignored)) visit(pattern.child);
    }
    if (table_.nodes_[node].parameter != kNone) visit(table_.nodes_[node].parameter);
  }

  void find_overlaps() {
    for (std::uint32_t node = 0; node < table_.nodes_.size(); ++node) {
      for (const auto& [text, child] : building_[node].literals) {
        for_each_template(node, text, [&, at = child](std::uint32_t other) { overlap(at, other, false); });
      }
      if (table_.nodes_[node].parameter == kNone) continue;
      for (const auto& pattern : table_.nodes_[node].patterns)
        overlap(pattern.child, table_.nodes_[node].parameter, false);
    }
  }

  std::span<const Route> routes_;
  RouteTable table_;
  std::vector<Building> building_;
  std::vector<RouteProblem> problems_;
  std::size_t overlap_steps_ = 0;
};

std::expected<RouteTable, std::vector<RouteProblem>> RouteTable::build(std::span<const Route> routes) {
  return RouteTableBuilder(routes).build();
}

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

bool RouteTable::reads_as_sibling(std::uint32_t node, std::string_view segment, Siblings siblings) const {
  if (segment.find_first_of("%;") == std::string_view::npos) return false;
  const auto decoded = percent_decoded(segment).value_or(std::string(segment));
  const auto cut = std::string_view(decoded).substr(0, decoded.find(';'));
  for (const std::string_view reading : {std::string_view(decoded), cut}) {
    if (reading == segment) continue;
    if (nodes_[node].has_literals && literal_child(node, reading) != kNone) return true;
    if (siblings == Siblings::literals) continue;
    Captures ignored;
    for (const Pattern& pattern : nodes_[node].patterns) {
      ignored.size = 0;
      if (match(pattern, reading, ignored)) return true;
    }
  }
  return false;
}

// The endpoint's index. Every node is visited at most once: there is one way from the root to it.
std::uint32_t RouteTable::walk(std::uint32_t node, std::string_view rest, Captures& captures) const {
  const Node& here = nodes_[node];
  const auto [segment, behind, last] = first_segment(rest);
  const auto go_on = [&, tail = behind, at_end = last](std::uint32_t child) {
    return at_end ? nodes_[child].endpoint : walk(child, tail, captures);
  };
  if (here.has_literals) {
    if (const auto child = literal_child(node, segment); child != kNone) {
      if (const auto found = go_on(child); found != kNone) return found;
    }
  }
  if (segment.empty()) return kNone;
  const std::size_t captured = captures.size;
  if (!here.patterns.empty() && !reads_as_sibling(node, segment, Siblings::literals)) {
    for (const Pattern& pattern : here.patterns) {
      if (match(pattern, segment, captures)) {
        if (const auto found = go_on(pattern.child); found != kNone) return found;
      }
      captures.size = captured;
    }
  }
  if (here.parameter == kNone) return kNone;
  if ((here.has_literals || !here.patterns.empty()) &&
      reads_as_sibling(node, segment, Siblings::literals_and_patterns)) {
    return kNone;
  }
  captures.values[captures.size++] = segment;
  const auto found = go_on(here.parameter);
  if (found == kNone) captures.size = captured;
  return found;
}

RouteMatch RouteTable::find(Method method, std::string_view path, Captures& captures) const {
  captures.size = 0;
  if (!path.starts_with('/')) return {};  // `*`
  const auto found = walk(0, path.substr(1), captures);
  if (found == kNone) return {};
  const Endpoint& endpoint = endpoints_[found];
  const auto route = endpoint.route[static_cast<std::size_t>(method)];
  if (route == kNone) return {RouteOutcome::no_method, 0, endpoint.allow};
  return {RouteOutcome::found, route, endpoint.allow};
}

}  // namespace gatehouse::http
