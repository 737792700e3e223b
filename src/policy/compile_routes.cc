#include "policy/compile_routes.h"

#include <algorithm>
#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "http/route_table.h"
#include "http/served_names.h"
#include "http/uri.h"
#include "json/writer.h"
#include "policy/route_tables.h"

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
  if (health.value.empty() || !set.routes.has_path(health.value)) return;
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

// The hosts of a document in one text; empty: all.
std::string hosts_of(const DocumentSettings* document) {
  std::string all;
  if (document == nullptr) return all;
  for (const PlacedText& host : document->hosts) all += host.value + ' ';
  return all;
}

}  // namespace

class RoutesCompiler {
 public:
  RoutesCompiler(PolicySet& set, Problems& problems) : set_(set), problems_(problems) {}

  bool run() {
    collect();
    find_upstreams();
    add_sites();
    if (failed_) return false;
    add_spaces();
    set_.routes = Routes(tables_);
    return !failed_;
  }

 private:
  // The rest of what a leaf is made of.
  struct Collected {
    http::Route route;
    Place place;
    const DocumentSettings* document = nullptr;
    const Upstream* upstream = nullptr;  // null: the path reaches none
  };
  // The way from a client's path to an upstream's.
  struct View {
    std::string hosts, stripped, base;
    auto operator<=>(const View&) const = default;
  };

  void add(http::Route route, Place place, const DocumentSettings* document, const Upstream* upstream,
           std::uint32_t operation) {
    const std::size_t stripped = document == nullptr ? 0 : document->strip.value.size();
    tables_->leaves.push_back({.operation = operation,
                               .policy = route.policy,
                               .stripped = static_cast<std::uint32_t>(stripped),
                               .bases = {}});
    all_.push_back({std::move(route), std::move(place), document, upstream});
  }

  void collect() {
    std::map<std::string, std::uint32_t> policies;
    for (const Operation& operation : set_.operations) {
      const auto number = static_cast<std::uint32_t>(policies.size());
      const std::uint32_t policy = policies.emplace(policy_text(operation), number).first->second;
      const UpstreamTargetPolicy* const upstream = operation.upstream();
      const auto reader = upstream != nullptr ? http::PathReader::upstream : http::PathReader::gatehouse;
      for (const std::string& path : operation.api->routes) {
        add({http::method_from(operation.method), path, operation.name, policy, reader}, operation.api->place,
            operation.document, upstream == nullptr ? nullptr : upstream->upstream, operation.index);
      }
    }
    for (std::size_t i = 0; i < set_.excluded.size(); ++i) {
      const ExcludedOperation& one = set_.excluded[i];
      const http::Method method = http::method_from(openapi::name(one.api->method));
      // Its policy is no other operation's, so that a path which an upstream could read as its path is
      // refused.
      const auto policy = static_cast<std::uint32_t>(policies.size() + i);
      for (const std::string& path : one.api->routes) {
        add({method, path, one.api->name(), policy, http::PathReader::upstream, http::RouteUse::withheld},
            one.api->place, one.document, one.upstream, static_cast<std::uint32_t>(i));
      }
    }
  }

  // ---- hosts ----

  void add_sites() {
    const std::vector<DocumentSettings>& documents = set_.settings.openapi;
    std::set<std::string> hosts;
    for (const DocumentSettings& document : documents) {
      for (const PlacedText& host : document.hosts) hosts.insert(host.value);
    }
    std::map<std::vector<const DocumentSettings*>, std::uint32_t> sites;
    const auto site_with = [&](const auto& has) {
      std::vector<const DocumentSettings*> own;
      for (const DocumentSettings& document : documents) {
        if (document.hosts.empty() || std::ranges::any_of(document.hosts, has)) own.push_back(&document);
      }
      const auto [site, is_new] = sites.emplace(own, static_cast<std::uint32_t>(sites.size()));
      if (is_new) add_site(own);
      return site->second;
    };
    site_with([](const PlacedText&) { return false; });
    for (const std::string& host : hosts) {
      const std::uint32_t site =
          site_with([&](const PlacedText& one) { return http::is_host(host, one.value); });
      const bool all = host.starts_with("*.");
      (all ? tables_->wildcards : tables_->hosts).emplace_back(all ? host.substr(1) : host, site);
    }
    std::ranges::sort(tables_->wildcards);
  }

  void add_site(const std::vector<const DocumentSettings*>& documents) {
    std::vector<http::Route> routes;
    std::vector<std::uint32_t> leaves;
    for (std::uint32_t i = 0; i < all_.size(); ++i) {
      const DocumentSettings* const document = all_[i].document;
      if (document != nullptr && std::ranges::find(documents, document) == documents.end()) continue;
      routes.push_back(all_[i].route);
      leaves.push_back(i);
    }
    if (auto table = build(routes, leaves)) tables_->sites.push_back({*std::move(table), std::move(leaves)});
  }

