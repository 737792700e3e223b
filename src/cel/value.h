// The input and output values of an expression: 24 bytes, copied freely, owning nothing. Text, lists and maps
// point into the caller's data (a JSON document, a vector of roles) or into the scratch of one evaluation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/ip.h"
#include "cel/type.h"
#include "json/document.h"

namespace gatehouse::cel {

class Arena;
struct MapEntry;

// The reason for a missing value. An expression that fails refuses: it has no value that could count as
// "yes".
enum class Fault : std::uint8_t {
  no_such_overload,  // an operator or function met types that it has no meaning for
  no_such_key,       // a member or key that is not there
  out_of_range,      // an index outside the list, a number, time or duration that does not fit
  divide_by_zero,
  invalid_argument,  // a text that is not valid for the type of a conversion
  unknown_name,      // a variable or function that is not declared (unchecked expressions only)
  missing,           // a declared variable that has no value in this activation
  cost,              // the bound on work was reached
  memory,            // the bound on memory was reached
};
std::string_view name(Fault fault);

// Seconds since 1970 and 0 to 999'999'999 nanoseconds; years 1 to 9999.
struct Timestamp {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
  auto operator<=>(const Timestamp&) const = default;
};

// net.CIDR: unlike base's IpNetwork it keeps the bits behind the prefix ("192.168.0.1/24").
struct Network {
  IpAddress address;
  unsigned bits = 0;
  bool contains(const IpAddress& other) const;
  bool operator==(const Network&) const = default;
};

class Value {
 public:
  enum class Kind : std::uint8_t {
    error,
    null,
    boolean,
    integer,
    unsigned_integer,
    number,
    string,
    bytes,
    list,
    map,
    timestamp,
    duration,
    type,
    optional,
    address,
    network,
  };

  Value() : Value(Kind::null, Form::plain) {}
  static Value null() { return {}; }
  static Value boolean(bool value) { return scalar(Kind::boolean, value ? 1 : 0); }
  static Value integer(std::int64_t value) { return scalar(Kind::integer, value); }
  static Value unsigned_integer(std::uint64_t value) {
    return scalar(Kind::unsigned_integer, static_cast<std::int64_t>(value));
  }
  static Value number(double value);
  // The bytes must be UTF-8 and must stay where they are until the evaluation's result has been used; the
  // same holds for everything below that points.
  static Value string(std::string_view text) { return view(Kind::string, text); }
  static Value bytes(std::string_view bytes) { return view(Kind::bytes, bytes); }
  static Value timestamp(Timestamp time);
  static Value timestamp(WallTime time);
  static Value duration(std::int64_t nanoseconds) { return scalar(Kind::duration, nanoseconds); }
  static Value address(const IpAddress& address) { return pointing(Kind::address, &address); }
  static Value network(const Network& network) { return pointing(Kind::network, &network); }
  static Value type_name(std::string_view name) { return view(Kind::type, name); }
  static Value strings(std::span<const std::string> items);
  static Value strings(std::span<const std::string_view> items);
  static Value list(std::span<const Value> items);
  static Value map(std::span<const MapEntry> entries);
  static Value optional(const Value* value) { return pointing(Kind::optional, value); }  // null: none
  // Walked in place. The declared type decides the type of a number (int, uint, double) and whether a string
  // is a timestamp; under dyn a literal of integer form is an int if it fits, any other one a double. A value
  // of another type than declared is an error when it is read.
  static Value json(json::Value value, const Type& declared) { return json(value, declared.node()); }
  static Value json(json::Value value, const Type::Node* declared);
  // `text` must be static or live as long as the scratch.
  static Value error(Fault fault, std::string_view text);
  static Value missing() { return error(Fault::missing, "a value that is absent"); }

  Kind kind() const { return kind_; }
  bool is(Kind kind) const { return kind_ == kind; }
  bool is_error() const { return kind_ == Kind::error; }
  bool is_true() const { return kind_ == Kind::boolean && integer_ != 0; }
  bool is_false() const { return kind_ == Kind::boolean && integer_ == 0; }
  bool is_numeric() const {
    return kind_ == Kind::integer || kind_ == Kind::unsigned_integer || kind_ == Kind::number;
  }

