#include "cel/value.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "cel/text.h"
#include "cel/time.h"

namespace gatehouse::cel {
namespace {

using Kind = Value::Kind;

constexpr std::string_view kMismatch = "a value is not of its declared type";

int sign(std::strong_ordering order) { return order < 0 ? -1 : order > 0 ? 1 : 0; }

int compare_doubles(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return kUnordered;
  return a < b ? -1 : a > b ? 1 : 0;
}

double as_double(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::integer: return static_cast<double>(value.integer());
    case Value::Kind::unsigned_integer: return static_cast<double>(value.unsigned_integer());
    default: return value.number();
  }
}

bool spend(std::uint64_t& budget, std::uint64_t amount) {
  budget = budget > amount ? budget - amount : 0;
  return budget > 0;
}

}  // namespace

std::string_view name(Fault fault) {
  switch (fault) {
    case Fault::no_such_overload: return "no_such_overload";
    case Fault::no_such_key: return "no_such_key";
    case Fault::out_of_range: return "out_of_range";
    case Fault::divide_by_zero: return "divide_by_zero";
    case Fault::invalid_argument: return "invalid_argument";
    case Fault::unknown_name: return "unknown_name";
    case Fault::missing: return "missing";
    case Fault::cost: return "cost";
    case Fault::memory: return "memory";
  }
  return "";
}

bool Network::contains(const IpAddress& other) const {
  return address.family() == other.family() && address.prefix(bits) == other.prefix(bits);
}

Value Value::number(double value) {
  Value result(Kind::number, Form::plain);
  result.number_ = value;
  return result;
}

Value Value::timestamp(Timestamp time) {
  Value result(Kind::timestamp, Form::plain);
  result.integer_ = time.seconds;
  result.size_ = time.nanoseconds;
  return result;
}

Value Value::timestamp(WallTime time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return timestamp(
      Timestamp{seconds.time_since_epoch().count(), static_cast<std::uint32_t>((time - seconds).count())});
}

Value Value::strings(std::span<const std::string> items) {
  Value result = pointing(Kind::list, items.data());
  result.form_ = Form::strings;
  result.size_ = static_cast<std::uint32_t>(items.size());
  return result;
}

Value Value::strings(std::span<const std::string_view> items) {
  Value result = pointing(Kind::list, items.data());
  result.form_ = Form::views;
  result.size_ = static_cast<std::uint32_t>(items.size());
  return result;
}

Value Value::list(std::span<const Value> items) {
  Value result = pointing(Kind::list, items.data());
  result.size_ = static_cast<std::uint32_t>(items.size());
  return result;
}

Value Value::map(std::span<const MapEntry> entries) {
  Value result = pointing(Kind::map, entries.data());
  result.size_ = static_cast<std::uint32_t>(entries.size());
  return result;
}

Value Value::error(Fault fault, std::string_view text) {
  Value result = view(Kind::error, text);
  result.extra_ = static_cast<std::uint16_t>(fault);
  return result;
}

namespace {
constexpr std::size_t kLongestNumber = 1024;
constexpr std::size_t kLongestTime = 128;
}  // namespace

