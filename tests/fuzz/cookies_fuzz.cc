// The Cookie field: what is read is written as a cookie may be.
#include <string>

#include "fuzz.h"
#include "http/characters.h"
#include "http/cookies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  const auto text = gatehouse::fuzz_text(data, size);
  CookieReader reader(text);
  std::string first;
  std::size_t count = 0;
  while (const auto cookie = reader.next()) {
    FUZZ_EXPECT(!cookie->name.empty() && all(cookie->name, kTokenCharacter));
    FUZZ_EXPECT(!cookie->value.contains(';') && !cookie->value.contains('"') && !cookie->value.contains(','));
    if (++count == 1) first = cookie->name;
  }
  std::string_view value;
  const auto found = find_cookie(text, first, value);
  FUZZ_EXPECT(!reader.malformed() || found == CookieLookup::refused);
  FUZZ_EXPECT(count == 0 || found != CookieLookup::absent);
  return 0;
}
