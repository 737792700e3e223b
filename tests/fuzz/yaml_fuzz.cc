// YAML and JSON files: read with places, or with problems, within bounds.
#include "doc/source.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  Problems problems;
  const doc::Limits limits{.bytes = 1U << 16U, .depth = 64, .values = 10'000, .text = 1U << 20U};
  const auto source = doc::parse(std::string(fuzz_text(data, size)), "fuzz.yaml", problems, limits);
  FUZZ_EXPECT((source == nullptr) == !problems.empty());
  if (source) FUZZ_EXPECT(source->place(source->root()).line >= 1);
  for (const auto& problem : problems.list()) FUZZ_EXPECT(!problem.what.empty());
  return 0;
}
