#include "base/problems.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace gatehouse {

std::string Problems::text() const {
  std::vector<const Problem*> sorted;
  for (const Problem& problem : list_) sorted.push_back(&problem);
  std::stable_sort(sorted.begin(), sorted.end(), [](const Problem* a, const Problem* b) {
    return std::tie(a->place.file, a->place.line, a->place.column) <
           std::tie(b->place.file, b->place.line, b->place.column);
  });
  std::string text;
  for (const Problem* problem : sorted) {
    const Place& place = problem->place;
    if (place.line == 0) {
      text += fmt::format("{}: {}\n", place.file, problem->what);
    } else {
      text += fmt::format("{}:{}:{}: {}\n", place.file, place.line, place.column, problem->what);
    }
  }
  return text;
}

}  // namespace gatehouse
