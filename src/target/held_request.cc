#include "target/held_request.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include <fmt/format.h>

#include "json/writer.h"

namespace gatehouse::handler {
namespace {

json::Value asked(CheckedValue value, json::Kind kind, std::string_view as) {
  const json::Value found = Access::json(value);
  if (found.kind() != kind)
    throw std::logic_error(fmt::format("a checked value was read as {}, which it is not", as));
  return found;
}

std::optional<CheckedValue> parameter(const HeldRequest& held, const std::vector<std::string>& declared,
                                      std::string_view in, std::string_view name) {
  if (std::ranges::find(declared, name) == declared.end()) {
    throw std::logic_error(fmt::format("{} declares no {} parameter {}", held.operation, in, name));
  }
  const auto group = held.parameters.empty() ? std::nullopt : held.parameters.root().find(in);
  const auto found = group ? group->find(name) : std::nullopt;
  if (!found) return std::nullopt;
  return Access::value(*found);
}

}  // namespace

// ---- CheckedValue ----

bool CheckedValue::is_null() const { return Access::json(*this).is_null(); }
bool CheckedValue::boolean() const { return asked(*this, json::Kind::boolean, "a boolean").boolean(); }
std::string_view CheckedValue::text() const { return asked(*this, json::Kind::string, "text").string(); }
double CheckedValue::number() const { return asked(*this, json::Kind::number, "a number").number(); }

std::int64_t CheckedValue::integer() const {
  const auto integer = asked(*this, json::Kind::number, "an integer").integer();
  if (!integer) throw std::range_error("a checked number is not an integer of 64 bits");
  return *integer;
}

std::size_t CheckedValue::size() const {
  const json::Value value = Access::json(*this);
  if (!value.is_array() && !value.is_object())
    throw std::logic_error("the size of a checked value without elements was read");
  return value.size();
}

CheckedValue CheckedValue::operator[](std::size_t index) const {
  const auto found = asked(*this, json::Kind::array, "an array").at(index);
  if (!found) throw std::logic_error(fmt::format("a checked array has no element {}", index));
  return Access::value(*found);
}

CheckedValue CheckedValue::operator[](std::string_view name) const {
  const auto found = find(name);
  if (!found)
    throw std::logic_error(
        fmt::format("a checked object has no member {}; use find() for an optional member", name));
  return *found;
}

std::optional<CheckedValue> CheckedValue::find(std::string_view name) const {
  const auto found = asked(*this, json::Kind::object, "an object").find(name);
  if (!found) return std::nullopt;
  return Access::value(*found);
}

std::vector<std::pair<std::string_view, CheckedValue>> CheckedValue::members() const {
  std::vector<std::pair<std::string_view, CheckedValue>> all;
  for (const json::Member member : asked(*this, json::Kind::object, "an object").members()) {
    all.emplace_back(member.key(), Access::value(member.value));
  }
  return all;
}

// ---- Caller ----

std::string_view Caller::id() const { return held_.principal->id; }
bool Caller::is_anonymous() const { return held_.principal.is_anonymous(); }
std::string_view Caller::tenant() const { return held_.principal->tenant; }
std::span<const std::string> Caller::roles() const { return held_.principal->roles; }
std::span<const std::string> Caller::scopes() const { return held_.principal->scopes; }
bool Caller::has_role(std::string_view role) const {
  return std::ranges::find(roles(), role) != roles().end();
}

// ---- Request ----

std::optional<CheckedValue> Request::path(std::string_view name) const {
  return parameter(held_, held_.declared->path, "path", name);
}
std::optional<CheckedValue> Request::query(std::string_view name) const {
  return parameter(held_, held_.declared->query, "query", name);
}
std::optional<CheckedValue> Request::header(std::string_view name) const {
  return parameter(held_, held_.declared->header, "header", name);
}
std::optional<CheckedValue> Request::cookie(std::string_view name) const {
  return parameter(held_, held_.declared->cookie, "cookie", name);
}

bool Request::has_body() const { return !held_.body.empty(); }
CheckedValue Request::body() const {
  if (!has_body())
    throw std::logic_error(fmt::format("{}: the request has no body with a schema", held_.operation));
  return Access::value(held_.body.root());
}
std::string_view Request::body_bytes() const { return held_.body_bytes; }
Caller Request::principal() const { return Caller(held_); }
std::string_view Request::operation() const { return held_.operation; }
std::string_view Request::id() const { return held_.id; }
std::chrono::steady_clock::time_point Request::deadline() const { return held_.deadline; }

// ---- Json ----

Json::Json(std::nullptr_t) : text_("null") {}
Json::Json(bool value) : text_(value ? "true" : "false") {}
Json::Json(Number, std::int64_t value) : text_(fmt::format("{}", value)) {}
Json::Json(double value) : text_(fmt::format("{}", value)) {
  if (!std::isfinite(value)) throw std::range_error("JSON cannot represent a number that is not finite");
}
Json::Json(std::string_view text) { json::append_string(text_, text); }

Json Json::array(const std::vector<Json>& items) {
  Json result;
  result.text_ = "[";
  for (const Json& item : items) {
    if (result.text_.size() > 1) result.text_ += ',';
    result.text_ += item.text_;
  }
  result.text_ += ']';
  return result;
}

Json Json::object(std::span<const Member> members) {
  Json result;
  result.text_ = "{";
  for (auto member = members.begin(); member != members.end(); ++member) {
    const auto& [name, value] = *member;
    const bool twice =
        std::any_of(members.begin(), member, [&](const Member& other) { return other.first == name; });
    if (twice) throw std::range_error(fmt::format("an object of the answer has {} twice", name));
    if (result.text_.size() > 1) result.text_ += ',';
    json::append_string(result.text_, name);
    result.text_ += ':';
    result.text_ += value.text_;
  }
  result.text_ += '}';
  return result;
}

Json Json::copy(CheckedValue value) {
  Json result;
  json::append(result.text_, Access::json(value));
  return result;
}

}  // namespace gatehouse::handler
