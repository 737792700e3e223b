// The Cookie field: each parsed piece has the stated form, and a credential is found in a valid field only.
#include <algorithm>
#include <string>

#include "fuzz.h"
#include "http/characters.h"
#include "http/cookies.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse::http;
  const auto text = gatehouse::fuzz_text(data, size);
  CookieReader reader(text);
  std::string first;
  std::size_t pieces = 0;
  bool proper = true;
  while (const auto cookie = reader.next()) {
    ++pieces;
    proper = proper && (cookie->form == CookieForm::octets || cookie->form == CookieForm::quoted);
    if (cookie->form == CookieForm::not_a_pair) {
      FUZZ_EXPECT(cookie->name.empty() && cookie->value.empty());
      continue;
    }
    FUZZ_EXPECT(!cookie->name.empty() && all(cookie->name, kTokenCharacter));
    FUZZ_EXPECT(!cookie->value.contains(';'));
    if (cookie->form != CookieForm::odd) {
      FUZZ_EXPECT(cookie->value.find_first_of(" \t\"\\") == std::string_view::npos);
      const auto comma = cookie->value.find(',');
      FUZZ_EXPECT((comma != std::string_view::npos) == (cookie->form == CookieForm::items));
      FUZZ_EXPECT(comma == std::string_view::npos || !cookie->value.substr(comma).contains('='));
    }
    if (cookie->form == CookieForm::octets || cookie->form == CookieForm::items) {
      std::string agreed = "x";
      if (append_agreed_value(agreed, cookie->value)) {
        // Written so, it is one cookie, and nothing in it is decoded again.
        const std::string written = "a=" + agreed.substr(1);
        CookieReader again(written);
        const auto same = again.next();
        FUZZ_EXPECT(same && same->form == cookie->form && same->value == agreed.substr(1) && !again.next());
        FUZZ_EXPECT(agreed.find_first_of("%+") == std::string::npos);
      } else {
        FUZZ_EXPECT(agreed == "x" && cookie->value.find_first_of("%+") != std::string_view::npos);
      }
    }
    if (first.empty()) first = cookie->name;
  }
  FUZZ_EXPECT(pieces == 1 + static_cast<std::size_t>(std::count(text.begin(), text.end(), ';')));
  std::string_view value;
  const auto found = find_cookie(text, first, value);
  FUZZ_EXPECT(proper || found == CookieLookup::refused);
  FUZZ_EXPECT(!proper || found != CookieLookup::absent);
  return 0;
}
