// API keys: the text that a caller sends as one, and keys made of the same bytes. A key is taken back as it
// was made; no other text near it is.
#include <algorithm>
#include <cctype>
#include <string>

#include "crypto/api_key.h"
#include "fuzz.h"

namespace gatehouse::crypto {
namespace {

// The fuzzer's bytes, and then all the others, so that drawing again ends.
class GivenEntropy final : public Entropy {
 public:
  explicit GivenEntropy(std::string_view given) : given_(given) {}
  void fill(std::span<std::uint8_t> out) override {
    for (std::uint8_t& byte : out) {
      byte =
          next_ < given_.size() ? static_cast<std::uint8_t>(given_[next_]) : static_cast<std::uint8_t>(next_);
      ++next_;
    }
  }

 private:
  std::string_view given_;
  std::size_t next_ = 0;
};

KeyHasher hasher() { return *KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p'))); }

void expect_whole(const ApiKey& key, std::string_view text) {
  FUZZ_EXPECT(key.text() == text && text.size() == 55 && key.id().size() == 12);
  FUZZ_EXPECT(std::all_of(text.begin(), text.end(),
                          [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)); }));
}

}  // namespace
}  // namespace gatehouse::crypto

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::crypto;
  const std::string_view text = fuzz_text(data, size);
  if (const auto key = ApiKey::parse(text)) expect_whole(*key, text);

  static const KeyHasher kHasher = hasher();
  GivenEntropy entropy(text);
  const NewApiKey made = generate_api_key(entropy);
  std::string whole(made.text.reveal());
  const auto key = ApiKey::parse(whole);
  FUZZ_EXPECT(key && key->id() == made.id);
  expect_whole(*key, whole);
  const Digest256 stored = kHasher.hash(*key);
  FUZZ_EXPECT(kHasher.matches(*key, stored));

  // A burst of four bytes or fewer never has the same CRC-32; so no typing error is accepted as a key.
  if (size < 3) return 0;
  const std::size_t at = data[0] % whole.size();
  const char was = whole[at];
  whole[at] = static_cast<char>(data[1]);
  FUZZ_EXPECT(whole[at] == was || !ApiKey::parse(whole));
  whole[at] = was;
  FUZZ_EXPECT(!ApiKey::parse(whole + static_cast<char>(data[2])));
  FUZZ_EXPECT(!ApiKey::parse(std::string_view(whole).substr(0, at)));
  return 0;
}
