#include "app/served_operations.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string_view>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/table.h"
#include "base/utf8.h"
#include "review/weak_places.h"

namespace gatehouse::app {
namespace {

using Kind = schema::Weakness::Kind;

constexpr std::size_t kShown = 3;  // places of a line

std::string hosts_of(const policy::Operation& operation) {
  if (operation.document == nullptr || operation.document->hosts.empty()) return "*";
  std::vector<std::string_view> hosts;
  for (const policy::PlacedText& host : operation.document->hosts) hosts.push_back(host.value);
  return fmt::format("{}", fmt::join(hosts, " "));
}

// The target, and the path that it gets if that is another one.
std::string answered_by(const policy::Operation& operation, std::string_view path) {
  std::string text = std::visit([](const auto& target) { return target.shown(); }, operation.target);
  const std::string& stripped = operation.forwards.stripped;
  if (!stripped.empty()) text.append(" as ").append(path.substr(stripped.size()));
  return text;
}

std::string places(const std::vector<review::WeakPlace>& all) {
  std::vector<std::string> shown;
  for (const review::WeakPlace& one : all) {
    if (shown.size() == kShown) break;
    shown.push_back(fmt::format("{}:{}:{}", printable(one.place.file), one.place.line, one.place.column));
  }
  return fmt::format("{}{}", fmt::join(shown, ", "), all.size() > kShown ? ", …" : "");
}

std::string_view setting_of(std::string_view keyword) {
  if (keyword == "maxLength") return "defaults.caps.string";
  if (keyword == "maxItems") return "defaults.caps.items";
  if (keyword == "maxProperties") return "defaults.caps.properties";
  return "numbers that are represented exactly";
}

std::map<std::string_view, std::size_t> counted_caps(const std::vector<review::WeakPlace>& capped) {
  std::map<std::string_view, std::size_t> counts;
  for (const review::WeakPlace& one : capped) ++counts[setting_of(one.keyword)];
  return counts;
}

}  // namespace

std::string served_as_text(const policy::PolicySet& policy) {
  const bool by_host = policy.routes.tells_hosts();
  std::vector<Column> columns{{"METHOD", Column::Align::left, Column::Fit::whole},
                              {"PATH", Column::Align::left, Column::Fit::whole},
                              {"OPERATION"},
                              {"ANSWERED BY"}};
  if (by_host) columns.insert(columns.begin() + 1, {"HOSTS", Column::Align::left, Column::Fit::whole});
  Table table(std::move(columns));
  for (const policy::Operation& operation : policy.operations) {
    for (const std::string& path : operation.api->routes) {
      std::vector<Cell> row{operation.method, path, operation.name, answered_by(operation, path)};
      if (by_host) row.insert(row.begin() + 1, hosts_of(operation));
      table.add(std::move(row));
    }
  }
  std::string text = table.take(Screen{});
  if (const auto closed = review::weak_places(policy, Kind::closed); !closed.empty()) {
    text += fmt::format(
        "closed by default: {}, no other members than the declared ones ({})\n",
        closed.size() == 1 ? std::string("1 object schema") : fmt::format("{} object schemas", closed.size()),
        places(closed));
  }
  if (const auto capped = review::weak_places(policy, Kind::capped); !capped.empty()) {
    std::vector<std::string> parts;
    for (const auto& [setting, count] : counted_caps(capped))
      parts.push_back(fmt::format("{} by {}", count, setting));
    text += fmt::format("default caps: {} bound{}, {} ({})\n", capped.size(), capped.size() == 1 ? "" : "s",
                        fmt::join(parts, ", "), places(capped));
  }
  return text;
}

void write_served(json::Builder& out, const policy::PolicySet& policy) {
  const auto text = [&](std::string_view key, std::string_view value) {
    out.key(key);
    out.string(value);
  };
  out.key("served");
  out.begin_array();
  for (const policy::Operation& operation : policy.operations) {
    for (const std::string& path : operation.api->routes) {
      out.begin_object();
      text("operation", operation.name);
      text("method", operation.method);
      text("path", path);
      out.key("hosts");
      out.begin_array();
      if (operation.document != nullptr) {
        for (const policy::PlacedText& host : operation.document->hosts) out.string(host.value);
      }
      out.end_array();
      text("answered_by", std::visit([](const auto& target) { return target.shown(); }, operation.target));
      text("path_behind", std::string_view(path).substr(operation.forwards.stripped.size()));
      out.end_object();
    }
  }
  out.end_array();
  for (const auto& [key, kind] :
       {std::pair("closed_by_default", Kind::closed), std::pair("default_caps", Kind::capped)}) {
    out.key(key);
    out.begin_array();
    for (const review::WeakPlace& one : review::weak_places(policy, kind)) {
      out.begin_object();
      text("file", one.place.file);
      out.key("line");
      out.number(static_cast<std::int64_t>(one.place.line));
      if (!one.keyword.empty()) text("keyword", one.keyword);
      out.end_object();
    }
    out.end_array();
  }
}

}  // namespace gatehouse::app