Value Value::json(json::Value value, const Type::Node* declared) {
  while (declared != nullptr && declared->kind == Type::Kind::wrapper) {
    if (value.is_null()) return null();
    declared = declared->parameter(0);
  }
  const Type::Kind kind = declared == nullptr ? Type::Kind::dyn : declared->kind;
  const bool dyn = kind == Type::Kind::dyn;
  const Value mismatch = error(Fault::no_such_overload, kMismatch);
  switch (value.kind()) {
    case json::Kind::null: return dyn || kind == Type::Kind::null ? null() : mismatch;
    case json::Kind::boolean: return dyn || kind == Type::Kind::boolean ? boolean(value.boolean()) : mismatch;
    case json::Kind::number: {
      // Read anew at each use, so that it is not worth writing a long one. No double needs more digits.
      if (value.literal().size() > kLongestNumber)
        return error(Fault::out_of_range, "a number has more digits than an expression supports");
      if (kind == Type::Kind::number || (dyn && !value.has_integer_form())) return number(value.number());
      if (!dyn && kind != Type::Kind::integer && kind != Type::Kind::unsigned_integer) return mismatch;
      if (kind == Type::Kind::unsigned_integer) {
        const auto integer = value.unsigned_integer();
        return integer ? unsigned_integer(*integer)
                       : error(Fault::out_of_range, "a number does not fit its type uint");
      }
      const auto signed_integer = value.integer();
      if (signed_integer) return integer(*signed_integer);
      return dyn ? number(value.number()) : error(Fault::out_of_range, "a number does not fit its type int");
    }
    case json::Kind::string: {
      if (dyn || kind == Type::Kind::string) return string(value.string());
      if (kind == Type::Kind::bytes) return bytes(value.string());
      if (kind != Type::Kind::timestamp && kind != Type::Kind::duration) return mismatch;
      if (value.string().size() > kLongestTime)
        return error(Fault::invalid_argument, "a text is too long for a time or a duration");
      if (kind == Type::Kind::timestamp) {
        const auto time = parse_timestamp(value.string());
        return time ? timestamp(*time) : error(Fault::invalid_argument, "a text is not an RFC 3339 time");
      }
      const auto span = parse_duration_text(value.string());
      return span ? duration(*span)
                  : error(Fault::invalid_argument, "a text is not a duration such as 1h30m");
    }
    case json::Kind::array:
    case json::Kind::object: break;
  }
  const bool list = value.is_array();
  const bool fits = list ? kind == Type::Kind::list : kind == Type::Kind::map || kind == Type::Kind::object;
  if (!dyn && !fits) return mismatch;
  Value result = pointing(list ? Kind::list : Kind::map, value.node());
  result.form_ = Form::json;
  result.size_ = static_cast<std::uint32_t>(value.size());
  result.shape_ = dyn ? nullptr : declared;
  return result;
}

const Type::Node* Value::json_member_type(std::string_view key) const {
  if (shape_ == nullptr) return nullptr;
  if (shape_->kind == Type::Kind::object) return shape_->field(key);
  return shape_->parameter(1);
}

Value Value::element(std::size_t index) const {
  switch (form_) {
    case Form::plain: return static_cast<const Value*>(pointer_)[index];
    case Form::strings: return string(static_cast<const std::string*>(pointer_)[index]);
    case Form::views: return string(static_cast<const std::string_view*>(pointer_)[index]);
    case Form::json: break;
  }
  const json::Value array(static_cast<const json::Node*>(pointer_));
  return json(*array.at(index), shape_ == nullptr ? nullptr : shape_->parameter(0));
}

std::optional<Value> Value::find(std::string_view key) const {
  if (form_ == Form::json) {
    const json::Value object(static_cast<const json::Node*>(pointer_));
    const auto member = object.find(key);
    if (!member) return std::nullopt;
    return json(*member, json_member_type(key));
  }
  const auto* const entries = static_cast<const MapEntry*>(pointer_);
  for (std::size_t i = 0; i < size_; ++i) {
    if (entries[i].key.is(Kind::string) && entries[i].key.text() == key) return entries[i].value;
  }
  return std::nullopt;
}

std::optional<Value> Value::find(const Value& key) const {
  if (key.is(Kind::string)) return find(key.text());
  if (form_ == Form::json) return std::nullopt;
  const auto* const entries = static_cast<const MapEntry*>(pointer_);
  for (std::size_t i = 0; i < size_; ++i) {
    const Value& candidate = entries[i].key;
    const bool same = candidate.is_numeric() && key.is_numeric()
                          ? compare_numbers(candidate, key) == 0
                          : candidate.kind() == key.kind() && equal(candidate, key);
    if (same) return entries[i].value;
  }
  return std::nullopt;
}

Cursor::Cursor(const Value& container) : container_(container) {
  if (container_.form_ == Value::Form::json) node_ = static_cast<const json::Node*>(container_.pointer_) + 1;
}

bool Cursor::next() {
  if (index_ >= container_.size_) return false;
  if (node_ != nullptr && index_ > 0)
    node_ += container_.is(Value::Kind::map) ? 1 + node_[1].span : node_->span;
  ++index_;
  return true;
}

