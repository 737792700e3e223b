// Media types and Accept.
#include <array>

#include "fuzz.h"
#include "http/media_type.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  const auto text = gatehouse::fuzz_text(data, size);
  if (const auto type = parse_media_type(text)) {
    FUZZ_EXPECT(!type->type.empty() && !type->subtype.empty());
    FUZZ_EXPECT(type->type.size() + 1 + type->subtype.size() + type->parameters.size() == text.size());
    type->parameter("charset");
  }
  constexpr std::array<std::string_view, 2> kOffers = {"application/json", "application/problem+json"};
  for (const auto offer : kOffers) {
    const auto weight = quality(text, offer);
    FUZZ_EXPECT(!weight || (*weight >= 0 && *weight <= 1000));
  }
  const auto chosen = negotiate(text, kOffers);
  FUZZ_EXPECT(!chosen || *chosen < kOffers.size());
  return 0;
}
