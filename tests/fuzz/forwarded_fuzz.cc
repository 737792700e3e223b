// X-Forwarded-For through trusted proxies, and traceparent.
#include <array>
#include <string>

#include "fuzz.h"
#include "http/forwarded.h"
#include "http/trace_context.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::http;
  const auto text = fuzz_text(data, size);
  if (size < 4096) {
    Fields fields;
    fields.set_base(text.data());
    fields.add(FieldId::x_forwarded_for, 0, 0, 0, size / 2);
    fields.add(FieldId::x_forwarded_for, 0, 0, size / 2, size - size / 2);
    static const std::array<IpNetwork, 2> kTrusted = {*IpNetwork::parse("10.0.0.0/8"),
                                                      *IpNetwork::parse("fd00::/8")};
    static const IpAddress kStranger = *IpAddress::parse("203.0.113.9");
    static const IpAddress kProxy = *IpAddress::parse("10.0.0.1");
    FUZZ_EXPECT(client_address(kStranger, fields, kTrusted) == kStranger);
    const auto client = client_address(kProxy, fields, kTrusted);
    FUZZ_EXPECT(!client || IpAddress::parse(client->text()) == *client);
  }
  if (const auto context = parse_traceparent(text)) {
    const auto written = context->traceparent();
    FUZZ_EXPECT(parse_traceparent({written.data(), written.size()}));
  }
  return 0;
}
