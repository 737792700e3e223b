#include "schema/memo.h"

#include <algorithm>
#include <bit>

namespace gatehouse::schema {
namespace {

constexpr std::size_t kFewest = 1024;
constexpr std::size_t kMostSlots = std::size_t{8} << 20U;
constexpr std::size_t kMostWords = std::size_t{128} << 10U;  // of marks: 1 MiB
constexpr std::size_t kKeptSlots = std::size_t{32} << 10U;
constexpr std::uint64_t kKnownBits = 3;

}  // namespace

void Memo::begin(std::size_t nodes) {
  const std::size_t size = std::clamp(std::bit_ceil(nodes * 2), kFewest, kMostSlots);
  slots_.assign(size, 0);
  mask_ = size - 1;
  words_.clear();
  marks_.clear();
}

void Memo::end() {
  if (slots_.capacity() > kKeptSlots) slots_ = {};
  if (words_.capacity() > kKeptSlots) words_ = {};
  if (marks_.size() > kFewest) marks_ = {};
}

Memo::Known Memo::find(Place place) const {
  const std::uint64_t packed = place.packed();
  const std::size_t first = bucket(packed);
  for (std::size_t i = first; i < first + kWays; ++i) {
    if ((slots_[i] & ~kKnownBits) == packed) return static_cast<Known>(slots_[i] & kKnownBits);
  }
  return Known::nothing;
}

void Memo::add(Place place, Known known) {
  const std::uint64_t packed = place.packed();
  const std::size_t first = bucket(packed);
  std::size_t at = first + (next_++ & (kWays - 1));
  for (std::size_t i = first; i < first + kWays; ++i) {
    if (slots_[i] != 0 && (slots_[i] & ~kKnownBits) != packed) continue;
    at = i;
    break;
  }
  slots_[at] = packed | static_cast<std::uint64_t>(known);
}

const std::uint64_t* Memo::marks(Place place) const {
  const auto found = marks_.find(place.packed());
  return found == marks_.end() ? nullptr : words_.data() + found->second;
}

void Memo::add_marks(Place place, std::span<const std::uint64_t> words) {
  if (words_.size() + words.size() > kMostWords) return;
  if (!marks_.try_emplace(place.packed(), words_.size()).second) return;
  words_.insert(words_.end(), words.begin(), words.end());
}

}  // namespace gatehouse::schema
