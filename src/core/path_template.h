// A path with values in it, as `resource: {upstream: …}` writes it: "/internal/orders/{path.id}".
//
// A value fills only its place. It is percent-encoded (RFC 3986, section 2.1). A value that some server could
// read as structure after decoding (a slash, a backslash, dots that are a segment, a control character) is
// never sent: the finished path must follow the same rules as the paths that clients send. If the upstream
// may cut, trim and decode again (`routing`), a value that it could read as another is not sent either:
// `ann;x` and `ann%20` would ask for the object of `ann`.
#pragma once

#include <concepts>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "http/path_reading.h"

namespace gatehouse {

class PathTemplate {
 public:
  // The error is the problem and its remedy. The text begins with `/`; it has no query, no `%` and no dot
  // segments; a value is a name of core/names.h in braces.
  static std::expected<PathTemplate, std::string> parse(std::string_view text,
                                                        http::PathCuts cuts = http::PathCuts::exact);

  // The values and how they are written, in their order.
  struct Place {
    std::string before;  // the fixed text in front of it
    Reference value;
    std::string written;  // "path.id"
  };
  const std::vector<Place>& places() const { return places_; }

  // Appends the path with every value in its place. false if a value is absent, is not a text, number or
  // boolean, is empty, or would change the meaning of the path; `out` is then unusable.
  template <std::invocable<const Reference&> LookUp>
  bool expand(LookUp&& look_up, std::string& out) const {
    const std::size_t start = out.size();
    for (const Place& place : places_) {
      out += place.before;
      if (!append(out, look_up(place.value), cuts_)) return false;
    }
    out += rest_;
    return is_sound(std::string_view(out).substr(start));
  }

 private:
  static bool append(std::string& out, const Referred& value, http::PathCuts cuts);
  static bool is_sound(std::string_view path);

  std::vector<Place> places_;
  std::string rest_;
  http::PathCuts cuts_ = http::PathCuts::exact;
};

}  // namespace gatehouse
