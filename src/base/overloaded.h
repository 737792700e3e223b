// One function for each kind of a std::variant; a kind without one does not compile.
//
//   std::visit(Overloaded{[](const Circle& circle) { … }, [](const Square& square) { … }}, shape);
#pragma once

namespace gatehouse {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};
template <typename... Functions>
Overloaded(Functions...) -> Overloaded<Functions...>;

}  // namespace gatehouse
