#include "policy/routes.h"

#include <algorithm>

#include "http/route_table.h"
#include "http/served_names.h"
#include "policy/route_tables.h"

namespace gatehouse::policy {

namespace {

using Tables = RouteTables;

bool tells_hosts_apart(const Tables& tables) { return !tables.hosts.empty() || !tables.wildcards.empty(); }

const Tables::Site& site_of(const Tables& tables, std::string_view authority) {
  if (!tells_hosts_apart(tables)) return tables.sites.front();
  const auto find_in = [](const Tables::Hosts& hosts, std::string_view name) -> const std::uint32_t* {
    const auto name_of = [](const auto& one) -> std::string_view { return one.first; };
    const auto at = std::ranges::lower_bound(hosts, name, {}, name_of);
    return at == hosts.end() || at->first != name ? nullptr : &at->second;
  };
  const std::string_view host = http::host_in(authority);
  const std::uint32_t* site = find_in(tables.hosts, host);
  if (const auto dot = host.find('.'); site == nullptr && dot != std::string_view::npos)
    site = find_in(tables.wildcards, host.substr(dot));
  return tables.sites[site == nullptr ? 0 : *site];
}

bool is_read_otherwise(const Tables& tables, const Tables::Leaf& leaf, http::Method method,
                       std::string_view path) {
  const Tables::Space& space = tables.spaces[leaf.space];
  path.remove_prefix(leaf.stripped);
  http::Captures captures;
  std::string joined;
  return std::ranges::any_of(leaf.bases, [&](const std::string& base) {
    std::string_view sent = path;
    if (!base.empty()) sent = joined.assign(base).append(path);
    const http::RouteMatch match = space.table.find(method, sent, captures);
    switch (match.outcome) {
      case http::RouteOutcome::found:
        return !std::ranges::binary_search(space.policies[match.route], leaf.policy);
      case http::RouteOutcome::withheld:
      case http::RouteOutcome::ambiguous: return true;
      case http::RouteOutcome::no_path:
      case http::RouteOutcome::no_method: break;
    }
    return false;
  });
}

}  // namespace

http::RouteMatch Routes::find(std::string_view authority, http::Method method, std::string_view path,
                              http::Captures& captures) const {
  if (!tables_) return {};
  const Tables::Site& site = site_of(*tables_, authority);
  http::RouteMatch match = site.table.find(method, path, captures);
  if (match.outcome == http::RouteOutcome::no_path || match.outcome == http::RouteOutcome::no_method)
    return match;
  const Tables::Leaf& leaf = tables_->leaves[site.leaves[match.route]];
  match.route = leaf.operation;
  if (match.outcome == http::RouteOutcome::found && leaf.space != Tables::kNone &&
      is_read_otherwise(*tables_, leaf, method, path))
    match.outcome = http::RouteOutcome::ambiguous;
  return match;
}

bool Routes::tells_hosts() const { return tables_ && tells_hosts_apart(*tables_); }

bool Routes::has_path(std::string_view path) const {
  http::Captures captures;
  return std::ranges::any_of(tables_->sites, [&](const Tables::Site& site) {
    return site.table.find(http::Method::get, path, captures).outcome != http::RouteOutcome::no_path;
  });
}

}  // namespace gatehouse::policy
