// Memory for the values of one evaluation: allocated by moving a pointer, released all at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace gatehouse::cel {

class Arena {
 public:
  explicit Arena(std::size_t limit) : limit_(limit) {}

  // Null when the limit is reached. Blocks stay where they are until reset().
  void* allocate(std::size_t bytes) {
    bytes = (bytes + 7U) & ~std::size_t{7};
    if (bytes > left_ && !refill(bytes)) return nullptr;
    std::byte* const result = next_;
    next_ += bytes;
    left_ -= bytes;
    return result;
  }
  // For types that need no destructor. Not initialised.
  template <typename T>
  T* allocate_array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= 8);
    if (count > limit_ / sizeof(T)) return nullptr;
    return static_cast<T*>(allocate(count * sizeof(T)));
  }
  // Takes everything back; keeps the first block.
  void reset() {
    if (blocks_.size() > 1) blocks_.resize(1);
    used_ = blocks_.empty() ? 0 : kFirstBlock;
    next_ = blocks_.empty() ? nullptr : blocks_.front().get();
    left_ = used_;
  }

 private:
  static constexpr std::size_t kFirstBlock = 4096;
  bool refill(std::size_t bytes);

  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::size_t used_ = 0;  // bytes in all blocks
  std::size_t limit_;
  std::vector<std::unique_ptr<std::byte[]>> blocks_;
};

}  // namespace gatehouse::cel
