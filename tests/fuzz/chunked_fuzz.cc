// Chunked bodies: the same body and the same end for every division into pieces.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "http/chunked.h"

namespace gatehouse::http {
namespace {

std::string decoded(std::string_view input, std::size_t step, Trailers trailers) {
  ChunkedDecoder decoder(trailers);
  std::string body;
  std::size_t consumed = 0;
  for (std::size_t given = std::min(step, input.size());; given = std::min(given + step, input.size())) {
    while (true) {
      const auto turn = decoder.next(input.substr(consumed, given - consumed));
      FUZZ_EXPECT(turn.consumed <= given - consumed && turn.data.size() <= turn.consumed);
      body += turn.data;
      consumed += turn.consumed;
      if (turn.progress == Progress::malformed) return std::string(name(decoder.reason()));
      if (turn.progress == Progress::complete) return body + '|' + std::to_string(consumed);
      if (turn.data.empty()) break;
    }
    FUZZ_EXPECT(consumed == given);
    if (given == input.size()) return "need_more" + body;
  }
}

}  // namespace
}  // namespace gatehouse::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  if (size == 0) return 0;
  const auto text = gatehouse::fuzz_text(data + 1, size - 1);
  const auto trailers = (data[0] & 0x80U) != 0 ? Trailers::drop : Trailers::refuse;
  FUZZ_EXPECT(decoded(text, text.size() + 1, trailers) == decoded(text, data[0] % 16U + 1, trailers));
  return 0;
}
