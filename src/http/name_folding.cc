#include "http/name_folding.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "base/strings.h"
#include "http/characters.h"
#include "http/fields.h"

namespace gatehouse::http {
namespace {

bool is_alphanumeric(char c) { return is(c, kUnreserved) && c != '-' && c != '_' && c != '.' && c != '~'; }

// One character of a name as the most generous server reads it: any sign is `_`, letters have one case.
struct Folded {
  char c = 0;
  std::size_t size = 0;  // how much of the text it took; 0 at the end
};
Folded folded_sign(char c) { return {is_alphanumeric(c) ? ascii_lower(c) : '_', 1}; }

Folded next_of_field(std::string_view rest) { return rest.empty() ? Folded{} : folded_sign(rest.front()); }

Folded next_of_cookie(std::string_view rest) {
  if (rest.empty() || rest.front() == '[') return {};
  // An escape of `%` may begin the next escape, for a server that decodes again.
  char c = rest.front();
  std::size_t size = 1;
  while (c == '%' && rest.size() - size >= 2) {
    const int high = hex_value(rest[size]);
    const int low = hex_value(rest[size + 1]);
    if (high < 0 || low < 0) break;
    c = static_cast<char>(high * 16 + low);
    size += 2;
  }
  if (c == '[') return {};
  return {folded_sign(c).c, size};
}

template <typename Next>
bool same_when_folded(std::string_view a, std::string_view b, Next next) {
  for (;;) {
    const Folded left = next(a);
    const Folded right = next(b);
    if (left.size == 0 || right.size == 0) return left.size == right.size;
    if (left.c != right.c) return false;
    a.remove_prefix(left.size);
    b.remove_prefix(right.size);
  }
}

bool same(GuardedNames::Kind kind, std::string_view a, std::string_view b) {
  return kind == GuardedNames::Kind::fields ? equal_ignoring_case(a, b) : a == b;
}

bool may_be_taken(GuardedNames::Kind kind, std::string_view name, std::string_view guarded) {
  return kind == GuardedNames::Kind::fields ? same_when_folded(name, guarded, next_of_field)
                                            : same_when_folded(name, guarded, next_of_cookie);
}

}  // namespace

bool pair_alike(std::string_view a, std::string_view b) {
  const auto without_blanks = [](std::string_view name) {
    return name.substr(std::min(name.find_first_not_of(" +"), name.size()));
  };
  return same_when_folded(without_blanks(a), without_blanks(b), next_of_cookie);
}

bool has_odd_signs(std::string_view field_name) {
  return !std::ranges::all_of(field_name, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

// CGI-like gateways make one variable of `Content-Length` and `Content_Length`: a name that is a known one
// but for the signs between its words is an attempt to be read by the next server only.
bool disguises_known_name(std::string_view field_name) {
  if (!has_odd_signs(field_name)) return false;
  if (const FieldId id = field_id(field_name); id != FieldId::other) return name(id).empty();
  std::array<char, 64> dashed;
  const auto size = std::min(field_name.size(), dashed.size());
  std::transform(field_name.begin(), field_name.begin() + static_cast<std::ptrdiff_t>(size), dashed.begin(),
                 [](char c) { return has_odd_signs({&c, 1}) ? '-' : c; });
  return field_id({dashed.data(), size}) != FieldId::other;
}

void GuardedNames::add(std::string_view name) {
  const auto known = [&](const std::string& other) { return same(kind_, other, name); };
  if (std::ranges::any_of(names_, known)) return;
  odd_names_ = odd_names_ || has_odd_signs(name);
  names_.emplace_back(name);
}

bool GuardedNames::alike(Kind kind, std::string_view a, std::string_view b) {
  return !same(kind, a, b) && may_be_taken(kind, a, b);
}

bool GuardedNames::is_or_taken_for(std::string_view name) const {
  return std::ranges::any_of(names_, [&](const std::string& guarded) {
    return same(kind_, name, guarded) || may_be_taken(kind_, name, guarded);
  });
}

std::optional<std::string_view> GuardedNames::taken_for(std::string_view name) const {
  const std::string* found = nullptr;
  for (const std::string& guarded : names_) {
    if (same(kind_, name, guarded)) return std::nullopt;
    if (found == nullptr && may_be_taken(kind_, name, guarded)) found = &guarded;
  }
  if (found == nullptr) return std::nullopt;
  return *found;
}

}  // namespace gatehouse::http
