#include <algorithm>
#include <bit>
#include <map>
#include <set>
#include <utility>

#include "base/strings.h"
#include "http/characters.h"
#include "http/path_segment.h"
#include "http/route_table.h"

namespace gatehouse::http {
namespace {

std::string quoted(const Route& route) { return '`' + route.name + "` (" + route.path + ")"; }

}  // namespace

// Node numbers are shared by the maps that are only needed while building and by the table itself.
class RouteTableBuilder {
 public:
  RouteTableBuilder(std::span<const Route> routes, PathReading reading) : routes_(routes) {
    new_node();
    table_.reading_ = reading;
    table_.parameters_.resize(routes.size());
    for (const Route& route : routes) {
      table_.policies_.push_back(route.policy);
      table_.readers_.push_back(route.reader);
      table_.uses_.push_back(route.use);
      table_.policies_differ_ = table_.policies_differ_ || route.policy != routes.front().policy;
    }
  }

  std::expected<RouteTable, std::vector<RouteProblem>> build() {
    for (std::size_t i = 0; i < routes_.size(); ++i) add(i);
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
    find_overlaps();
    write_literals();
    answer_head();
    write_allow();
    find_twins();
    if (!problems_.empty()) return std::unexpected(std::move(problems_));
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
          problem(index, "`{` in `" + std::string(segment) + "` does not begin a parameter; write `{name}`");
          return false;
        }
        if (!parts.parameters.empty() && parts.literals.back().empty()) {
          problem(index, "two parameters in `" + std::string(segment) +
                             "` have no text between them, so the end of the first is ambiguous");
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
        problem(index, "`" + std::string(segment) +
                           "` contains a character that a path cannot have; percent-encode it");
        return false;
      }
      parts.literals.back() += table_.reading_.letters == LetterCase::insensitive ? ascii_lower(c) : c;
    }
    return true;
  }

  void add(std::size_t index) {
    const Route& route = routes_[index];
    if (!route.path.starts_with('/'))
      return problem(index, "the path `" + route.path + "` does not begin with `/`");
    if (route.method == Method::connect || route.method == Method::other) {
      return problem(index, quoted(route) + " has a method that an operation cannot have");
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
          return problem(index, "`{" + name + "}` is twice in `" + route.path + "`");
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
      if (parts.literals.front().empty()) table_.nodes_[node].slash = made;
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
    std::size_t before = patterns.size();
    std::vector<std::uint32_t> wider;
    std::vector<std::size_t> narrower;
    for (std::size_t i = 0; i < patterns.size(); ++i) {
      if (patterns[i].literals == parts.literals) return patterns[i].child;
      if (is_narrower(parts.literals, patterns[i].literals)) {
        before = std::min(before, i);
        wider.push_back(patterns[i].child);
        continue;
      }
      if (is_narrower(patterns[i].literals, parts.literals)) {
        narrower.push_back(i);
        continue;
      }
      if (!may_overlap(patterns[i].literals, parts.literals)) continue;
      problem(index, quoted(routes_[index]) + " and " + quoted(routes_[building_[node].pattern_routes[i]]) +
                         " are ambiguous: one segment can match both, and neither is more specific; let them "
                         "differ in a whole segment");
      return kNone;
    }
    const auto made = new_node();
    std::vector<std::string> readings;
    for (const std::string& literal : parts.literals) {
      readings.emplace_back(SegmentReading(literal, table_.reading_).text());
    }
    auto& all = table_.nodes_[node].patterns;  // making a node moved them
    for (const std::size_t i : narrower) all[i].wider.push_back(made);
    const auto at = static_cast<std::ptrdiff_t>(before);
    all.insert(all.begin() + at, {parts.literals, made, std::move(readings), std::move(wider)});
    auto& brought = building_[node].pattern_routes;
    brought.insert(brought.begin() + at, index);
    return made;
  }

  // Whether `wide` with text or parameters, or both, in place of its parameters is `narrow`. Each is the
  // literals around its parameters; no literal has a `{`.
  static bool is_narrower(const std::vector<std::string>& narrow, const std::vector<std::string>& wide) {
    std::string text = narrow.front();
    for (std::size_t i = 1; i < narrow.size(); ++i) text += '{' + narrow[i];
    if (!text.starts_with(wide.front()) || !text.ends_with(wide.back())) return false;
    std::size_t at = wide.front().size();
    for (std::size_t i = 1; i + 1 < wide.size(); ++i) {
      at = text.find(wide[i], at + 1);
      if (at == std::string::npos) return false;
      at += wide[i].size();
    }
    return text.size() > at + wide.back().size();
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
    auto& place = table_.endpoints_[endpoint_index].route[static_cast<std::size_t>(route.method)];
    if (place != kNone) {
      const bool same = routes_[place].path == route.path;
      problems_.push_back(
          {index,
           quoted(route) + " and " + quoted(routes_[place]) +
               (same ? " are the same method and path"
                     : " are ambiguous: they match the same paths; remove one, or put a literal segment in "
                       "front"),
           place});
      return;
    }
    place = static_cast<std::uint32_t>(index);
  }

  void write_literals() {
    std::size_t count = 0;
    for (const auto& node : building_) count += node.literals.size();
    table_.literals_.resize(std::bit_ceil(count * 2 + 2));
    table_.readings_.resize(table_.literals_.size());
    for (std::uint32_t node = 0; node < building_.size(); ++node) {
      for (const auto& [text, child] : building_[node].literals) {
        put(table_.literals_, RouteTable::hash(node, text), node, text, child);
        const SegmentReading reading(text, table_.reading_);
        put(table_.readings_, RouteTable::reading_hash(node, SegmentReading::hash_of(reading.text())), node,
            reading.text(), child);
      }
    }
  }

  void put(std::vector<RouteTable::Literal>& into, std::uint64_t hash, std::uint32_t node,
           std::string_view text, std::uint32_t child) {
    const std::size_t mask = into.size() - 1;
    std::size_t slot = hash & mask;
    while (into[slot].child != kNone) slot = (slot + 1) & mask;
    into[slot] = {node, child, static_cast<std::uint32_t>(table_.text_.size()),
                  static_cast<std::uint32_t>(text.size())};
    table_.text_ += text;
  }

  // ---- literals that an upstream may read as one ----

  void find_twins() {
    for (std::uint32_t node = 0; node < building_.size(); ++node) {
      if (table_.reading_.cuts == PathCuts::lenient) compare(node, table_.nodes_[node].slash);
      for_each_twin(node, [&](std::uint32_t a, std::uint32_t b) {
        table_.nodes_[node].has_twins = true;
        find_problems(a, b);
      });
    }
  }

  // Each literal of the node with each sibling as which it may be read.
  template <typename Visit>
  void for_each_twin(std::uint32_t node, Visit visit) {
    for (const auto& [text, child] : building_[node].literals) {
      const SegmentReading reading(text, table_.reading_);
      table_.for_each_reading(node, reading, [&, a = child](std::uint32_t b) {
        if (a != b) visit(a, b);
      });
    }
  }

  // Two subtrees that one path may lead to, for different readers.
  void find_problems(std::uint32_t a, std::uint32_t b) {
    if (++twin_steps_ > kOverlapSteps) return;
    compare(a, b);
    if (table_.reading_.cuts == PathCuts::lenient) {
      compare(a, table_.nodes_[b].slash);
      compare(table_.nodes_[a].slash, b);
    }
    const auto& node_a = table_.nodes_[a];
    const auto& node_b = table_.nodes_[b];
    for (const auto& [text, child] : building_[a].literals) {
      const SegmentReading reading(text, table_.reading_);
      table_.for_each_reading(b, reading, [&, from = child](std::uint32_t to) { find_problems(from, to); });
      for (const auto& pattern : node_b.patterns) {
        if (RouteTable::may_match(pattern, reading)) find_problems(child, pattern.child);
      }
      if (!text.empty() && node_b.parameter != kNone) find_problems(child, node_b.parameter);
    }
    if (node_a.parameter != kNone && node_b.parameter != kNone)
      find_problems(node_a.parameter, node_b.parameter);
    for (const auto& pattern : node_a.patterns) {
      for (const auto& other : node_b.patterns) {
        if (pattern.readings == other.readings) find_problems(pattern.child, other.child);
      }
      if (node_b.parameter != kNone) find_problems(pattern.child, node_b.parameter);
    }
  }

  void compare(std::uint32_t a, std::uint32_t b) {
    if (a == kNone || b == kNone) return;
    const auto of = [&](std::uint32_t node, std::size_t method) {
      const auto endpoint = table_.nodes_[node].endpoint;
      return endpoint == kNone ? kNone : table_.endpoints_[endpoint].route[method];
    };
    for (std::size_t method = 0; method < kMethodCount; ++method) {
      const auto first = of(a, method);
      const auto second = of(b, method);
      if (first == kNone || second == kNone || routes_[first].policy == routes_[second].policy) continue;
      if (routes_[first].reader == PathReader::gatehouse && routes_[second].reader == PathReader::gatehouse)
        continue;
      if (!told_.insert(std::minmax(first, second)).second) continue;
      problem(std::max(first, second),
              quoted(routes_[std::max(first, second)]) + " and " + quoted(routes_[std::min(first, second)]) +
                  " have different policies, but an upstream may read the path of one as that of the other; "
                  "give both the same policy, rename one, or state how the upstreams read paths with "
                  "`routing: {case: sensitive}` and `routing: {reading: exact}`");
    }
  }

  // Where GET is, HEAD is too (RFC 9110 section 9.3.2), unless the document declares another operation for
  // it.
  void answer_head() {
    for (auto& endpoint : table_.endpoints_) {
      auto& head = endpoint.route[static_cast<std::size_t>(Method::head)];
      if (head == kNone) head = endpoint.route[static_cast<std::size_t>(Method::get)];
    }
  }

  void write_allow() {
    for (auto& endpoint : table_.endpoints_) {
      for (std::size_t method = 0; method < kMethodCount; ++method) {
        const std::uint32_t route = endpoint.route[method];
        if (route == kNone || routes_[route].use == RouteUse::withheld) continue;
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
        if (may_overlap(pattern.literals, other.literals)) {
          overlap(pattern.child, other.child, crossed || is_narrower(other.literals, pattern.literals));
        }
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
      for (const auto& pattern : table_.nodes_[node].patterns) {
        for (const std::uint32_t wider : pattern.wider) overlap(pattern.child, wider, false);
        if (table_.nodes_[node].parameter != kNone)
          overlap(pattern.child, table_.nodes_[node].parameter, false);
      }
    }
  }

  std::span<const Route> routes_;
  RouteTable table_;
  std::vector<Building> building_;
  std::vector<RouteProblem> problems_;
  std::size_t overlap_steps_ = 0;
  std::size_t twin_steps_ = 0;
  std::set<std::pair<std::uint32_t, std::uint32_t>> told_;
};

std::expected<RouteTable, std::vector<RouteProblem>> RouteTable::build(std::span<const Route> routes,
                                                                       PathReading reading) {
  return RouteTableBuilder(routes, reading).build();
}

}  // namespace gatehouse::http
