// The Cookie field (RFC 6265bis section 4.2), read strictly. One reader for all who ask: what a gate checks,
// what a credential is taken from, and what is written into a request to an upstream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::http {

// How a piece of the field is written. Readers agree on `octets` alone: Python's http.cookies parts cookies
// at white space too, older servlet containers and Rack at `,`, and some take a quoted text for one value,
// with what looks like other cookies in it.
enum class CookieForm : std::uint8_t {
  octets,      // cookie-octets (section 4.1.1)
  quoted,      // the same in quotes
  items,       // cookie-octets and commas, with no `=` behind a comma: no reader finds another pair in it
  odd,         // any other value
  not_a_pair,  // no `=`, a name that is not a token, or not behind `; `
};

struct Cookie {
  std::string_view name;   // a token
  std::string_view value;  // without the quotes of `quoted`
  CookieForm form = CookieForm::not_a_pair;
  std::string_view piece;  // all between two semicolons, without the space before it
};

// `cookie-pair *( ";" SP cookie-pair )`: every piece between semicolons, with its form.
class CookieReader {
 public:
  explicit CookieReader(std::string_view field_value) : rest_(field_value) {}

  // Nothing at the end.
  std::optional<Cookie> next();

 private:
  std::string_view rest_;
  bool first_ = true;
  bool ended_ = false;
};

// Appends the value that every reader finds in `value`, which is `octets` or `items`: what its
// percent-encoding stands for. False, and nothing is appended, where readers find different ones: some decode
// `%XX` and some do not, and Rack reads `+` as a space. They agree where the decoded value is `octets` or
// `items` again, without
// `%` and `+`: once it is written decoded, no reader changes it.
bool append_agreed_value(std::string& out, std::string_view value);

enum class CookieLookup : unsigned char { found, absent, refused };
// The cookie of that name. `refused`: a cookie of the field is neither `octets` nor `quoted`, or the name
// comes twice (one of them was planted from another path or domain, and which is which cannot be known).
CookieLookup find_cookie(std::string_view field_value, std::string_view name, std::string_view& value);

}  // namespace gatehouse::http
