// Names that another server may take for one another.
//
// CGI, WSGI, Rack and PHP make one variable of `X-Tenant`, `x_tenant` and `X.Tenant` (RFC 3875
// section 4.1.18; Apache folds every sign, not only `-`). PHP and older Rack read cookie names
// percent-decoded, cut at `[`, and with `_` in place of `.` and space; ASP.NET and servlet containers find
// cookies without regard to case.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::http {

// Whether a header field's name has other signs than letters, digits and `-`.
bool has_odd_signs(std::string_view field_name);

// Whether a name that is not in field_table.h could be taken for one that is, or a name of a family for
// another of it (`X-Amz-Security_Token`): a request with such a field is malformed.
bool disguises_known_name(std::string_view field_name);

// Whether a server may take one name of a query's or form's pair for the other: without regard to case, to
// which signs it has, to blanks before it, or to what follows a `[` (PHP, qs, Rack).
bool pair_alike(std::string_view a, std::string_view b);

// The names that mean something, made when the policy is compiled. Asking allocates nothing.
class GuardedNames {
 public:
  enum class Kind : unsigned char { fields, cookies };
  explicit GuardedNames(Kind kind) : kind_(kind) {}

  // Whether they are two names, and servers may take one for the other.
  static bool alike(Kind kind, std::string_view a, std::string_view b);

  void add(std::string_view name);
  bool empty() const { return names_.empty(); }
  // Fields only: one of the names itself has odd signs, so that a name without any may be taken for it.
  bool has_odd_names() const { return odd_names_; }
  // The guarded name for which `name` may be taken although it is another; nothing where it is one of them,
  // or like none. Fields are the same without regard to case (RFC 9110 section 5.1), cookies are not. The
  // view lives as long as this.
  std::optional<std::string_view> taken_for(std::string_view name) const;
  // Whether it is a guarded name or may be taken for one.
  bool is_or_taken_for(std::string_view name) const;

 private:
  Kind kind_;
  bool odd_names_ = false;
  std::vector<std::string> names_;
};

}  // namespace gatehouse::http
