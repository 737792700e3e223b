// The functions and operators of an expression: their types, and their implementations.
//
// An implementation examines the kinds of its arguments itself: the same code serves checked expressions,
// dyn, and unchecked ones. None of its arguments is an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/arena.h"
#include "cel/environment.h"
#include "cel/value.h"

namespace gatehouse::cel {

// The resources of an implementation: memory and work, both bounded.
class Run {
 public:
  Run(Arena& arena, std::uint64_t budget) : arena_(arena), budget_(budget) {}

  Arena& arena() { return arena_; }
  std::uint64_t& budget() { return budget_; }
  // Charges for work; false when the bound is reached.
  bool charge(std::uint64_t amount) {
    budget_ = budget_ > amount ? budget_ - amount : 0;
    return budget_ > 0;
  }
  bool charge_text(std::string_view text) { return charge(1 + text.size() / 16); }
  bool exhausted() const { return budget_ == 0; }

  Value exhaustion() {
    budget_ = 0;
    return Value::error(out_of_memory_ ? Fault::memory : Fault::cost,
                        out_of_memory_ ? "the expression needs more memory than it may use"
                                       : "the expression needs more work than it may use");
  }
  Value no_memory() {
    out_of_memory_ = true;
    return exhaustion();
  }
  Value no_overload() const { return Value::error(Fault::no_such_overload, "no such overload"); }

  // Copies into the arena.
  Value text(std::string_view text) {
    if (!charge_text(text)) return exhaustion();
    char* const copy = arena_.allocate_array<char>(text.size() + 1);
    if (copy == nullptr) return no_memory();
    std::memcpy(copy, text.data(), text.size());
    return Value::string({copy, text.size()});
  }
  template <typename T>
  const T* keep(const T& value) {
    T* const copy = arena_.allocate_array<T>(1);
    if (copy != nullptr) new (copy) T(value);
    return copy;
  }
  Value address(const IpAddress& value) {
    const IpAddress* const kept = keep(value);
    return kept == nullptr ? no_memory() : Value::address(*kept);
  }
  Value network(const Network& value) {
    const Network* const kept = keep(value);
    return kept == nullptr ? no_memory() : Value::network(*kept);
  }
  Value some(const Value& value) {
    const Value* const kept = keep(value);
    return kept == nullptr ? no_memory() : Value::optional(kept);
  }

 private:
  Arena& arena_;
  std::uint64_t budget_;
  bool out_of_memory_ = false;
};

using Arguments = std::span<const Value>;
using Implementation = Value (*)(Run& run, Arguments args);

// `overloads`: "int, int -> int; .string, string -> bool"; a leading dot makes it a method, with the receiver
// first.
struct Definition {
  std::string_view name;
  std::string_view overloads;
  Implementation call;
};

struct Function {
  std::string_view name;
  std::vector<Overload> overloads;
  Implementation call;
  bool accepts(bool method, std::size_t count) const {
    for (const Overload& overload : overloads) {
      if (overload.method == method && overload.parameters.size() == count) return true;
    }
    return false;
  }
};

// Null for an unknown name. Names in a namespace are written whole: "math.greatest".
const Function* find_function(std::string_view name);
std::vector<std::string_view> function_names();

std::span<const Definition> operator_functions();
std::span<const Definition> conversion_functions();
std::span<const Definition> text_functions();
std::span<const Definition> format_functions();
std::span<const Definition> math_functions();
std::span<const Definition> time_functions();
std::span<const Definition> network_functions();
std::span<const Definition> collection_functions();
std::span<const Definition> optional_functions();

// Helpers that several topics share.
Value add(Run& run, Arguments args);
Value index_into(Run& run, Arguments args);  // container[key]
Value contained(Run& run, Arguments args);   // key in container
Value matches(Run& run, Arguments args);
bool is_zero(const Value& value);
// -1, 0, 1 or kUnordered; nothing where two values have no order.
std::optional<int> order(Run& run, const Value& a, const Value& b);
// `items` in the order of `keys`, which belong to them one by one; equal keys keep their order.
Value sorted(Run& run, std::span<const Value> items, std::span<const Value> keys);
// The index a number stands for in a list: int, uint, or a double without fraction.
std::optional<std::int64_t> as_index(const Value& value);

// Grows in the arena.
template <typename T>
class ArenaVector {
 public:
  explicit ArenaVector(Run& run) : run_(run) {}
  bool push(const T& item) {  // false: out of memory or work
    if (!run_.charge(1) || (size_ == capacity_ && !grow())) return false;
    new (items_ + size_++) T(item);
    return true;
  }
  std::span<const T> view() const { return {items_, size_}; }

 private:
  bool grow() {
    const std::size_t capacity = capacity_ == 0 ? 4 : capacity_ * 2;
    T* const items = run_.arena().allocate_array<T>(capacity);
    if (items == nullptr) {
      run_.no_memory();
      return false;
    }
    for (std::size_t i = 0; i < size_; ++i) new (items + i) T(items_[i]);
    items_ = items;
    capacity_ = capacity;
    return true;
  }
  Run& run_;
  T* items_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

class ListBuilder : public ArenaVector<Value> {
 public:
  using ArenaVector::ArenaVector;
  Value finish() const { return Value::list(view()); }
};

}  // namespace gatehouse::cel