Value Cursor::key() const {
  if (container_.is(Value::Kind::list)) return Value::integer(static_cast<std::int64_t>(index_ - 1));
  if (node_ != nullptr) return Value::string(json::Value(node_).string());
  return static_cast<const MapEntry*>(container_.pointer_)[index_ - 1].key;
}

Value Cursor::value() const {
  if (container_.is(Value::Kind::map)) {
    if (node_ != nullptr) {
      const json::Value key(node_);
      return Value::json(json::Value(node_ + 1), container_.json_member_type(key.string()));
    }
    return static_cast<const MapEntry*>(container_.pointer_)[index_ - 1].value;
  }
  if (node_ != nullptr) {
    const Type::Node* const shape = container_.shape_;
    return Value::json(json::Value(node_), shape == nullptr ? nullptr : shape->parameter(0));
  }
  return container_.element(index_ - 1);
}

int compare_numbers(const Value& a, const Value& b) {
  if (a.kind() == b.kind()) {
    if (a.is(Kind::integer)) return sign(a.integer() <=> b.integer());
    if (a.is(Kind::unsigned_integer)) return sign(a.unsigned_integer() <=> b.unsigned_integer());
    return compare_doubles(a.number(), b.number());
  }
  if (a.is(Kind::number) || b.is(Kind::number)) return compare_doubles(as_double(a), as_double(b));
  if (a.is(Kind::integer))
    return std::cmp_less(a.integer(), b.unsigned_integer())    ? -1
           : std::cmp_equal(a.integer(), b.unsigned_integer()) ? 0
                                                               : 1;
  return -compare_numbers(b, a);
}

bool equal(const Value& a, const Value& b, std::uint64_t& budget) {
  if (!spend(budget, 1)) return false;
  if (a.is_numeric() && b.is_numeric()) return compare_numbers(a, b) == 0;
  if (a.kind() != b.kind()) return false;
  switch (a.kind()) {
    case Kind::null: return true;
    case Kind::boolean:
    case Kind::duration: return a.integer() == b.integer();
    case Kind::string:
    case Kind::bytes:
    case Kind::type:
      return a.text().size() == b.text().size() && spend(budget, 1 + a.text().size() / 16) &&
             a.text() == b.text();
    case Kind::timestamp: return a.timestamp() == b.timestamp();
    case Kind::address: return a.address() == b.address();
    case Kind::network: return a.network() == b.network();
    case Kind::optional:
      if (a.optional() == nullptr || b.optional() == nullptr) return a.optional() == b.optional();
      return equal(*a.optional(), *b.optional(), budget);
    case Kind::list: {
      if (a.size() != b.size()) return false;
      Cursor left(a);
      Cursor right(b);
      while (left.next() && right.next()) {
        if (!equal(left.value(), right.value(), budget)) return false;
      }
      return true;
    }
    case Kind::map: {
      if (a.size() != b.size()) return false;
      for (Cursor left(a); left.next();) {
        if (!spend(budget, 1 + b.size() / 8)) return false;
        const auto right = b.find(left.key());
        if (!right || !equal(left.value(), *right, budget)) return false;
      }
      return true;
    }
    default: return false;
  }
}

bool equal(const Value& a, const Value& b) {
  std::uint64_t budget = std::uint64_t{1} << 24U;
  return equal(a, b, budget) && budget > 0;
}

std::string_view type_name(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::error: return "error";
    case Value::Kind::null: return "null_type";
    case Value::Kind::boolean: return "bool";
    case Value::Kind::integer: return "int";
    case Value::Kind::unsigned_integer: return "uint";
    case Value::Kind::number: return "double";
    case Value::Kind::string: return "string";
    case Value::Kind::bytes: return "bytes";
    case Value::Kind::list: return "list";
    case Value::Kind::map: return "map";
    case Value::Kind::timestamp: return "google.protobuf.Timestamp";
    case Value::Kind::duration: return "google.protobuf.Duration";
    case Value::Kind::type: return "type";
    case Value::Kind::optional: return "optional_type";
    case Value::Kind::address: return "net.IP";
    case Value::Kind::network: return "net.CIDR";
  }
  return "";
}

}  // namespace gatehouse::cel
