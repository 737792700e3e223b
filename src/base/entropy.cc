#include "base/entropy.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include <sys/random.h>

#include "base/secret.h"

namespace gatehouse {
namespace {

void from_system(std::uint8_t* out, std::size_t size) {
  while (size > 0) {
    const ssize_t got = getrandom(out, size, 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();  // no entropy: nothing that follows could be secure
    }
    out += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

SystemEntropy::~SystemEntropy() { wipe(block_, sizeof block_); }

void SystemEntropy::fill(std::span<std::uint8_t> out) {
  if (out.size() > sizeof block_) return from_system(out.data(), out.size());
  if (left_ < out.size()) {
    from_system(block_, sizeof block_);
    left_ = sizeof block_;
  }
  std::uint8_t* const from = block_ + sizeof block_ - left_;
  std::memcpy(out.data(), from, out.size());
  wipe(from, out.size());  // a byte is given once
  left_ -= out.size();
}

}  // namespace gatehouse
