#include "base/problems.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/utf8.h"

namespace gatehouse {
namespace {

auto key(const Problem& problem) {
  return std::tie(problem.place.file, problem.place.line, problem.place.column);
}

}  // namespace

std::vector<Problem> Problems::sorted() const {
  std::vector<Problem> sorted = list_;
  std::ranges::stable_sort(sorted, [](const Problem& a, const Problem& b) { return key(a) < key(b); });
  const auto again = std::ranges::unique(
      sorted, [](const Problem& a, const Problem& b) { return key(a) == key(b) && a.what == b.what; });
  sorted.erase(again.begin(), again.end());
  return sorted;
}

std::string Problems::text() const {
  std::string text;
  for (const Problem& problem : sorted()) {
    const Place& place = problem.place;
    text += printable(place.line == 0
                          ? fmt::format("{}: {}", place.file, problem.what)
                          : fmt::format("{}:{}:{}: {}", place.file, place.line, place.column, problem.what));
    text += '\n';
  }
  return text;
}

}  // namespace gatehouse
