#include "server/request_buffer.h"

#include <algorithm>
#include <cstring>

#include "server/worker.h"

namespace gatehouse::server {

bool RequestBuffer::put_back(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::span<char> room = space();
    if (room.empty()) return false;
    const std::size_t size = std::min(room.size(), bytes.size());
    std::memcpy(room.data(), bytes.data(), size);
    added(size);
    bytes.remove_prefix(size);
  }
  return true;
}

std::span<char> RequestBuffer::space() {
  if (data_ == nullptr) {
    owned_ = worker_.take_buffer();
    data_ = owned_.get();
    capacity_ = Worker::kBuffer;
  }
  if (end_ == capacity_ && begin_ > 0) {
    std::memmove(data_, data_ + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == capacity_) {
    if (capacity_ > head_limit_) return {};
    const std::size_t wanted = std::size_t{64} << 10U;  // heads are smaller
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    std::memcpy(larger.get(), data_, end_);
    owned_ = std::move(larger);
    data_ = owned_.get();
    capacity_ = wanted;
  }
  return space_in_place();
}

void RequestBuffer::release() {
  if (owned_ && capacity_ == Worker::kBuffer) worker_.give_back(std::move(owned_));
  owned_.reset();
  data_ = nullptr;
  capacity_ = begin_ = end_ = 0;
}

}  // namespace gatehouse::server