  // Each asks for its own kind only.
  bool boolean() const { return integer_ != 0; }
  std::int64_t integer() const { return integer_; }
  std::uint64_t unsigned_integer() const { return static_cast<std::uint64_t>(integer_); }
  double number() const { return number_; }
  std::string_view text() const { return {text_, size_}; }  // string, bytes, type, error
  Timestamp timestamp() const { return {integer_, size_}; }
  std::int64_t nanoseconds() const { return integer_; }  // duration
  const IpAddress& address() const { return *static_cast<const IpAddress*>(pointer_); }
  const Network& network() const { return *static_cast<const Network*>(pointer_); }
  const Value* optional() const { return static_cast<const Value*>(pointer_); }
  Fault fault() const { return static_cast<Fault>(extra_); }

  std::size_t size() const { return size_; }  // list, map
  // list: precondition index < size(). Walking a JSON array by index costs its length: use Cursor.
  Value element(std::size_t index) const;
  // map: the value under a key, if there is one. Numeric keys are equal across int, uint and double.
  std::optional<Value> find(const Value& key) const;
  std::optional<Value> find(std::string_view key) const;

 private:
  friend class Cursor;
  enum class Form : std::uint8_t { plain, json, strings, views };
  Value(Kind kind, Form form) : kind_(kind), form_(form), integer_(0) {}
  static Value scalar(Kind kind, std::int64_t value) {
    Value result(kind, Form::plain);
    result.integer_ = value;
    return result;
  }
  static Value view(Kind kind, std::string_view text) {
    Value result(kind, Form::plain);
    result.text_ = text.data();
    result.size_ = static_cast<std::uint32_t>(text.size());
    return result;
  }
  static Value pointing(Kind kind, const void* pointer) {
    Value result(kind, Form::plain);
    result.pointer_ = pointer;
    return result;
  }
  const Type::Node* json_member_type(std::string_view key) const;

  Kind kind_;
  Form form_;
  std::uint16_t extra_ = 0;  // error: the fault
  std::uint32_t size_ = 0;   // text: bytes; list, map: elements; timestamp: nanoseconds
  union {
    std::int64_t integer_;
    double number_;
    const char* text_;
    const void* pointer_;
  };
  const Type::Node* shape_ = nullptr;  // json: the declared type
};

struct MapEntry {
  Value key;
  Value value;
};

// Walks a list (key: its index) or a map in order, in time linear in its size for every representation.
class Cursor {
 public:
  explicit Cursor(const Value& container);
  bool next();  // to the first or next element; false behind the last
  Value key() const;
  Value value() const;  // list: the element

 private:
  Value container_;
  std::size_t index_ = 0;  // of the element after the present one
  const json::Node* node_ = nullptr;
};

// Heterogeneous equality (langdef "Equality"): numbers on one number line, different types unequal. Spends
// one unit of `budget` for each pair and each 16 bytes; the answer means nothing when that leaves 0. (Values
// can share parts, so that a small value may take exponential time to walk.)
bool equal(const Value& a, const Value& b, std::uint64_t& budget);
bool equal(const Value& a, const Value& b);
// -1, 0, 1, or kUnordered where one is NaN. An int or uint beside a double is compared as the nearest double,
// as the reference implementations do. Precondition: both numeric.
inline constexpr int kUnordered = 2;
int compare_numbers(const Value& a, const Value& b);
// The name that type(value) has: "int", "google.protobuf.Timestamp", "net.IP".
std::string_view type_name(const Value& value);

// A result as text, for a rate-limit key: scalars as string(x) writes them, a string as it is, lists and maps
// like JSON, so that two values of one type that are not equal have different texts. At most 64 KiB.
void append_text(std::string& out, const Value& value);
std::string to_text(const Value& value);

}  // namespace gatehouse::cel
