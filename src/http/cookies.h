// The Cookie field (RFC 6265bis section 4.2), read strictly. One reader serves the gates' checks, the schemes
// that read a credential, and the request to an upstream.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::http {

// The form of a piece of the field. Readers agree on `octets` alone: Python's http.cookies splits cookies at
// white space too, older servlet containers and Rack at `,`, and some read a quoted text as one value,
// although it contains other cookies.
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

// Appends the value that every reader finds in `value`, which is `octets` or `items`: the percent-decoded
// value. False, and nothing is appended, if readers find different ones: some decode `%XX` and some do not,
// and Rack reads `+` as a space. They agree if the decoded value is `octets` or `items` again, without `%`
// and `+`: no reader changes the decoded form.
bool append_agreed_value(std::string& out, std::string_view value);

enum class CookieLookup : unsigned char { found, absent, refused };
// The cookie of that name. `refused`: a cookie of the field is neither `octets` nor `quoted`, or the name
// comes twice (one of them was planted from another path or domain, and which is which cannot be known).
CookieLookup find_cookie(std::string_view field_value, std::string_view name, std::string_view& value);

}  // namespace gatehouse::http
