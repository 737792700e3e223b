// X-Forwarded-For and the forwarded host through trusted proxies, the names that are served, and traceparent.
#include <array>
#include <string>

#include "fuzz.h"
#include "http/forwarded.h"
#include "http/served_names.h"
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
    // With Forwarded beside it there is the same client, or none.
    fields.add(FieldId::forwarded, 0, 0, 0, size);
    FUZZ_EXPECT(client_address(kStranger, fields, kTrusted) == kStranger);
    const auto agreed = client_address(kProxy, fields, kTrusted);
    FUZZ_EXPECT(!agreed || (client && *agreed == *client));
  }
  if (size < 4096) {
    Fields fields;
    fields.set_base(text.data());
    fields.add(FieldId::forwarded, 0, 0, 0, size / 2);
    fields.add(FieldId::x_forwarded_host, 0, 0, size / 2, size - size / 2);
    ServedNames served(8443);
    for (const std::string_view name : {"a.example", "*.shop.example", "192.0.2.1", "[2001:db8::1]:8443"})
      FUZZ_EXPECT(served.add(name));
    const auto host = forwarded_host(fields);
    std::string authority;
    if (host && *host && served.append_authority(authority, **host)) {
      // The forwarded name is itself a served name, and is written in one way.
      const auto again = parse_host_port(authority);
      std::string same;
      FUZZ_EXPECT(again && served.append_authority(same, *again) && same == authority);
    } else {
      FUZZ_EXPECT(authority.empty());
    }
  }
  if (const auto context = parse_traceparent(text)) {
    const auto written = context->traceparent();
    FUZZ_EXPECT(parse_traceparent({written.data(), written.size()}));
  }
  return 0;
}
