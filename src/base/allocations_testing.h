// Replaces operator new of a test program by one that counts. One file of a program includes it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

// Coroutine frames are kept for their next use, except where a sanitizer must see each of them come and go.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEHOUSE_SANITIZED 1
#endif
#endif

namespace gatehouse {

// By the thread that reads it.
inline thread_local std::size_t counted_allocations = 0;

}  // namespace gatehouse

void* operator new(std::size_t size) {
  ++gatehouse::counted_allocations;
  if (void* const memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}
// For allocation functions that the sanitizers would otherwise replace.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++gatehouse::counted_allocations;
  return std::malloc(size == 0 ? 1 : size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
