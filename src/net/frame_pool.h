// Memory for coroutine frames: per-thread free lists by size, so that a request allocates none in steady
// state.
#pragma once

#include <cstddef>

namespace gatehouse::net {

// Throws std::bad_alloc. A frame may be freed on another thread than the one it came from.
void* allocate_frame(std::size_t size);
void free_frame(void* frame, std::size_t size) noexcept;

}  // namespace gatehouse::net
