// Paths to operations. Compiled once; finding costs the length of the path, for any number of operations.
//
// Decisions:
//   - Segment by segment from the left, a literal wins over a template with literal parts (`{name}.json`),
//     and
//     that over a template that is a whole segment. If the rest of the path then fails, the next is tried.
//   - Templates that differ in parameter names only are one path with the methods of all of them; a method
//     that two of them have is an error. Of two templates with literal parts that one segment could match,
//     one is the other with text or more parameters in place of a parameter (`near.{format}` and
//     `{id}.{format}`), and wins over it; otherwise they are an error too.
//   - Templates of which each is more specific in another segment (`/books/{id}` and `/{kind}/mine`) follow
//     the first rule (`/books/mine` is the former) and are listed by overlaps(), so that a review can show
//     them.
//   - The path decides first, then the method: the method never selects an operation of a less specific
//     path.
//   - GET answers HEAD, unless HEAD is declared. OPTIONS exists only if it is declared.
//   - A trailing slash makes another path. A parameter is never empty and never spans segments.
//   - Parts of one segment: a parameter ends at the literal that follows it, and that literal occurs once in
//     the text that two parameters share; `{a}{b}` is an error.
//   - An upstream may read a path differently (path_reading.h). A path that it could read as a sibling's with
//     another policy is refused: by find() if a parameter matched the segment, and by build() if two literals
//     are read as one. Whatever Gatehouse chose, the upstream might choose the other. If the policies are the
//     same, Gatehouse's reading applies.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/captures.h"
#include "http/method.h"
#include "http/path_reading.h"

namespace gatehouse::http {

// The reader of a request's path after routing.
enum class PathReader : std::uint8_t { gatehouse, upstream };

// Whether a request may have the route. One that is withheld takes its method and path from all other routes,
// and is answered as if nothing were there.
enum class RouteUse : std::uint8_t { served, withheld };

struct Route {
  Method method = Method::get;
  std::string path;          // an OpenAPI path template, base path included: `/orders/{id}`
  std::string name;          // for problems: the operationId, or "GET /orders/{id}"
  std::uint32_t policy = 0;  // routes of the same number have the same policy
  PathReader reader = PathReader::upstream;
  RouteUse use = RouteUse::served;
};

// Two routes that one path could mean; the first is the one it does mean.
struct RouteOverlap {
  std::size_t chosen = 0;
  std::size_t passed_over = 0;
};

struct RouteProblem {
  std::size_t route = 0;  // index into the routes that were given
  std::string what;
  std::optional<std::size_t> same_as = std::nullopt;  // the route with the same method and path
};

enum class RouteOutcome : std::uint8_t {
  found,
  withheld,
  ambiguous,  // an upstream could take it for another route, whose policy is another
  no_path,
  no_method,
};

struct RouteMatch {
  RouteOutcome outcome = RouteOutcome::no_path;
  std::uint32_t route = 0;  // found, withheld, ambiguous: index into the routes that the table was built from
  std::string_view allow;   // all but no_path: the value of Allow; lives as long as the table
};

class RouteTable {
 public:
  // Every problem is reported.
  static std::expected<RouteTable, std::vector<RouteProblem>> build(std::span<const Route> routes,
                                                                    PathReading reading = {});

  // `path` as RequestHead has it: checked, raw, without the query.
  RouteMatch find(Method method, std::string_view path, Captures& captures) const;

  // The names of the template's parameters, in the order of the captures.
  const std::vector<std::string>& parameters(std::uint32_t route) const { return parameters_[route]; }
  const std::vector<RouteOverlap>& overlaps() const { return overlaps_; }

 private:
  friend class RouteTableBuilder;

  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  // A template with literal parts: prefix, then parameter and literal in turn.
  struct Pattern {
    std::vector<std::string> literals;  // one more than it has parameters; the first and last may be empty
    std::uint32_t child = kNone;
    std::vector<std::string> readings;  // the literals as SegmentReading has them
    std::vector<std::uint32_t> wider;   // the children of those that this one wins over
  };
  struct Node {
    std::uint32_t endpoint = kNone;
    std::uint32_t parameter = kNone;  // the child for a segment that is one whole parameter
    std::uint32_t slash = kNone;      // the child for a final slash
    bool has_literals = false;        // of its own
    bool has_twins = false;           // two of its literals may be read as one
    std::vector<Pattern> patterns;    // one that wins over another stands before it
  };
  struct Endpoint {
    std::array<std::uint32_t, kMethodCount> route;
    std::string allow;
  };
  // Literal children of all nodes in one table, open addressing.
  struct Literal {
    std::uint32_t node = kNone;
    std::uint32_t child = kNone;
    std::uint32_t text_at = 0;
    std::uint32_t text_size = 0;
  };

  // The input and the findings of a walk: the path's segments and the matches.
  struct Walk {
    Method method = Method::get;
    Captures& captures;
    bool ambiguous = false;
  };
  // The child for a segment, and the segments after it.
  struct Step {
    std::uint32_t child = kNone;
    std::string_view rest;
    bool last = false;
  };

  static std::uint64_t hash(std::uint32_t node, std::string_view segment);
  static std::uint64_t reading_hash(std::uint32_t node, std::uint64_t of_text) {
    return of_text ^ (node + 1) * 0x9E3779B97F4A7C15ULL;
  }
  std::uint32_t literal_child(std::uint32_t node, std::string_view segment) const;
  std::uint32_t walk(std::uint32_t node, std::string_view rest, Walk& walk) const;
  std::uint32_t go_on(const Step& step, Walk& walk) const;

  // route_reading.cc
  enum class Chosen : std::uint8_t { literal, pattern, parameter };
  void look_beside(std::uint32_t node, std::string_view segment, const Step& taken, Chosen as,
                   std::uint32_t endpoint, Walk& walk) const;
  // Calls `visit(child)` for each literal child as which the segment may be read.
  template <typename Visit>
  void for_each_reading(std::uint32_t node, const SegmentReading& reading, Visit visit) const {
    if (!nodes_[node].has_literals) return;
    const std::size_t mask = readings_.size() - 1;
    reading.for_each_end([&](std::size_t size, std::uint64_t hash) {
      const std::string_view text = reading.text().substr(0, size);
      for (std::size_t slot = reading_hash(node, hash) & mask;; slot = (slot + 1) & mask) {
        const Literal& literal = readings_[slot];
        if (literal.child == kNone) return;
        const bool same = literal.node == node && literal.text_size == size &&
                          std::string_view(text_).substr(literal.text_at, size) == text;
        if (same) visit(literal.child);
      }
    });
  }
  static bool may_match(const Pattern& pattern, const SegmentReading& reading);
  bool reaches_other(const Step& step, Method method, std::uint32_t chosen, std::size_t& steps) const;
  bool is_other(std::uint32_t endpoint, Method method, std::uint32_t chosen) const;
  static bool match(const Pattern& pattern, std::string_view segment, Captures& captures);

  std::vector<Node> nodes_;
  std::vector<Endpoint> endpoints_;
  std::vector<Literal> literals_;
  std::vector<Literal> readings_;  // the same by their readings; several may have the same
  std::string text_;
  PathReading reading_;
  bool policies_differ_ = false;
  std::vector<std::uint32_t> policies_;  // of routes
  std::vector<PathReader> readers_;
  std::vector<RouteUse> uses_;
  std::vector<std::vector<std::string>> parameters_;
  std::vector<RouteOverlap> overlaps_;
};

}  // namespace gatehouse::http
