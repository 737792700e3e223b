// Kept<T>: a container that keeps its memory when its struct is emptied by assigning a fresh one.
//
//   struct Found { Kept<std::string> text; int number = 0; };
//   found = {};   // every member is new, also those added later; `text` is empty and keeps its capacity
//
// So a struct that is reused cannot forget a member, and allocates nothing in the long run.
#pragma once

#include <utility>

namespace gatehouse {

// T has empty(), clear() and a move assignment.
template <typename T>
struct Kept : T {
  using T::T;
  using T::operator=;

  Kept() = default;
  ~Kept() = default;
  Kept(const Kept&) = default;
  Kept(Kept&&) noexcept = default;
  Kept& operator=(const Kept&) = default;
  // As T's, but that nothing is moved out of an empty one: the memory at hand is worth more.
  Kept& operator=(Kept&& other) noexcept {
    if (other.empty()) {
      this->clear();
    } else {
      T::operator=(std::move(other));
    }
    return *this;
  }
};

}  // namespace gatehouse
