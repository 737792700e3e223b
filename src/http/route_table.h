// Paths to operations. Compiled once; finding costs the length of the path, whatever the number of
// operations.
//
// Decisions:
//   - Segment by segment from the left, a literal wins over a template with literal parts (`{name}.json`),
//   and that
//     over a template that is a whole segment; where the rest of the path then fails, the next is tried.
//   - Templates that differ in parameter names only are an error, and so are two templates with literal parts
//   that
//     one segment could match.
//   - Templates of which each is more specific in another segment (`/books/{id}` and `/{kind}/mine`) follow
//   the first
//     rule (`/books/mine` is the former) and are listed by overlaps(), so that a review can show them.
//   - The path decides first, then the method: an operation of a less specific path is never reached by
//   method.
//   - HEAD and OPTIONS exist only where they are declared.
//   - A trailing slash makes another path. A parameter is never empty and never spans segments.
//   - Parts of one segment: a parameter ends at the literal that follows it, and that literal occurs once in
//   what
//     two parameters share; `{a}{b}` is an error.
//   - A segment that a template would take, but that reads as a more specific sibling once it is
//   percent-decoded or
//     cut at `;`, is taken by neither: an upstream might decode first, and be led to the sibling.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/method.h"

namespace gatehouse::http {

struct Route {
  Method method = Method::get;
  std::string path;  // an OpenAPI path template, base path included: `/orders/{id}`
  std::string name;  // for problems: the operationId, or "GET /orders/{id}"
};

// Two routes that one path could mean; the first is the one it does mean.
struct RouteOverlap {
  std::size_t chosen = 0;
  std::size_t passed_over = 0;
};

struct RouteProblem {
  std::size_t route = 0;  // index into the routes that were given
  std::string what;
};

// Raw segments (or parts of them) in the order of the template's parameters; views of the path that was
// matched.
struct Captures {
  static constexpr std::size_t kCapacity = 16;
  std::array<std::string_view, kCapacity> values;
  std::size_t size = 0;
};

enum class RouteOutcome : std::uint8_t { found, no_path, no_method };

struct RouteMatch {
  RouteOutcome outcome = RouteOutcome::no_path;
  std::uint32_t route = 0;  // found: index into the routes that the table was built from
  std::string_view allow;   // found, no_method: the value of Allow; lives as long as the table
};

class RouteTable {
 public:
  // Every problem is reported.
  static std::expected<RouteTable, std::vector<RouteProblem>> build(std::span<const Route> routes);

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
  };
  struct Node {
    std::uint32_t endpoint = kNone;
    std::uint32_t parameter = kNone;  // the child for a segment that is one whole parameter
    bool has_literals = false;  // of its own: a whole parameter beside them must not be read as one of them
    std::vector<Pattern> patterns;
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

  static std::uint64_t hash(std::uint32_t node, std::string_view segment);
  std::uint32_t literal_child(std::uint32_t node, std::string_view segment) const;
  std::uint32_t walk(std::uint32_t node, std::string_view rest, Captures& captures) const;
  enum class Siblings : std::uint8_t { literals, literals_and_patterns };
  bool reads_as_sibling(std::uint32_t node, std::string_view segment, Siblings siblings) const;
  static bool match(const Pattern& pattern, std::string_view segment, Captures& captures);

  std::vector<Node> nodes_;
  std::vector<Endpoint> endpoints_;
  std::vector<Literal> literals_;
  std::string text_;
  std::vector<std::vector<std::string>> parameters_;
  std::vector<RouteOverlap> overlaps_;
};

}  // namespace gatehouse::http
