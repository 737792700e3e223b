// The Set-Cookie field: a parsed value is written in one spelling, which is read as the same, and a browser's
// own parser (RFC 6265bis section 5.6) finds nothing else in it.
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/strings.h"
#include "fuzz.h"
#include "http/characters.h"
#include "http/set_cookie.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::http;
  const auto text = fuzz_text(data, size);
  const auto cookie = parse_set_cookie(text);
  if (!cookie) return 0;
  FUZZ_EXPECT(cookie->name == set_cookie_name(text));
  FUZZ_EXPECT(!cookie->name.empty() && all(cookie->name, kTokenCharacter));
  std::string out;
  append_set_cookie(out, *cookie);
  FUZZ_EXPECT(std::ranges::all_of(out, [](char c) { return c >= ' ' && c < 0x7F; }));
  const auto again = parse_set_cookie(out);
  FUZZ_EXPECT(again);
  std::string twice;
  append_set_cookie(twice, *again);
  FUZZ_EXPECT(twice == out);
  // As section 5.6 reads it: attributes in any order, the last of a name counts.
  std::size_t secure = 0;
  std::size_t http_only = 0;
  std::size_t others = 0;
  bool first = true;
  for (std::string_view rest = out; !rest.empty();) {
    const std::string_view piece = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(piece.size() + 1, rest.size()));
    if (std::exchange(first, false)) {
      FUZZ_EXPECT(trimmed(piece) == std::string(cookie->name) + "=" + std::string(cookie->value));
      continue;
    }
    const std::string_view name = trimmed(piece.substr(0, piece.find('=')));
    if (equal_ignoring_case(name, "secure")) {
      ++secure;
    } else if (equal_ignoring_case(name, "httponly")) {
      ++http_only;
    } else {
      ++others;
    }
  }
  FUZZ_EXPECT(secure == (cookie->secure ? 1U : 0U) && http_only == (cookie->http_only ? 1U : 0U));
  FUZZ_EXPECT(others == (cookie->domain ? 1U : 0U) + (cookie->path ? 1U : 0U) + (cookie->max_age ? 1U : 0U) +
                            (cookie->expires ? 1U : 0U) + (cookie->partitioned ? 1U : 0U) +
                            (cookie->same_site != SameSite::unsaid ? 1U : 0U));
  return 0;
}
