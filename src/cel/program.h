// CEL, the Common Expression Language (cel.dev, specification v0.25), without protobuf messages: expressions
// are compiled when the configuration is loaded and evaluated on requests.
//
//   Environment environment;
//   const Slot id = environment.declare("principal.id", Type::string());
//   auto program = compile("principal.id == 'root'", environment, Type::boolean());
//   Scratch scratch;                                     // one for each thread, reused
//   Evaluated outcome = program->evaluate(activation, scratch);
//   bool allowed = holds(outcome);                       // an error is not "yes"
//
// Bounds. Nesting: 250 levels, checked by the parser, so that neither the checker nor the evaluator recurses
// deeper. Work: every node that is evaluated costs 1, and so does every element that a comparison, a search
// or a copy touches and every 16 bytes of text; a regular expression costs what it may take at worst
// (cel/pattern.h). Limits::cost bounds the sum. Memory: what an evaluation makes comes from an
// arena of at most Limits::memory bytes. Reaching a bound is an error that neither && nor || absorbs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cel/arena.h"
#include "cel/environment.h"
#include "cel/type.h"
#include "cel/value.h"

namespace gatehouse::cel {

struct Limits {
  std::uint64_t cost = 1'000'000;
  std::size_t memory = std::size_t{1} << 20U;
};

// Working memory of an evaluation: reused by the next one, which invalidates the values of the last.
class Scratch {
 public:
  explicit Scratch(Limits limits = {}) : arena_(limits.memory), limits_(limits) {}
  Arena& arena() { return arena_; }

 private:
  friend class Program;
  friend class Evaluator;
  Arena arena_;
  Limits limits_;
  std::vector<Value> locals_;  // the variables of the macros
};

// Where the variables' values come from: asked when, and only when, an expression reaches one.
class Activation {
 public:
  virtual ~Activation() = default;
  // The memory of the value must live until the outcome has been used; the arena may hold it. Return
  // Value::missing() for an absent variable: `has(x)` is then false, and every other use an error.
  virtual Value variable(Slot slot, Arena& arena) const = 0;
};

// The activation that simply holds a value for each slot.
class Bindings final : public Activation {
 public:
  void set(Slot slot, Value value) {
    if (values_.size() <= slot) values_.resize(slot + 1, Value::missing());
    values_[slot] = value;
  }
  Value variable(Slot slot, Arena&) const override {
    return slot < values_.size() ? values_[slot] : Value::missing();
  }

 private:
  std::vector<Value> values_;
};

struct Failure {
  Fault fault = Fault::missing;
  std::string_view text;  // lives as long as the scratch is not used again; for operators, never for clients
};
using Evaluated = std::expected<Value, Failure>;

// Whether a condition holds: true only for the value true.
inline bool holds(const Evaluated& outcome) { return outcome && outcome->is_true(); }

class Program {
 public:
  struct Code;
  explicit Program(std::unique_ptr<const Code> code);
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  // Thread-safe if each thread has its own scratch. Does not throw, for any input.
  Evaluated evaluate(const Activation& activation, Scratch& scratch) const;
  const Type& result_type() const;
  const std::string& text() const;  // as it was compiled
  // The slots that the program can read, ascending: other variables need not be looked up.
  const std::vector<Slot>& slots() const;

 private:
  std::unique_ptr<const Code> code_;
};

}  // namespace gatehouse::cel
