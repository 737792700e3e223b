// Problems in the files that a person wrote: every problem is collected, each with its place.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gatehouse {

struct Place {
  std::string file;          // as the person named it
  std::uint32_t line = 0;    // from 1; 0 when the problem is the file as a whole
  std::uint32_t column = 0;  // from 1, in bytes
};

struct Problem {
  Place place;
  std::string what;  // the problem, and how to solve it
};

class Problems {
 public:
  void add(Place place, std::string what) { list_.push_back({std::move(place), std::move(what)}); }
  bool empty() const { return list_.empty(); }
  std::size_t size() const { return list_.size(); }
  const std::vector<Problem>& list() const { return list_; }
  // By place, each once: several steps may say the same.
  std::vector<Problem> sorted() const;
  // The same, one line each: `file:line:column: what`. Control characters in names of the documents are
  // escaped, so a terminal does not obey them.
  std::string text() const;

 private:
  std::vector<Problem> list_;
};

}  // namespace gatehouse
