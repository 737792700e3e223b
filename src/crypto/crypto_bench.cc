#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/api_key.h"
#include "crypto/hash.h"
#include "crypto/jwt.h"
#include "crypto/signer.h"
#include "crypto/token_cache.h"

namespace gatehouse::crypto {
namespace {

constexpr WallTime kNow{std::chrono::seconds{1'760'000'000}};

void sha256_of_700_bytes(benchmark::State& state) {
  const std::string text(700, 'x');
  for (auto _ : state) benchmark::DoNotOptimize(sha256(text));
}
BENCHMARK(sha256_of_700_bytes);

void hmac_of_an_api_key(benchmark::State& state) {
  SystemEntropy entropy;
  const NewApiKey made = generate_api_key(entropy);
  const auto hasher = KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')));
  for (auto _ : state) benchmark::DoNotOptimize(hasher->hash(*ApiKey::parse(made.text.reveal())));
}
BENCHMARK(hmac_of_an_api_key);

void verify(benchmark::State& state, KeyType type) {
  const Signer signer = *Signer::generate(type);
  const KeySet keys = *KeySet::parse(signer.public_jwks());
  JwtVerifier verifier({.issuer = "https://idp.example.com/",
                        .audiences = {"orders-api"},
                        .algorithms = {signer.algorithm()}});
  const std::string token = *signer.sign_jwt(fmt::format(
      R"({{"iss":"https://idp.example.com/","aud":"orders-api","sub":"alice","exp":1760000600,"x":"{}"}})",
      std::string(200, 'x')));
  for (auto _ : state) {
    auto verified = verifier.verify(token, keys, kNow);
    if (!verified) state.SkipWithError("refused");
    benchmark::DoNotOptimize(verified);
  }
}
BENCHMARK_CAPTURE(verify, rs256, KeyType::rsa);
BENCHMARK_CAPTURE(verify, es256, KeyType::p256);
BENCHMARK_CAPTURE(verify, es384, KeyType::p384);
BENCHMARK_CAPTURE(verify, es512, KeyType::p521);
BENCHMARK_CAPTURE(verify, ed25519, KeyType::ed25519);
BENCHMARK_CAPTURE(verify, ed448, KeyType::ed448);

void token_cache_hit(benchmark::State& state) {
  TokenCache<int> cache(4096, std::size_t{64} << 20U);
  for (int i = 0; i < 4096; ++i) {
    cache.put(TokenKey(std::to_string(i)), 1, kNow + std::chrono::hours(1), std::make_shared<int>(i), 500);
  }
  const std::string token = std::string(356, 'c') + "." + std::string(342, 's');  // RS256
  cache.put(TokenKey(token), 1, kNow + std::chrono::hours(1), std::make_shared<int>(7), 500);
  for (auto _ : state) benchmark::DoNotOptimize(cache.find(TokenKey(token), 1, kNow));
}
BENCHMARK(token_cache_hit);

void es256_sign(benchmark::State& state) {
  const Signer signer = *Signer::generate(KeyType::p256);
  for (auto _ : state) benchmark::DoNotOptimize(signer.sign_jwt(R"({"sub":"alice"})"));
}
BENCHMARK(es256_sign);

}  // namespace
}  // namespace gatehouse::crypto
