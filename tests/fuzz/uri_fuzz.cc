// URLs, hosts, percent-encoding and queries: a parsed value can be written and read again.
#include <string>

#include "fuzz.h"
#include "http/query.h"
#include "http/uri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  const auto text = gatehouse::fuzz_text(data, size);
  if (const auto url = parse_url(text)) {
    const auto again = parse_url(url->origin() + url->path + (url->query.empty() ? "" : '?' + url->query));
    FUZZ_EXPECT(again && again->host == url->host && again->port == url->port && again->path == url->path);
    FUZZ_EXPECT(again->scheme == url->scheme && again->query == url->query);
  }
  FUZZ_EXPECT(percent_decoded(percent_encoded(text)) == text);
  if (const auto decoded = percent_decoded(text)) FUZZ_EXPECT(decoded->size() <= text.size());
  std::string joined;
  for (const QueryPair& pair : QueryPairs(text)) {
    joined += pair.name;
    if (pair.has_equals) joined += '=';
    joined += pair.value;
    joined += '&';
  }
  if (!joined.empty()) joined.pop_back();
  FUZZ_EXPECT(joined == text);
  return 0;
}
