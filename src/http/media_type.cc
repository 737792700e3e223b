#include "http/media_type.h"

#include <algorithm>

#include "base/strings.h"
#include "http/characters.h"

namespace gatehouse::http {
namespace {

std::string_view take_token(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is(text[end], kTokenCharacter)) ++end;
  const auto token = text.substr(0, end);
  text.remove_prefix(end);
  return token;
}

void skip_white_space(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

struct Parameter {
  std::string_view name;
  std::string_view value;  // without quotes
  std::string_view sent;   // with them
  bool escaped = false;
};

// RFC 9110 section 5.6.6, from behind the `;`. `name=value`, no white space around `=`.
std::optional<Parameter> take_parameter(std::string_view& text) {
  Parameter parameter;
  parameter.name = take_token(text);
  if (parameter.name.empty() || text.empty() || text.front() != '=') return std::nullopt;
  text.remove_prefix(1);
  if (text.empty() || text.front() != '"') {
    parameter.value = take_token(text);
    if (parameter.value.empty()) return std::nullopt;
    parameter.sent = parameter.value;
    return parameter;
  }
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      parameter.value = text.substr(1, i - 1);
      parameter.sent = text.substr(0, i + 1);
      text.remove_prefix(i + 1);
      return parameter;
    }
    if (text[i] == '\\') {
      parameter.escaped = true;
      if (++i == text.size()) return std::nullopt;
    }
    if (is_control(text[i]) && text[i] != '\t') return std::nullopt;
  }
  return std::nullopt;
}

// Reads `;`-separated parameters for as long as there are any; false if the text after a `;` is not a
// parameter.
template <typename Visit>
bool take_parameters(std::string_view& text, Visit visit) {
  while (true) {
    auto ahead = text;
    skip_white_space(ahead);
    if (ahead.empty() || ahead.front() != ';') return true;
    ahead.remove_prefix(1);
    skip_white_space(ahead);
    const auto parameter = take_parameter(ahead);
    if (!parameter || !visit(*parameter)) return false;
    text = ahead;
  }
}

// RFC 9110 section 12.4.2, in thousandths.
std::optional<int> parse_weight(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text[0] != '0' && text[0] != '1')) return std::nullopt;
  if (text.size() > 1 && text[1] != '.') return std::nullopt;
  int weight = (text[0] - '0') * 1000;
  int unit = 100;
  for (std::size_t i = 2; i < text.size(); ++i, unit /= 10) {
    if (!is(text[i], kDigit)) return std::nullopt;
    weight += (text[i] - '0') * unit;
  }
  if (weight > 1000) return std::nullopt;
  return weight;
}

struct Range {
  std::string_view type;
  std::string_view subtype;
  bool has_parameters = false;
  int weight = 1000;
};

// Visits every element of an Accept value; false where it is malformed.
template <typename Visit>
bool each_range(std::string_view accept, Visit visit) {
  while (true) {
    skip_white_space(accept);
    if (accept.empty()) return true;
    if (accept.front() == ',') {  // RFC 9110 section 5.6.1.2: empty elements are ignored
      accept.remove_prefix(1);
      continue;
    }
    Range range;
    range.type = take_token(accept);
    if (range.type.empty() || accept.empty() || accept.front() != '/') return false;
    accept.remove_prefix(1);
    range.subtype = take_token(accept);
    if (range.subtype.empty() || (range.type == "*" && range.subtype != "*")) return false;
    bool weighted = false;
    const bool well_formed = take_parameters(accept, [&](const Parameter& parameter) {
      if (!equal_ignoring_case(parameter.name, "q")) {
        range.has_parameters = range.has_parameters || !weighted;
        return true;
      }
      const auto weight = parse_weight(parameter.value);
      if (weighted || !weight) return false;
      weighted = true;
      range.weight = *weight;
      return true;
    });
    skip_white_space(accept);
    if (!well_formed || (!accept.empty() && accept.front() != ',')) return false;
    visit(range);
  }
}

bool covers(const Range& range, const MediaType& type) {
  if (range.has_parameters) return false;
  if (range.type == "*") return true;
  return equal_ignoring_case(range.type, type.type) &&
         (range.subtype == "*" || equal_ignoring_case(range.subtype, type.subtype));
}

int specificity(const Range& range) { return range.type == "*" ? 0 : range.subtype == "*" ? 1 : 2; }

}  // namespace

