// Request heads: the same answer for every division into pieces, and nothing in a head that its types rule
// out.
#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "fuzz.h"
#include "http/characters.h"
#include "http/request_parser.h"

namespace gatehouse::http {
namespace {

struct Outcome {
  Progress progress = Progress::need_more;
  std::size_t consumed = 0;
  Malformed reason{};
  std::unique_ptr<RequestHead> head = std::make_unique<RequestHead>();
  std::string bytes;  // the memory of the head's views
};

// In pieces of `step` bytes, each time at a new address.
Outcome parse(std::string_view text, std::size_t step) {
  Outcome outcome;
  RequestParser parser({.head = 4096, .target = 1024, .fields = 16});
  for (std::size_t given = std::min(step, text.size());; given = std::min(given + step, text.size())) {
    std::string moved(text.substr(0, given));
    outcome.progress = parser.parse(moved, *outcome.head);
    outcome.bytes.swap(moved);
    if (outcome.progress != Progress::need_more || given == text.size()) break;
  }
  outcome.consumed = parser.consumed();
  if (outcome.progress == Progress::malformed) outcome.reason = parser.reason();
  return outcome;
}

bool same(const RequestHead& a, const RequestHead& b) {
  if (a.method != b.method || a.target != b.target || a.host.host != b.host.host ||
      a.host.port != b.host.port || a.body.kind != b.body.kind || a.body.length != b.body.length ||
      a.connection != b.connection || a.scheme != b.scheme || a.fields.size() != b.fields.size()) {
    return false;
  }
  for (std::size_t i = 0; i < a.fields.size(); ++i) {
    if (a.fields[i].name != b.fields[i].name || a.fields[i].value != b.fields[i].value) return false;
  }
  return true;
}

void check(const RequestHead& head) {
  FUZZ_EXPECT(head.path.starts_with('/') || (head.path == "*" && head.method == Method::options));
  FUZZ_EXPECT(all(head.target, kTargetCharacter));
  FUZZ_EXPECT(!head.path.contains("//") && !head.path.contains("/../") && !head.path.ends_with("/.."));
  FUZZ_EXPECT(!head.host.host.empty());
  FUZZ_EXPECT(head.body.kind != BodyKind::until_close);
  FUZZ_EXPECT(head.body.kind != BodyKind::chunked || !head.fields.has(FieldId::content_length));
  for (const Field field : head.fields) {
    FUZZ_EXPECT(!field.name.empty() && all(field.name, kTokenCharacter));
    FUZZ_EXPECT(value_end(field.value.data(), 0, field.value.size()) == field.value.size());
    const bool odd = std::ranges::any_of(field.name, [](char c) {
      return !is_digit(c) && !(ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') && c != '-';
    });
    const FieldId known = field_id(field.name);
    FUZZ_EXPECT(field.id == (known == FieldId::other && odd ? FieldId::odd_name : known));
    FUZZ_EXPECT(!is_singleton(field.id) || !head.fields.repeated(field.id));
  }
}

}  // namespace
}  // namespace gatehouse::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  if (size == 0) return 0;
  const auto text = gatehouse::fuzz_text(data + 1, size - 1);
  const Outcome whole = parse(text, text.size() + 1);
  const Outcome pieces = parse(text, data[0] % 32U + 1);
  FUZZ_EXPECT(whole.progress == pieces.progress);
  if (whole.progress == Progress::malformed) FUZZ_EXPECT(whole.reason == pieces.reason);
  if (whole.progress != Progress::complete) return 0;
  FUZZ_EXPECT(whole.consumed == pieces.consumed);
  FUZZ_EXPECT(same(*whole.head, *pieces.head));
  check(*whole.head);
  return 0;
}
