#include "crypto/hash.h"

#include <atomic>
#include <bit>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/siphash.h"

namespace gatehouse::crypto {
namespace {

TEST(Hash, Sha2MatchesTheExamplesOfFips180) {
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(
      hex(sha384("abc")),
      "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7");
  EXPECT_EQ(hex(sha512("abc")),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

struct HmacVector {
  std::string key;
  std::string data;
  const char* mac;
};

TEST(Hash, HmacMatchesTheVectorsOfRfc4231) {
  const HmacVector vectors[] = {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"}};
  for (const HmacVector& vector : vectors) {
    const HmacSha256 hmac(as_bytes(vector.key));
    EXPECT_EQ(hex(hmac.mac(vector.data)), vector.mac);
    EXPECT_EQ(hex(hmac.mac(vector.data)), vector.mac) << "the second time, from the same state";
  }
}

TEST(Hash, AMacThatDiffersInOneBitDoesNotMatch) {
  const HmacSha256 hmac(as_bytes("key"));
  Digest256 mac = hmac.mac("data");
  EXPECT_TRUE(hmac.matches("data", mac));
  for (std::size_t i = 0; i < mac.size() * 8; ++i) {
    Digest256 changed = mac;
    changed[i / 8] = static_cast<std::uint8_t>(changed[i / 8] ^ (1U << (i % 8)));
    EXPECT_FALSE(hmac.matches("data", changed));
  }
}

TEST(Hash, OneHmacServesSeveralThreads) {
  const HmacSha256 hmac(as_bytes("key"));
  const Digest256 expected = hmac.mac("data");
  std::vector<std::jthread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 2000; ++i) wrong += hmac.matches("data", expected) ? 0 : 1;
    });
  }
  threads.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(ProcessDigest, IsOfAllBytesAndOfThisProcess) {
  const std::string text(342, 's');
  const Digest128 digest = process_digest(text);
  EXPECT_EQ(process_digest(text), digest);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = 't';
    EXPECT_NE(process_digest(other), digest) << i;
    EXPECT_NE(process_digest(text.substr(0, i)), digest) << i;
  }
  // Not under a key of zeros.
  EXPECT_NE(process_digest(""), std::bit_cast<Digest128>(TableHash(SipKey{}).finish("")));
}

}  // namespace
}  // namespace gatehouse::crypto
