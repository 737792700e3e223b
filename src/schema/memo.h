// The results for a place under a rule, for instances that cost more than ordinary ones: a rule that is
// reached in several ways then examines each value once. Open addressing in a fixed size: a full table
// forgets results, which costs time that Work bounds, and never gives a wrong answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

namespace gatehouse::schema {

class Memo {
 public:
  enum class Known : std::uint8_t {
    nothing,
    valid,
    invalid,
    invalid_told,  // and its findings are listed
  };
  struct Place {
    std::uint32_t rule = 0;     // its number in the program: below 2^22
    std::uint32_t node = 0;     // index in the instance: below 2^31
    std::uint8_t bindings = 0;  // which dynamic anchors are bound; the same rule may mean other things
    std::uint64_t packed() const {
      return (std::uint64_t{rule} << 39U | std::uint64_t{node} << 8U | bindings) << 2U;
    }
  };

  // Forgets everything; takes 16 bytes for each node of the instance, up to 64 MiB.
  void begin(std::size_t nodes);
  Known find(Place place) const;
  void add(Place place, Known known);

  // Which members or elements a valid place has evaluated, as words of Marks; null: not known.
  const std::uint64_t* marks(Place place) const;
  void add_marks(Place place, std::span<const std::uint64_t> words);

  // Keeps a little memory for the next instance.
  void end();

 private:
  static constexpr std::size_t kWays = 4;
  std::size_t bucket(std::uint64_t packed) const {
    return static_cast<std::size_t>((packed * 0x9E3779B97F4A7C15U) >> 20U) & mask_ & ~(kWays - 1);
  }

  std::vector<std::uint64_t> slots_;  // packed place, and Known in the two lowest bits
  std::size_t mask_ = 0;
  std::size_t next_ = 0;  // which of a full bucket goes
  std::vector<std::uint64_t> words_;
  std::unordered_map<std::uint64_t, std::size_t> marks_;  // packed place → index in words_
};

}  // namespace gatehouse::schema
