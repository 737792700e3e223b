#include "net/tls_buffers.h"

#include <array>
#include <cstddef>
#include <cstdlib>

#include <malloc.h>
#include <openssl/crypto.h>

namespace gatehouse::net {
namespace {

// A record with its header and the growth that encryption may add (RFC 8446 section 5.2), and some room.
constexpr std::size_t kSmallest = std::size_t{16} << 10U;
constexpr std::size_t kBlock = std::size_t{18} << 10U;

// Of one thread. Without a destructor, because OpenSSL frees memory at the very end of a thread.
struct KeptBlocks {
  std::array<void*, 8> blocks;
  std::size_t count;
  bool ended;
};
constinit thread_local KeptBlocks kept_blocks{};

struct AtEnd {
  ~AtEnd() {
    kept_blocks.ended = true;
    while (kept_blocks.count > 0) std::free(kept_blocks.blocks[--kept_blocks.count]);
  }
};
thread_local const AtEnd blocks_at_end;

void* allocate(std::size_t size, const char*, int) {
  if (size < kSmallest || size > kBlock) return std::malloc(size);
  return kept_blocks.count > 0 ? kept_blocks.blocks[--kept_blocks.count] : std::malloc(kBlock);
}

void* reallocate(void* block, std::size_t size, const char*, int) { return std::realloc(block, size); }

void release(void* block, const char*, int) {
  // What malloc has rounded a block of this size up to.
  const std::size_t size = block == nullptr ? 0 : ::malloc_usable_size(block);
  if (size < kBlock || size >= kBlock + 64 || kept_blocks.ended ||
      kept_blocks.count == kept_blocks.blocks.size())
    return std::free(block);
  static_cast<void>(&blocks_at_end);  // is made, so that it ends
  kept_blocks.blocks[kept_blocks.count++] = block;
}

}  // namespace

bool keep_tls_buffers() { return CRYPTO_set_mem_functions(allocate, reallocate, release) == 1; }

}  // namespace gatehouse::net
