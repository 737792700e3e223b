// JSON values as everything in Gatehouse sees them: request bodies, decoded parameters, token claims,
// configuration, OpenAPI documents and schemas (RFC 8259).
//
// A Document is one flat run of nodes; a Value is a pointer into it. Nothing is converted: a number keeps the
// literal that was written (so that any size and any precision can be compared exactly), a string is its
// unescaped bytes. Documents are reused: clearing one keeps its memory, so that a worker parses without
// allocating.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::json {

enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

// One value, or one member's key (which is a string node that stands before its value).
struct Node {
  // string: unescaped bytes; number: the literal; else null. Eight bytes behind its end can be read (but mean
  // nothing), so that short texts are compared by one load.
  const char* text = nullptr;
  std::uint32_t size = 0;    // string, number: bytes in text; array: elements; object: members
  std::uint32_t span = 1;    // nodes in this subtree, itself included: the next sibling is this + span
  std::uint32_t offset = 0;  // where it stands in its source text, in bytes
  Kind kind = Kind::null;
  bool truth = false;  // boolean: its value; number: whether the literal is of the form -?digits
};

struct Member;
class Elements;
class Members;

// Valid as long as its Document is neither changed nor destroyed. Cheap to copy. Calling an accessor of
// another kind than kind() is a bug; the accessors that search answer "none" for a wrong kind instead.
class Value {
 public:
  Value() = default;
  explicit Value(const Node* node) : node_(node) {}

  Kind kind() const { return node_->kind; }
  bool is_null() const { return kind() == Kind::null; }
  bool is_boolean() const { return kind() == Kind::boolean; }
  bool is_number() const { return kind() == Kind::number; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_array() const { return kind() == Kind::array; }
  bool is_object() const { return kind() == Kind::object; }

  bool boolean() const { return node_->truth; }
  std::string_view string() const { return {node_->text, node_->size}; }
  std::string_view literal() const { return {node_->text, node_->size}; }  // number, as written
  bool has_integer_form() const { return node_->truth; }                   // number: no fraction, no exponent
  // Exact: 1.0 and 1e2 are integers. Nothing if the value is not an integer or does not fit.
  std::optional<std::int64_t> integer() const;
  std::optional<std::uint64_t> unsigned_integer() const;
  double number() const;  // nearest double; infinite where it overflows

  std::size_t size() const { return node_->size; }        // array, object
  Elements elements() const;                              // array
  Members members() const;                                // object, in source order
  std::optional<Value> find(std::string_view key) const;  // a member's value; none when not an object
  std::optional<Value> at(std::size_t index) const;       // an element; none when not an array
  // RFC 6901; "" is the value itself.
  std::optional<Value> pointer(std::string_view path) const;
  // Convenience for reading configuration: the member when it is there and a string.
  std::optional<std::string_view> find_string(std::string_view key) const;

  std::uint32_t offset() const { return node_->offset; }
  const Node* node() const { return node_; }
  explicit operator bool() const { return node_ != nullptr; }

 private:
  const Node* node_ = nullptr;
};

struct Member {
  Value key_node;
  Value value;
  std::string_view key() const { return key_node.string(); }
};

class Elements {
 public:
  class Iterator {
   public:
    explicit Iterator(const Node* node) : node_(node) {}
    Value operator*() const { return Value(node_); }
    Iterator& operator++() {
      node_ += node_->span;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Node* node_;
  };
  explicit Elements(const Node* array) : array_(array) {}
  Iterator begin() const { return Iterator(array_ + 1); }
  Iterator end() const { return Iterator(array_ + array_->span); }

 private:
  const Node* array_;
};

class Members {
 public:
  class Iterator {
   public:
    explicit Iterator(const Node* node) : node_(node) {}
    Member operator*() const { return {Value(node_), Value(node_ + 1)}; }
    Iterator& operator++() {
      node_ += 1 + node_[1].span;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const Node* node_;
  };
  explicit Members(const Node* object) : object_(object) {}
  Iterator begin() const { return Iterator(object_ + 1); }
  Iterator end() const { return Iterator(object_ + object_->span); }

 private:
  const Node* object_;
};

inline Elements Value::elements() const { return Elements(node_); }
inline Members Value::members() const { return Members(node_); }

// Whether two values are equal as JSON Schema means it: numbers by value (1 == 1.0), objects without order.
bool equal(Value a, Value b);
// -1, 0, 1: compares two number literals exactly, at any size and precision (json/decimal.h).
int compare_numbers(std::string_view a, std::string_view b);

// Owns nodes and the bytes they point to. Movable; Values stay valid across a move.
class Document {
 public:
  Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;
  ~Document();

  bool empty() const { return count_ == 0; }
  Value root() const { return Value(nodes_.get()); }  // precondition: not empty
  void clear();                                       // keeps memory up to a bound
  // A copy of a subtree, for keeping: it takes the memory that its nodes and texts need, and no more.
  static Document compact(Value value);
  std::size_t memory() const;  // bytes allocated

 private:
  friend class Parser;
  friend class Builder;
  const char* keep(std::string_view text);  // copies into storage that does not move
  void reserve(std::size_t nodes);          // keeps the existing nodes

  std::unique_ptr<Node[]> nodes_;  // not a vector: it would fill memory that a parse overwrites
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> source_;  // the parsed text and its padding, where a Parser filled this document
  std::size_t source_capacity_ = 0;
  std::vector<std::unique_ptr<char[]>> blocks_;  // kept text
  std::size_t block_size_ = 0;                   // of the last one
  std::size_t block_used_ = 0;
  std::size_t blocks_size_ = 0;      // of all
  std::vector<std::uint32_t> open_;  // a Builder's: indices of the containers that are not closed
};

// Writes a document from other things than JSON text: YAML, decoded parameters, rows of a database.
class Builder {
 public:
  explicit Builder(Document& into);  // clears it

  void null(std::uint32_t offset = 0);
  void boolean(bool value, std::uint32_t offset = 0);
  void number(std::string_view literal, std::uint32_t offset = 0);  // precondition: a JSON number
  void number(std::int64_t value);
  void number(double value);  // precondition: finite
  void string(std::string_view bytes, std::uint32_t offset = 0);
  void copy(Value value);  // a whole subtree; offsets are kept

  void begin_array(std::uint32_t offset = 0);
  void end_array();
  void begin_object(std::uint32_t offset = 0);
  void key(std::string_view bytes, std::uint32_t offset = 0);  // precondition: not used in this object before
  void end_object();

 private:
  Node& add(Kind kind, std::uint32_t offset);
  void count_value();  // one more element or member of the innermost open container
  void open(Kind kind, std::uint32_t offset);
  void close();

  Document& document_;
};

}  // namespace gatehouse::json
