// The names an expression may use, and their types. Each variable gets a slot, by which an Activation is
// asked.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_map.h"
#include "cel/type.h"

namespace gatehouse::cel {

using Slot = std::uint32_t;

struct Overload {
  std::vector<Type> parameters;  // of a method: the receiver first
  Type result;
  bool method = false;
};

class Environment {
 public:
  struct Variable {
    std::string name;
    Type type;
  };

  // `name` may be qualified ("principal.id"): the longest declared name wins over a field of a shorter one.
  // A name that is declared again keeps its slot and takes the new type.
  Slot declare(std::string_view name, Type type);
  // A function that can be checked but has no implementation: calling it fails.
  void declare_function(std::string_view name, Overload overload);
  // Names are looked up in the container first, from inside out (langdef "Name Resolution").
  void set_container(std::string_view name) { container_ = name; }

  std::string_view container() const { return container_; }
  std::optional<Slot> find(std::string_view name) const;
  const std::vector<Variable>& variables() const { return variables_; }
  const std::vector<Overload>* functions(std::string_view name) const;

 private:
  std::vector<Variable> variables_;
  TextMap<Slot> slots_;
  TextMap<std::vector<Overload>> functions_;
  std::string container_;
};

}  // namespace gatehouse::cel
