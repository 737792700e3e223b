// PROXY protocol headers: a longer buffer does not change the answer.
#include <string>

#include "fuzz.h"
#include "http/proxy_protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  // Most inputs are to come past the signature.
  const std::string text =
      std::string("\r\n\r\n\0\r\nQUIT\n", 12) + std::string(gatehouse::fuzz_text(data, size));
  ProxyHeader header;
  const auto progress = parse_proxy_header(text, header);
  ProxyHeader again;
  if (progress != Progress::need_more) {
    FUZZ_EXPECT(parse_proxy_header(text + "more", again) == progress && again.size == header.size);
  }
  if (progress != Progress::complete) return 0;
  FUZZ_EXPECT(header.size >= 16 && header.size <= text.size() && header.size <= kProxyHeaderLimit);
  FUZZ_EXPECT(header.source.has_value() == header.destination.has_value());
  FUZZ_EXPECT(parse_proxy_header(text.substr(0, header.size - 1), again) != Progress::complete);
  return 0;
}