  // `leaves`: of each route.
  std::optional<http::RouteTable> build(const std::vector<http::Route>& routes,
                                        const std::vector<std::uint32_t>& leaves) {
    auto table = http::RouteTable::build(routes, set_.settings.routing);
    if (table) return *std::move(table);
    failed_ = true;
    for (const http::RouteProblem& problem : table.error()) {
      const Collected& one = all_[leaves[problem.route]];
      std::string what = problem.what;
      if (problem.same_as && all_[leaves[*problem.same_as]].document != one.document)
        what += "; give their documents different `hosts`, `prefix` or `strip` in `openapi`, or exclude one";
      problems_.add(one.place, what);
    }
    return std::nullopt;
  }

  // ---- the paths that upstreams get ----

  // Upstreams with a host in common are the same servers.
  void find_upstreams() {
    std::map<std::string, std::uint32_t> servers;
    for (const auto& [name, upstream] : set_.settings.upstreams) {
      auto& own = servers_[&upstream] = static_cast<std::uint32_t>(servers_.size());
      for (const PlacedText& text : upstream.urls) {
        const auto url = http::parse_url(text.value);
        if (!url) continue;  // reported
        const std::uint32_t other = servers.emplace(url->authority(), own).first->second;
        if (other == own) continue;
        const std::uint32_t joined = own;
        for (auto& [of, server] : servers_) server = server == joined ? other : server;
        for (auto& [of, server] : servers) server = server == joined ? other : server;
      }
    }
  }

  // The paths of an upstream's URLs.
  static std::vector<std::string> bases_of(const Upstream& upstream) {
    std::vector<std::string> bases;
    for (const PlacedText& text : upstream.urls) {
      const auto url = http::parse_url(text.value);
      if (!url) continue;
      std::string base = url->path;
      while (base.ends_with('/')) base.pop_back();
      if (std::ranges::find(bases, base) == bases.end()) bases.push_back(std::move(base));
    }
    return bases;
  }

  void add_spaces() {
    std::map<std::uint32_t, std::vector<std::uint32_t>> of_servers;  // leaves
    for (std::uint32_t i = 0; i < all_.size(); ++i) {
      if (all_[i].upstream != nullptr) of_servers[servers_.at(all_[i].upstream)].push_back(i);
    }
    for (const auto& [server, leaves] : of_servers) {
      std::set<View> views;
      std::set<std::string> bases;
      for (const std::uint32_t leaf : leaves) {
        const Collected& one = all_[leaf];
        for (const std::string& base : bases_of(*one.upstream)) {
          bases.insert(base);
          views.insert(
              {hosts_of(one.document), one.document == nullptr ? "" : one.document->strip.value, base});
        }
      }
      if (views.size() > 1) add_space(leaves, bases.size());
    }
  }

  // One route for all operations of a method and path: each of them states its policy for it.
  struct Shared {
    http::Route route;
    std::uint32_t leaf = 0;  // the first
    std::set<std::uint32_t> policies;
  };

  void add_space(const std::vector<std::uint32_t>& leaves, std::size_t bases) {
    std::map<std::pair<http::Method, std::string>, Shared> shared;
    for (const std::uint32_t index : leaves) {
      const Collected& one = all_[index];
      RouteTables::Leaf& leaf = tables_->leaves[index];
      leaf.space = static_cast<std::uint32_t>(tables_->spaces.size());
      // In front of all paths it separates none.
      leaf.bases = bases > 1 ? bases_of(*one.upstream) : std::vector<std::string>{""};
      for (const std::string& base : leaf.bases) {
        http::Route route = one.route;
        route.path = base + one.route.path.substr(leaf.stripped);
        const auto [at, is_new] =
            shared.try_emplace({route.method, form_of(route.path)}, Shared{route, index, {}});
        at->second.policies.insert(leaf.policy);
        if (route.use == http::RouteUse::served) at->second.route.use = http::RouteUse::served;
      }
    }
    std::map<std::set<std::uint32_t>, std::uint32_t> numbers;
    std::vector<http::Route> routes;
    std::vector<std::uint32_t> first;
    std::vector<std::vector<std::uint32_t>> policies;
    for (auto& [key, one] : shared) {
      one.route.policy =
          numbers.emplace(one.policies, static_cast<std::uint32_t>(numbers.size())).first->second;
      routes.push_back(one.route);
      first.push_back(one.leaf);
      policies.emplace_back(one.policies.begin(), one.policies.end());
    }
    if (auto table = build(routes, first))
      tables_->spaces.push_back({*std::move(table), std::move(policies)});
  }

  PolicySet& set_;
  Problems& problems_;
  std::shared_ptr<RouteTables> tables_ = std::make_shared<RouteTables>();
  std::vector<Collected> all_;  // by the index of the leaf
  std::map<const Upstream*, std::uint32_t> servers_;
  bool failed_ = false;
};

void compile_routes(PolicySet& set, Problems& problems) {
  if (check_reserved(set, problems) && RoutesCompiler(set, problems).run()) check_health(set, problems);
}

}  // namespace gatehouse::policy
