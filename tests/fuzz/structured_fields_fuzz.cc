// Structured fields: a parsed value can be written, and is read as the same.
#include "fuzz.h"
#include "http/structured_fields.h"

namespace gatehouse::http::structured {
namespace {

template <typename T>
void there_and_back(const std::optional<T>& value, std::optional<T> (*parse)(std::string_view)) {
  if (!value) return;
  const auto text = serialise(*value);
  FUZZ_EXPECT(text);
  FUZZ_EXPECT(parse(*text) == value);
}

}  // namespace
}  // namespace gatehouse::http::structured

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http::structured;
  const auto text = gatehouse::fuzz_text(data, size);
  there_and_back(parse_item(text), &parse_item);
  there_and_back(parse_list(text), &parse_list);
  there_and_back(parse_dictionary(text), &parse_dictionary);
  return 0;
}