std::optional<MediaType> parse_media_type(std::string_view text) {
  MediaType result;
  result.type = take_token(text);
  if (result.type.empty() || text.empty() || text.front() != '/') return std::nullopt;
  text.remove_prefix(1);
  result.subtype = take_token(text);
  if (result.subtype.empty()) return std::nullopt;
  auto rest = text;
  bool repeated = false;
  std::size_t parameters = 0;
  const bool well_formed = take_parameters(rest, [&](const Parameter& parameter) {
    if (++parameters > kMostParameters) return false;  // each is compared with all
    int count = 0;
    auto again = text;
    take_parameters(again, [&](const Parameter& other) {
      count += equal_ignoring_case(other.name, parameter.name) ? 1 : 0;
      return true;
    });
    repeated = repeated || count > 1;
    return !repeated;
  });
  if (!well_formed || !rest.empty()) return std::nullopt;
  result.parameters = text;
  return result;
}

std::optional<std::string_view> MediaType::parameter(std::string_view name) const {
  std::optional<std::string_view> found;
  auto rest = parameters;
  take_parameters(rest, [&](const Parameter& parameter) {
    if (equal_ignoring_case(parameter.name, name) && !parameter.escaped) found = parameter.value;
    return true;
  });
  return found;
}

std::string_view MediaType::other_parameter(std::span<const std::string_view> names) const {
  std::string_view other;
  auto rest = parameters;
  take_parameters(rest, [&](const Parameter& parameter) {
    const bool known = !parameter.escaped && std::ranges::any_of(names, [&](std::string_view name) {
      return equal_ignoring_case(name, parameter.name);
    });
    if (!known) other = parameter.name;
    return known;
  });
  return other;
}

std::vector<std::string> MediaType::parameter_names() const {
  std::vector<std::string> names;
  auto rest = parameters;
  take_parameters(rest, [&](const Parameter& parameter) {
    std::string& name = names.emplace_back(parameter.name);
    std::ranges::transform(name, name.begin(), ascii_lower);
    return true;
  });
  return names;
}

void append_media_type(std::string& out, const MediaType& type) {
  const auto append_lower = [&out](std::string_view text) {
    for (const char c : text) out += ascii_lower(c);
  };
  append_lower(type.type);
  out += '/';
  append_lower(type.subtype);
  auto rest = type.parameters;
  take_parameters(rest, [&](const Parameter& parameter) {
    out += "; ";
    append_lower(parameter.name);
    out.append("=").append(parameter.sent);
    return true;
  });
}

bool MediaType::hides_charset() const {
  const auto mentions = [](std::string_view text) {
    constexpr std::string_view kCharset = "charset";
    for (std::size_t i = 0; i + kCharset.size() <= text.size(); ++i) {
      if (equal_ignoring_case(text.substr(i, kCharset.size()), kCharset)) return true;
    }
    return false;
  };
  auto rest = parameters;
  return !take_parameters(rest, [&](const Parameter& parameter) {
    const bool other_name = !equal_ignoring_case(parameter.name, "charset") && mentions(parameter.name);
    return !parameter.escaped && !parameter.name.contains('*') && !other_name && !mentions(parameter.value) &&
           parameter.value.find_first_of(";, \t") == std::string_view::npos;
  });
}

bool MediaType::is(std::string_view wanted) const {
  const auto slash = wanted.find('/');
  return slash != std::string_view::npos && equal_ignoring_case(type, wanted.substr(0, slash)) &&
         equal_ignoring_case(subtype, wanted.substr(slash + 1));
}

bool MediaType::is_json() const {
  constexpr std::string_view kSuffix = "+json";
  return is("application/json") || is("text/json") ||
         (subtype.size() > kSuffix.size() &&
          equal_ignoring_case(subtype.substr(subtype.size() - kSuffix.size()), kSuffix));
}

bool covers(std::string_view range, const MediaType& type) {
  bool covered = false;
  return each_range(range, [&](const Range& one) { covered = covered || covers(one, type); }) && covered;
}

std::optional<int> quality(std::string_view accept, std::string_view media_type) {
  if (accept.empty()) return 1000;
  const auto type = parse_media_type(media_type);
  if (!type) return std::nullopt;
  int best = -1;
  int weight = 0;
  const bool well_formed = each_range(accept, [&](const Range& range) {
    if (!covers(range, *type) || specificity(range) <= best) return;
    best = specificity(range);
    weight = range.weight;
  });
  if (!well_formed) return std::nullopt;
  return weight;
}

std::optional<std::size_t> negotiate(std::string_view accept, std::span<const std::string_view> offers) {
  std::optional<std::size_t> chosen;
  int best = 0;
  for (std::size_t i = 0; i < offers.size(); ++i) {
    const int weight = quality(accept, offers[i]).value_or(1000);
    if (weight <= best) continue;
    best = weight;
    chosen = i;
  }
  return chosen;
}

}  // namespace gatehouse::http
