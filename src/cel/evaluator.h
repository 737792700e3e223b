#pragma once

#include "cel/code.h"

namespace gatehouse::cel {

// Walks the tree. Recursion is as deep as the tree, which the parser bounds.
class Evaluator {
 public:
  Evaluator(const Program::Code& code, const Activation& activation, Run& run, std::vector<Value>& locals)
      : code_(code), activation_(activation), run_(run), locals_(locals) {}

  Value evaluate(std::uint32_t index);

 private:
  const Node& node(std::uint32_t index) const { return code_.nodes[index]; }
  std::uint32_t child(const Node& of, std::uint32_t i) const { return code_.children[of.a + i]; }

  Value select(const Node& node);
  Value presence(const Node& node);
  Value conjunction(const Node& node);
  Value disjunction(const Node& node);
  Value conditional(const Node& node);
  Value pair(const Node& node);
  Value call(const Node& node);
  Value match(const Node& node);
  Value list(const Node& node);
  Value map(const Node& node);
  Value bind(const Node& node);
  Value block(const Node& node);
  Value alternative(const Node& node);
  Value comprehension(const Node& node);

  const Program::Code& code_;
  const Activation& activation_;
  Run& run_;
  std::vector<Value>& locals_;
};

}  // namespace gatehouse::cel
