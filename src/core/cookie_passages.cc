#include "core/cookie_passages.h"

#include <algorithm>
#include <string>

#include "http/cookies.h"

namespace gatehouse {

Passage CookiePassages::next(const http::Cookie& cookie) {
  // Of cookies that nothing names, where those go on: each is sought among those before it.
  constexpr std::size_t kMostUndeclared = 64;
  const auto is_among = [&cookie](const std::vector<std::string>& names) {
    return std::ranges::find(names, cookie.name) != names.end();
  };
  const bool octets = cookie.form == http::CookieForm::octets;
  ++pieces_;
  if (is_among(rules_.checked_cookies)) {  // the gates have refused disputed values
    return octets || cookie.form == http::CookieForm::items ? Passage::rewritten : Passage::ends_here;
  }
  if (!is_among(rules_.forwarded_cookies)) {
    if (is_among(carriers_.cookies)) return Passage::ends_here;
    const bool goes_on =
        rules_.undeclared == Undeclared::forward && !cookie.name.empty() && pieces_ <= kMostUndeclared;
    if (!goes_on) return Passage::unnamed;
  }
  if (std::ranges::find(seen_, cookie.name) != seen_.end()) return Passage::left_out;
  seen_.push_back(cookie.name);
  return octets || cookie.form == http::CookieForm::quoted ? Passage::goes_on : Passage::left_out;
}

}  // namespace gatehouse
