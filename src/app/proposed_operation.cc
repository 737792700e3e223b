#include "app/proposed_operation.h"

#include <algorithm>

#include <fmt/format.h>

#include "review/purpose.h"

namespace gatehouse::app {
namespace {

using review::Purpose;
using review::word_for;

bool is_read(const openapi::Operation& operation) {
  using openapi::Method;
  return operation.method == Method::get || operation.method == Method::head ||
         operation.method == Method::options || operation.method == Method::trace ||
         operation.method == Method::query || operation.method == Method::propfind ||
         operation.method == Method::report || operation.method == Method::search;
}

bool is_version(std::string_view segment) {
  return segment.size() > 1 && segment[0] == 'v' &&
         std::ranges::all_of(segment.substr(1), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::string area_of_path(const openapi::Operation& operation) {
  std::string_view rest = operation.path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (segment.starts_with('{') || segment == "api" || segment == "rest" || is_version(segment)) continue;
    if (std::string word = slug(segment); !word.empty()) return word;
  }
  return "api";
}

std::string area(const openapi::Operation& operation) {
  std::string tag = operation.tags.empty() ? std::string() : slug(operation.tags.front());
  return tag.empty() ? area_of_path(operation) : tag;
}

std::string permission_in(std::string_view area, const openapi::Operation& operation) {
  const std::string_view action = is_read(operation) ? "read" : "write";
  return fmt::format("{}{}:{}", area, word_for(Purpose::administration, operation) ? ":admin" : "", action);
}

}  // namespace

std::string slug(std::string_view text) {
  std::string words = review::words_of(text);
  std::string out;
  for (const char c : words) {
    if (c == ' ') {
      if (!out.empty() && out.back() != '-') out += '-';
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      out += c;
    }
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string proposed_permission(const openapi::Operation& operation) {
  return permission_in(area(operation), operation);
}

ProposedPermissions::ProposedPermissions(const openapi::Api& api) {
  for (const openapi::Operation& operation : api.operations) {
    if (!operation.admits_anonymous()) secured_.insert(proposed_permission(operation));
  }
}

std::string ProposedPermissions::of(const openapi::Operation& operation) const {
  std::string permission = proposed_permission(operation);
  if (!operation.admits_anonymous() || !secured_.contains(permission)) return permission;
  permission = permission_in(area_of_path(operation), operation);
  while (secured_.contains(permission)) permission.insert(0, "public-");
  return permission;
}

std::string proposed_limits(const openapi::Operation& operation) {
  if ((operation.admits_anonymous() && word_for(Purpose::sign_in, operation)) ||
      (!is_read(operation) && word_for(Purpose::recovery, operation))) {
    return "limits: [per_ip, per_principal, attempts]";
  }
  for (const Purpose purpose : {Purpose::export_, Purpose::search, Purpose::administration}) {
    if (word_for(purpose, operation)) return "limits: [per_ip, costly]";
  }
  return {};
}

std::string proposed_sensitive(const openapi::Operation& operation) {
  if (operation.method == openapi::Method::delete_) return "delete";
  if (word_for(Purpose::export_, operation)) return "export";
  if (word_for(Purpose::administration, operation)) return "administration";
  if (is_read(operation)) return {};
  if (word_for(Purpose::access, operation)) return "access";
  if (word_for(Purpose::money, operation)) return "money";
  if (word_for(Purpose::recovery, operation)) return "recovery";
  return {};
}

}  // namespace gatehouse::app
