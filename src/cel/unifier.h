// Which type may stand where another is wanted, with type variables solved on the way (langdef "Type
// Checking").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text_map.h"
#include "cel/type.h"

namespace gatehouse::cel {

class Unifier {
 public:
  Type fresh();  // a new type variable
  // Whether a value of type `from` may be used as `to`; records the consequences for type variables. After a
  // false the record is as before.
  bool assign(const Type& to, const Type& from);
  // For trying: everything learned since the mark is forgotten.
  std::size_t mark() const { return log_.size(); }
  void forget(std::size_t mark);
  // Type variables replaced by their known types; unknown ones stay.
  Type solved(const Type& type) const;
  // Like solved(), unknown ones become dyn.
  Type final(const Type& type) const;
  // Type parameters of an overload replaced by fresh variables, the same for the same name.
  Type instantiate(const Type& type, TextMap<Type>& variables);
  // The type of a list that holds both: the more general one, or dyn.
  Type join(const Type& a, const Type& b);

 private:
  bool unify(const Type& to, const Type& from);
  bool bind(const Type& variable, const Type& type, bool& decided);
  bool occurs(const Type& variable, const Type& in) const;

  void learn(const Type& variable, const Type& type);

  TextMap<Type> known_;
  std::vector<std::pair<std::string, std::optional<Type>>> log_;  // the record before each change
  unsigned next_ = 0;
};

}  // namespace gatehouse::cel
