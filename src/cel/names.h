// The meaning of a name in an expression (langdef "Name Resolution"), the same for the checker and the
// compiler.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cel/ast.h"
#include "cel/environment.h"
#include "cel/functions.h"

namespace gatehouse::cel {

struct ResolvedName {
  enum class Kind : std::uint8_t { nothing, variable, type } kind = Kind::nothing;
  Slot slot = 0;
  Type type = Type::dyn();     // of the variable, or type(T) for the name of a type
  std::string_view type_name;  // static
};

struct ResolvedFunction {
  std::string name;                                 // whole
  const Function* standard = nullptr;               // with an implementation
  const std::vector<Overload>* declared = nullptr;  // check only
  explicit operator bool() const { return standard != nullptr || declared != nullptr; }
  bool accepts(bool method, std::size_t count) const;
};

class Names {
 public:
  explicit Names(const Environment& environment) : environment_(environment) {}
  ResolvedName name(std::string_view name) const;  // with a leading dot: not looked up in the container
  ResolvedFunction function(std::string_view name) const;
  const Environment& environment() const { return environment_; }

 private:
  const Environment& environment_;
};

// "a.b.c" when the expression is a name or plain selections from one.
std::optional<std::string> qualified_name(const Ast& ast, ExprId id);
// The name at the beginning of such an expression.
std::string_view root_name(const Ast& ast, ExprId id);

// The candidate that is at most two edits (one for short words) away, or "".
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace gatehouse::cel
