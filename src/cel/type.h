// The types that the checker knows: CEL's own (langdef "Values"), the optional and network extensions, and
// objects with named fields, which is how declared JSON shapes (bodies, claims, rows) enter a condition.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::cel {

struct Field;

// A value; cheap to copy, immutable. Types are equal when they are built alike.
class Type {
 public:
  enum class Kind : std::uint8_t {
    dyn,  // known only when it is evaluated
    null,
    boolean,
    integer,           // int: 64 bits
    unsigned_integer,  // uint: 64 bits
    number,            // double
    string,
    bytes,
    timestamp,
    duration,
    list,       // parameters: element
    map,        // parameters: key, value
    object,     // named fields; any other member is an error when the expression is compiled
    type,       // parameters: the type that it is
    optional,   // parameters: the value
    address,    // net.IP
    network,    // net.CIDR
    wrapper,    // parameters: the scalar; the value or null
    opaque,     // an abstract type of a declared function: checked, never evaluated
    parameter,  // a type variable of an overload
  };
  struct Node;

  Type();  // dyn
  static Type dyn();
  static Type null();
  static Type boolean();
  static Type integer();
  static Type unsigned_integer();
  static Type number();
  static Type string();
  static Type bytes();
  static Type timestamp();
  static Type duration();
  static Type address();
  static Type network();
  static Type list(Type element);
  static Type map(Type key, Type value);
  // `name` is for messages only: "request.body", "resource".
  static Type object(std::string name, std::vector<Field> fields);
  // An object that shows only the named fields of something larger: reading one by its literal name is
  // allowed, and asking what else it has is an error when the expression is compiled, because the answer
  // would say that there is nothing.
  static Type view(std::string name, std::vector<Field> fields);
  static Type type(Type of);
  static Type optional(Type value);
  static Type wrapper(Type scalar);
  static Type opaque(std::string name, std::vector<Type> parameters);
  static Type parameter(std::string name);

  Kind kind() const;
  bool is(Kind kind) const { return this->kind() == kind; }
  std::span<const Type> parameters() const;
  std::string_view name() const;                   // object, opaque, parameter
  bool is_view() const;                            // an object made by view()
  std::span<const Field> fields() const;           // object
  const Type* field(std::string_view name) const;  // object: null when it has no such field
  // As CEL people write it: "list(int)", "map(string, dyn)", "optional_type(string)".
  std::string text() const;

  // Stays valid as long as any copy of this type.
  const Node* node() const { return node_.get(); }
  bool operator==(const Type& other) const;

 private:
  explicit Type(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  static Type simple(Kind kind);
  static Type compound(Kind kind, std::vector<Type> parameters);
  std::shared_ptr<const Node> node_;
};

// The inverse of text(): "list(int)", "map(string, dyn)", "google.protobuf.Timestamp"; a single capital
// letter is a type variable, an unknown name an opaque type. Nothing when it is not of that form.
std::optional<Type> parse_type(std::string_view text);

struct Field {
  std::string name;
  Type type;
};

struct Type::Node {
  Kind kind = Kind::dyn;
  bool is_view = false;  // object
  std::string name;
  std::vector<Type> parameters;
  std::vector<Field> fields;  // sorted by name

  const Node* parameter(std::size_t index) const {
    return index < parameters.size() ? parameters[index].node() : nullptr;
  }
  const Node* field(std::string_view wanted) const;
};

}  // namespace gatehouse::cel
