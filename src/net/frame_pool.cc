#include "net/frame_pool.h"

#include <array>
#include <new>

#include "net/sanitized.h"

namespace gatehouse::net {

#if GATEHOUSE_SANITIZED  // each frame is to be seen as it comes and goes

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
