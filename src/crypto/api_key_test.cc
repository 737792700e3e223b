#include "crypto/api_key.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace gatehouse::crypto {
namespace {

constexpr std::string_view kKeyAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// Bytes that count up: the worst entropy, the same every time.
class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) byte = next_++;
  }

 private:
  std::uint8_t next_ = 0;
};

TEST(ApiKey, AGeneratedKeyParsesToItsId) {
  SystemEntropy entropy;
  const NewApiKey key = generate_api_key(entropy);
  EXPECT_EQ(key.text.reveal().size(), 55U);
  EXPECT_EQ(key.id.size(), 12U);
  const auto parsed = ApiKey::parse(key.text.reveal());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id(), key.id);
  EXPECT_EQ(parsed->text(), key.text.reveal());
}

TEST(ApiKey, TheFormDoesNotChangeBetweenReleases) {
  CountingEntropy entropy;
  const NewApiKey key = generate_api_key(entropy);
  EXPECT_EQ(key.text.reveal(), "gh_0123456789AB_23456789ABCDEFGHIJKLMNOPQRSTUVWXY4BKzet");
}

TEST(ApiKey, KeysDoNotRepeatAndUseTheWholeAlphabet) {
  SystemEntropy entropy;
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 1000; ++i) {
    const NewApiKey key = generate_api_key(entropy);
    EXPECT_TRUE(seen.emplace(key.text.reveal()).second);
    for (const char c : key.text.reveal().substr(16, 33)) characters.insert(c);
  }
  EXPECT_EQ(characters.size(), kKeyAlphabet.size());
}

TEST(ApiKey, EverySingleWrongCharacterIsNoticed) {
  SystemEntropy entropy;
  const NewApiKey key = generate_api_key(entropy);
  for (std::size_t i = 0; i < key.text.reveal().size(); ++i) {
    for (const char c : std::string("_-=/ \t\n") + std::string(kKeyAlphabet)) {
      std::string changed(key.text.reveal());
      if (changed[i] == c) continue;
      changed[i] = c;
      EXPECT_FALSE(ApiKey::parse(changed)) << changed;
    }
  }
}

TEST(ApiKey, NoiseAndNeighbouringFormsAreRefused) {
  SystemEntropy entropy;
  const std::string good(generate_api_key(entropy).text.reveal());
  ASSERT_TRUE(ApiKey::parse(good));
  const std::string upper = "GH" + good.substr(2);
  for (const std::string& text : {std::string(), std::string("gh_"), good.substr(1), good.substr(0, 54),
                                  good + "0", " " + good, good + "\n", good + std::string(1, '\0'), upper,
                                  std::string(55, '\0'), std::string(55, 'g'), std::string(1 << 20, 'g')}) {
    EXPECT_FALSE(ApiKey::parse(text));
  }
}

TEST(ApiKey, AHashFitsItsOwnKeyAndPepperOnly) {
  SystemEntropy entropy;
  const auto hasher = KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')));
  const auto other_pepper = KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'q')));
  ASSERT_TRUE(hasher && other_pepper);
  const NewApiKey first = generate_api_key(entropy);
  const NewApiKey second = generate_api_key(entropy);
  const ApiKey key = *ApiKey::parse(first.text.reveal());
  const Digest256 stored = hasher->hash(key);
  EXPECT_TRUE(hasher->matches(key, stored));
  EXPECT_FALSE(hasher->matches(*ApiKey::parse(second.text.reveal()), stored));
  EXPECT_FALSE(other_pepper->matches(key, stored));
  EXPECT_FALSE(hasher->matches(key, Digest256{}));
}

TEST(ApiKey, AShortPepperIsRefused) {
  EXPECT_FALSE(KeyHasher::with_pepper(Secret<std::string>(std::string(31, 'p'))));
  EXPECT_FALSE(KeyHasher::with_pepper(Secret<std::string>()));
}

}  // namespace
}  // namespace gatehouse::crypto
