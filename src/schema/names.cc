#include "schema/names.h"

#include <bit>

namespace gatehouse::schema {

std::uint32_t NameTable::add(std::string_view name) {
  const auto [at, added] = numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
  if (added) names_.emplace_back(name).append(8, '\0');
  return at->second;
}

void NameTable::build() {
  for (const std::string& padded : names_) {
    const std::string_view name(padded.data(), padded.size() - 8);
    order_.push_back({head_of(name), name.data(), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(order_.size())});
  }
  numbers_.clear();
  if (order_.empty()) return;
  slots_.resize(std::bit_ceil(order_.size() * 4));
  mask_ = slots_.size() - 1;
  for (const Slot& slot : order_) {
    std::size_t i = place({slot.text, slot.size}, slot.head);
    while (slots_[i].number != kNone) i = (i + 1) & mask_;
    slots_[i] = slot;
  }
}

std::size_t NameTable::place(std::string_view text, std::uint64_t head) const {
  constexpr std::uint64_t kMix = 0x9E3779B97F4A7C15U;
  std::uint64_t hash = (head ^ text.size()) * kMix;
  for (std::size_t i = 8; i < text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    if (text.size() - i < 8) word &= (std::uint64_t{1} << ((text.size() - i) * 8)) - 1;
    hash = (std::rotl(hash, 29) ^ word) * kMix;
  }
  return static_cast<std::size_t>(hash >> 32U) & mask_;
}

}  // namespace gatehouse::schema
