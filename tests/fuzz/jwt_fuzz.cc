// Tokens against a set of public keys: nothing that a fuzzer writes verifies. And key sets.
#include "crypto/jwt.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::crypto;
  const auto text = fuzz_text(data, size);
  if (const auto keys = KeySet::parse(text)) {
    for (const auto& key : keys->keys()) FUZZ_EXPECT(key.handle() != nullptr && !key.algorithms().empty());
  }
  // RFC 8037 appendix A.2.
  static const auto kKeys = KeySet::parse(
      R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
  static JwtVerifier verifier(
      {.issuer = "a", .audiences = {"b"}, .algorithms = kKeys->keys()[0].algorithms()});
  FUZZ_EXPECT(!verifier.verify(text, *kKeys, WallTime{}));
  return 0;
}
