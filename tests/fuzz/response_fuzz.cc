// Response heads: the same answer for every division into pieces.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "fuzz.h"
#include "http/characters.h"
#include "http/response_parser.h"

namespace gatehouse::http {
namespace {

struct Outcome {
  Progress progress = Progress::need_more;
  std::size_t consumed = 0;
  Malformed reason{};
  std::unique_ptr<ResponseHead> head = std::make_unique<ResponseHead>();
  std::string bytes;
};

Outcome parse(std::string_view text, std::size_t step, Method asked) {
  Outcome outcome;
  ResponseParser parser({.head = 4096, .fields = 16});
  for (std::size_t given = std::min(step, text.size());; given = std::min(given + step, text.size())) {
    std::string moved(text.substr(0, given));
    outcome.progress = parser.parse(moved, asked, *outcome.head);
    outcome.bytes.swap(moved);
    if (outcome.progress != Progress::need_more || given == text.size()) break;
  }
  outcome.consumed = parser.consumed();
  if (outcome.progress == Progress::malformed) outcome.reason = parser.reason();
  return outcome;
}

}  // namespace
}  // namespace gatehouse::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  if (size == 0) return 0;
  const auto text = gatehouse::fuzz_text(data + 1, size - 1);
  const Method asked = (data[0] & 0x80U) != 0 ? Method::head : Method::get;
  const Outcome whole = parse(text, text.size() + 1, asked);
  const Outcome pieces = parse(text, data[0] % 32U + 1, asked);
  FUZZ_EXPECT(whole.progress == pieces.progress);
  if (whole.progress == Progress::malformed) FUZZ_EXPECT(whole.reason == pieces.reason);
  if (whole.progress != Progress::complete) return 0;
  const ResponseHead& head = *whole.head;
  FUZZ_EXPECT(whole.consumed == pieces.consumed && head.status == pieces.head->status);
  FUZZ_EXPECT(head.body.kind == pieces.head->body.kind && head.fields.size() == pieces.head->fields.size());
  FUZZ_EXPECT(head.status >= 100 && head.status < 600 && head.status != 101);
  FUZZ_EXPECT(asked != Method::head || head.body.kind == BodyKind::none);
  FUZZ_EXPECT(head.body.kind != BodyKind::until_close || head.connection == Persistence::close);
  for (const Field field : head.fields) {
    FUZZ_EXPECT(value_end(field.value.data(), 0, field.value.size()) == field.value.size());
  }
  return 0;
}
