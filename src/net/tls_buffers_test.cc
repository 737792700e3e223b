#include "net/tls_buffers.h"

#include <array>
#include <cstring>
#include <set>
#include <thread>

#include <gtest/gtest.h>
#include <openssl/crypto.h>

namespace gatehouse::net {
namespace {

// Before main, so that all tests of the room run with it.
const bool has_effect = keep_tls_buffers();

TEST(TlsBuffers, AreTakenAgain) {
  ASSERT_TRUE(has_effect);
  void* const first = OPENSSL_malloc(16'709);
  std::memset(first, 1, 16'709);
  OPENSSL_free(first);
  void* const second = OPENSSL_malloc(18'432);  // another size of the same kind
  EXPECT_EQ(second, first);
  std::memset(second, 2, 18'432);
  OPENSSL_free(second);
}

TEST(TlsBuffers, AreNoBlocksOfOtherSizes) {
  OPENSSL_free(OPENSSL_malloc(17'000));
  for (const std::size_t size : {1, 1'000, 16'383, 18'433, 100'000}) {
    void* block = OPENSSL_malloc(size);
    std::memset(block, 3, size);
    block = OPENSSL_realloc(block, size + 20'000);
    std::memset(block, 4, size + 20'000);
    OPENSSL_free(block);
  }
  void* const grown = OPENSSL_realloc(OPENSSL_malloc(17'000), 40'000);
  std::memset(grown, 5, 40'000);
  OPENSSL_free(grown);
}

TEST(TlsBuffers, AreKeptByTheThreadThatGivesThemBackAndEndWithIt) {
  std::array<void*, 20> blocks{};
  for (void*& block : blocks) block = OPENSSL_malloc(17'000);
  std::thread([&] {
    for (void* const block : blocks) OPENSSL_free(block);
    std::array<void*, 8> again{};
    for (void*& block : again) block = OPENSSL_malloc(17'000);
    EXPECT_EQ(std::set<void*>(again.begin(), again.end()).size(), again.size()) << "no block twice";
    for (void* const block : again) std::memset(block, 6, 17'000);
    for (void* const block : again) OPENSSL_free(block);
  }).join();  // what it kept is free: the leak detector would tell
}

}  // namespace
}  // namespace gatehouse::net
