#include "net/frame_pool.h"

#include <array>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GATEHOUSE_PLAIN_FRAMES  // the sanitizers must see each frame come and go
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GATEHOUSE_PLAIN_FRAMES
#endif

namespace gatehouse::net {

#ifdef GATEHOUSE_PLAIN_FRAMES

void* allocate_frame(std::size_t size) { return ::operator new(size); }
void free_frame(void* frame, std::size_t) noexcept { ::operator delete(frame); }

#else

namespace {

constexpr std::size_t kStep = 128;
constexpr std::size_t kClasses = 32;  // up to 4 KiB; larger frames come from the heap

struct FreeFrame {
  FreeFrame* next;
};

struct Pool {
  constexpr Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (FreeFrame*& first : free) {
      while (first != nullptr) {
        FreeFrame* frame = first;
        first = frame->next;
        ::operator delete(frame);
      }
    }
    gone = true;
  }

  std::array<FreeFrame*, kClasses> free{};
  bool gone = false;  // the thread is ending
};

thread_local constinit Pool pool;

std::size_t class_of(std::size_t size) { return (size - 1) / kStep; }

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t c = class_of(size);
  if (c >= kClasses) return ::operator new(size);
  FreeFrame*& first = pool.free[c];
  if (first == nullptr) return ::operator new((c + 1) * kStep);
  FreeFrame* frame = first;
  first = frame->next;
  return frame;
}

void free_frame(void* frame, std::size_t size) noexcept {
  const std::size_t c = class_of(size);
  if (c >= kClasses || pool.gone) return ::operator delete(frame);
  pool.free[c] = ::new (frame) FreeFrame{pool.free[c]};
}

#endif

}  // namespace gatehouse::net
