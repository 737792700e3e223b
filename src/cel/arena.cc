#include "cel/arena.h"

#include <algorithm>

namespace gatehouse::cel {

bool Arena::refill(std::size_t bytes) {
  if (bytes > limit_ || used_ > limit_ - bytes) return false;
  const std::size_t size = blocks_.empty() && bytes <= kFirstBlock
                               ? kFirstBlock
                               : std::max(bytes, std::min(used_ + kFirstBlock, limit_ - used_));
  if (blocks_.empty() && size > kFirstBlock) blocks_.push_back(std::make_unique<std::byte[]>(kFirstBlock));
  blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(size));
  next_ = blocks_.back().get();
  left_ = size;
  used_ += size;
  return true;
}

}  // namespace gatehouse::cel
