#include "policy/compile_routes.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "json/writer.h"

namespace gatehouse::policy {
namespace {

std::string text_of(const openapi::Located& schema) {
  return schema ? json::to_text(schema.value) : std::string();
}

// Everything that the gates ask about a request for this operation, but for its path: operations with the
// same text decide alike.
std::string policy_text(const Operation& operation) {
  std::string text =
      fmt::format("permission {}\nanonymous {}\nsensitive {}\nhide {}\nconcurrency {}\nbody {}\n",
                  operation.permission, operation.admits_anonymous, operation.sensitive,
                  static_cast<int>(operation.hide), operation.concurrency, operation.body_bytes);
  const auto out = std::back_inserter(text);
  for (const SchemeAlternative& alternative : operation.alternatives) {
    for (const SchemeUse& use : alternative) {
      fmt::format_to(out, "scheme {}", use.authenticator);
      for (const std::string& scope : use.scopes) fmt::format_to(out, " {}", scope);
      text += '\n';
    }
    text += "or\n";
  }
  for (const auto* limits :
       {&operation.address_limits, &operation.principal_limits, &operation.input_limits}) {
    for (const LimitUse& use : *limits) fmt::format_to(out, "limit {} {}\n", use.limit->name, use.cost);
  }
  if (const OperationSettings* own = operation.settings) {
    for (const PlacedText& condition : own->conditions) fmt::format_to(out, "when {}\n", condition.value);
    if (own->resource && own->resource->sql) fmt::format_to(out, "resource {}\n", own->resource->sql->value);
    if (own->resource && own->resource->upstream)
      fmt::format_to(out, "resource at {}\n", own->resource->upstream->path.value);
  }
  fmt::format_to(out, "slashes {}\n", operation.encoded_slash);
  for (const openapi::Parameter& parameter : operation.api->parameters) {
    if (parameter.in == openapi::In::path) continue;
    fmt::format_to(out, "parameter {} {} {} {}\n", openapi::name(parameter.in), parameter.name,
                   parameter.required, text_of(parameter.schema));
  }
  if (operation.api->body) {
    for (const openapi::Content& content : operation.api->body->content)
      fmt::format_to(out, "content {} {}\n", content.type, text_of(content.schema));
  }
  return text;
}

// `listen.health` is answered before any gate is asked.
void check_health(const PolicySet& set, Problems& problems) {
  const PlacedText& health = set.settings.listen.health;
  if (health.value.empty()) return;
  http::Captures captures;
  const http::RouteMatch match = set.routes.find(http::Method::get, health.value, captures);
  if (match.outcome == http::RouteOutcome::no_path) return;
  problems.add(health.place, fmt::format("listen.health: {} is a path of a document, whose operations could "
                                         "not be called; choose a path that no document has",
                                         health.value));
}

// A path with its parameters' names left out: two operations with the same one answer the same requests.
std::string form_of(std::string_view path) {
  std::string form;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '{') at = std::min(path.find('}', at), path.size() - 1);
    form += path[at];
  }
  return form;
}

// Whether the paths of built-in operations are free.
bool check_reserved(const PolicySet& set, Problems& problems) {
  std::map<std::string, const Operation*> reserved;
  for (const Operation& operation : set.operations) {
    if (operation.built_in() == nullptr) continue;
    for (const std::string& path : operation.api->routes) reserved.emplace(form_of(path), &operation);
  }
  bool is_free = true;
  for (const Operation& operation : set.operations) {
    if (operation.built_in() != nullptr) continue;
    for (const std::string& path : operation.api->routes) {
      const auto own = reserved.find(form_of(path));
      if (own == reserved.end()) continue;
      is_free = false;
      const Place& turned_on = own->second->api->place;
      problems.add(
          operation.api->place,
          fmt::format("{}: Gatehouse answers {} itself ({}, turned on in {}:{}); remove the path from "
                      "this document, or turn that off",
                      operation.name, path, own->second->name, turned_on.file, turned_on.line));
    }
  }
  return is_free;
}

}  // namespace

void compile_routes(PolicySet& set, Problems& problems) {
  if (!check_reserved(set, problems)) return;
  std::vector<http::Route> routes;
  std::vector<Place> places;
  std::map<std::string, std::uint32_t> policies;
  for (const Operation& operation : set.operations) {
    const auto number = static_cast<std::uint32_t>(policies.size());
    const std::uint32_t policy = policies.emplace(policy_text(operation), number).first->second;
    const auto reader =
        operation.upstream() != nullptr ? http::PathReader::upstream : http::PathReader::gatehouse;
    for (const std::string& path : operation.api->routes) {
      routes.push_back({http::method_from(operation.method), path, operation.name, policy, reader});
      places.push_back(operation.api->place);
      set.route_operations.push_back(operation.index);
    }
  }
  for (std::size_t i = 0; i < set.excluded.size(); ++i) {
    const openapi::Operation& excluded = *set.excluded[i].api;
    const http::Method method = http::method_from(openapi::name(excluded.method));
    // Its policy is no other operation's, so that a path which an upstream could read as its path is refused.
    const auto policy = static_cast<std::uint32_t>(policies.size() + i);
    for (const std::string& path : excluded.routes) {
      routes.push_back(
          {method, path, excluded.title(), policy, http::PathReader::upstream, http::RouteUse::withheld});
      places.push_back(excluded.place);
      set.route_operations.push_back(static_cast<std::uint32_t>(i));
    }
  }
  auto table = http::RouteTable::build(routes, set.settings.routing);
  if (table) {
    set.routes = *std::move(table);
    check_health(set, problems);
    return;
  }
  for (const http::RouteProblem& problem : table.error()) problems.add(places[problem.route], problem.what);
}

}  // namespace gatehouse::policy
