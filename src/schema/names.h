// A fixed set of names: the properties an object declares, the strings an enum lists. Looked up for every
// member of every instance, so names are compared by eight bytes at a time, first the one that is expected.
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/text_map.h"

namespace gatehouse::schema {

class NameTable {
 public:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  // While building: the name's number, from 0 in the order of arrival; the same name has the same number.
  std::uint32_t add(std::string_view name);
  void build();  // after the last add

  std::size_t size() const { return order_.size(); }
  std::string_view name(std::uint32_t number) const { return {order_[number].text, order_[number].size}; }

  // Precondition: eight bytes from text.data() on, and behind its end, are readable (json::Node promises it).
  std::uint32_t find(std::string_view text) const {
    if (slots_.empty()) return kNone;
    const std::uint64_t head = head_of(text);
    for (std::size_t i = place(text, head);; i = (i + 1) & mask_) {
      if (slots_[i].number == kNone) return kNone;
      if (slots_[i].is(text, head)) return slots_[i].number;
    }
  }
  // The same; looks at `expected` first, which is cheap where names arrive in their declared order.
  std::uint32_t find(std::string_view text, std::uint32_t expected) const {
    if (expected < order_.size() && order_[expected].is(text, head_of(text))) return expected;
    return find(text);
  }

 private:
  struct Slot {
    std::uint64_t head = 0;  // the first eight bytes; zeros behind a shorter name
    const char* text = nullptr;
    std::uint32_t size = 0;
    std::uint32_t number = kNone;

    bool is(std::string_view other, std::uint64_t other_head) const {
      if (head != other_head || size != other.size()) return false;
      if (size <= 8) return true;
      if (size > 16) return std::memcmp(text + 8, other.data() + 8, size - 8) == 0;
      return std::memcmp(text + size - 8, other.data() + size - 8, 8) == 0;  // one load, overlapping the head
    }
  };

  static std::uint64_t head_of(std::string_view text) {
    std::uint64_t head = 0;
    std::memcpy(&head, text.data(), 8);
    return text.size() < 8 ? head & ((std::uint64_t{1} << (text.size() * 8)) - 1) : head;
  }
  std::size_t place(std::string_view text, std::uint64_t head) const;

  std::deque<std::string> names_;
  std::vector<Slot> order_;  // by number
  std::vector<Slot> slots_;  // open addressing, at most a quarter full
  std::size_t mask_ = 0;
  TextMap<std::uint32_t> numbers_;  // while building
};

}  // namespace gatehouse::schema
