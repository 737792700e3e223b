#include "http/field_grammar.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "base/strings.h"
#include "base/utf8.h"
#include "http/characters.h"
#include "http/http_date.h"
#include "http/structured_fields.h"
#include "http/value_cursor.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t kLongestText = 1024;

// One production over the whole of a text.
template <bool (*Take)(ValueCursor&)>
bool matches(std::string_view text) {
  ValueCursor in(text);
  return Take(in) && in.at_end();
}

bool media_range(ValueCursor& in) {
  const std::string_view type = in.take_token();
  if (type.empty()) return false;
  if (in.take('/')) {
    const std::string_view subtype = in.take_token();
    if (subtype.empty() || (type == "*" && subtype != "*")) return false;
  } else if (type != "*") {
    return false;
  }
  return in.take_parameters();
}

bool weighted_token(ValueCursor& in) { return !in.take_token().empty() && in.take_optional_weight(); }

// RFC 4647 section 2.1 (`wildcard`) and RFC 5646 section 2.1 by its shape: subtags of 1 to 8 letters and
// digits, of which the first has letters only.
template <bool wildcard>
bool language(ValueCursor& in) {
  if (wildcard && in.take('*')) return in.take_optional_weight();
  const std::string_view first = in.take_while(is_letter);
  if (first.empty() || first.size() > 8) return false;
  while (in.take('-')) {
    const std::string_view next = in.take_while([](char c) { return is_letter(c) || is_digit(c); });
    if (next.size() > 8 || (next.empty() && !(wildcard && in.take('*')))) return false;
  }
  return !wildcard || in.take_optional_weight();
}

bool single_token(ValueCursor& in) { return !in.take_token().empty(); }

bool is_etag_character(char c) { return c != '"' && !is_control(c) && c != ' '; }

bool entity_tag(ValueCursor& in) {
  (void)in.take("W/");
  if (!in.take('"')) return false;
  in.take_while(is_etag_character);
  return in.take('"');
}

// One tag that lost its quotes on its way through a browser.
bool bare_tag(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return is(c, kTokenCharacter) || c == ':'; });
}

// `name` or `name=value`, and for preferences parameters of the same form.
bool directive(ValueCursor& in) {
  if (in.take_token().empty()) return false;
  return !in.take('=') || in.take_quoted() || !in.take_token().empty();
}
bool preference(ValueCursor& in) {
  if (!directive(in)) return false;
  for (;;) {
    ValueCursor ahead = in;
    ahead.skip_blanks();
    if (!ahead.take(';')) return true;
    ahead.skip_blanks();
    if (!directive(ahead)) return false;
    in = ahead;
  }
}

bool byte_range(ValueCursor& in) {
  const std::string_view first = in.take_while(is_digit);
  if (!in.take('-')) return false;
  const std::string_view last = in.take_while(is_digit);
  if (first.size() > 18 || last.size() > 18 || (first.empty() && last.empty())) return false;
  if (first.empty() || last.empty()) return true;
  // The first is not greater than the last (RFC 9110 section 14.1.1). Leading zeros have no length limit of
  // their own, so compare the digits after them.
  const auto significant = [](std::string_view digits) {
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
  };
  const std::string_view a = significant(first), b = significant(last);
  return a.size() < b.size() || (a.size() == b.size() && a <= b);
}

// RFC 9110 section 10.1.5. Of a comment's characters those that a log or a template could take for a command
// are left out of the grammar: `${jndi:…}`, `<script>` and escapes have no place in a product's description.
bool is_comment_character(char c) {
  constexpr std::string_view kNever = "${}<>\\()\"`";
  return !is_control(c) && static_cast<unsigned char>(c) < 0x80 && !kNever.contains(c);
}
bool take_comment(ValueCursor& in) {
  if (!in.take('(')) return false;
  for (int depth = 1; depth > 0;) {
    in.take_while(is_comment_character);
    if (in.take('(')) {
      if (++depth > 4) return false;
    } else if (in.take(')')) {
      --depth;
    } else {
      return false;
    }
  }
  return true;
}
bool is_product_character(char c) { return is(c, kTokenCharacter) && c != '$' && c != '`'; }
bool products(std::string_view text) {
  if (text.size() > kLongestText) return false;
  ValueCursor in(text);
  for (bool first = true;; first = false) {
    if (first || !in.starts_with('(')) {
      if (in.take_while(is_product_character).empty()) return false;
      if (in.take('/') && in.take_while(is_product_character).empty()) return false;
    } else if (!take_comment(in)) {
      return false;
    }
    if (in.at_end()) return true;
    if (in.take_while(is_blank).empty() && !in.starts_with('(')) return false;
  }
}

bool origin(std::string_view text) {
  if (text == "null") return true;
  ValueCursor in(text);
  const std::string_view scheme =
      in.take_while([](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.'; });
  if (scheme.empty() || !is_letter(scheme.front())) return false;
  if (!in.take("://")) return false;
  if (in.take('[')) {
    if (in.take_while([](char c) { return is(c, kHexDigit) || c == ':' || c == '.'; }).empty() ||
        !in.take(']'))
      return false;
  } else if (in.take_while([](char c) { return is(c, kHostCharacter); }).empty()) {
    return false;
  }
  if (in.take(':')) {
    const std::string_view port = in.take_while(is_digit);
    if (port.empty() || port.size() > 5) return false;
  }
  return in.at_end() && text.size() <= 512;
}

bool plain_text(std::string_view text) {
  return text.size() <= kLongestText && std::ranges::none_of(text, is_control) && is_utf8(text);
}

// A caller chooses the names of a dictionary, and each is compared with those before.
constexpr std::size_t kLongestDictionary = 1024;

bool digests(std::string_view text) {
  if (text.size() > kLongestDictionary) return false;
  const auto dictionary = structured::parse_dictionary(text);
  return dictionary && !dictionary->empty() && dictionary->size() <= 8 &&
         std::ranges::all_of(*dictionary, [](const auto& member) {
           const auto* const item = std::get_if<structured::Item>(&member.second);
           return item != nullptr && item->parameters.empty() &&
                  std::holds_alternative<structured::Bytes>(item->value);
         });
}

// Only the two defined members are forwarded, without parameters: unknown ones are to be ignored (RFC 9218
// section 4), and may hold any text.
Kept priority(std::string_view text, std::string& part) {
  if (text.size() > kLongestDictionary) return Kept::nothing;
  const auto dictionary = structured::parse_dictionary(text);
  if (!dictionary) return Kept::nothing;
  std::string known;
  for (const auto& [name, member] : *dictionary) {
    if (name != "u" && name != "i") continue;
    const auto* const item = std::get_if<structured::Item>(&member);
    if (item == nullptr) return Kept::nothing;
    known.append(known.empty() ? "" : ", ").append(name);
    const auto* const urgency = std::get_if<std::int64_t>(&item->value);
    const auto* const incremental = std::get_if<bool>(&item->value);
    if (name == "u" && urgency != nullptr && *urgency >= 0 && *urgency <= 7) {
      known.append("=").append(std::to_string(*urgency));
    } else if (name == "i" && incremental != nullptr) {
      known.append(*incremental ? "" : "=?0");
    } else {
      return Kept::nothing;
    }
  }
  if (known.empty()) return Kept::nothing;
  if (known == text) return Kept::whole;
  part += known;
  return Kept::part;
}

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

// The next member of a list, without blanks at its ends; commas within quotes do not part (RFC 9110 section
// 5.6.1).
std::string_view take_member(std::string_view& list) {
  std::size_t end = 0;
  for (bool quoted = false; end < list.size() && (quoted || list[end] != ','); ++end) {
    if (list[end] == '"') quoted = !quoted;
  }
  std::string_view member = list.substr(0, end);
  list.remove_prefix(std::min(end + 1, list.size()));
  while (!member.empty() && is_blank(member.front())) member.remove_prefix(1);
  while (!member.empty() && is_blank(member.back())) member.remove_suffix(1);
  return member;
}

struct Counted {
  std::size_t good = 0;
  std::size_t bad = 0;  // with those beyond the bound
};
template <typename IsGood, typename OnGood>
Counted count_members(std::string_view list, std::size_t most, IsGood is_good, OnGood on_good) {
  Counted counted;
  while (!list.empty()) {
    const std::string_view member = take_member(list);
    if (member.empty()) continue;  // RFC 9110 section 5.6.1.2: empty members are ignored
    if (counted.good < most && is_good(member)) {
      ++counted.good;
      on_good(member);
    } else {
      ++counted.bad;
    }
  }
  return counted;
}

Kept members(std::string_view list, std::size_t most, bool (*is_good)(std::string_view), std::string& part) {
  const Counted counted = count_members(list, most, is_good, [](std::string_view) {});
  if (counted.good == 0) return Kept::nothing;
  if (counted.bad == 0) return Kept::whole;
  bool first = true;
  (void)count_members(list, most, is_good, [&](std::string_view member) {
    if (!first) part += ", ";
    first = false;
    part += member;
  });
  return Kept::part;
}

bool all_members(std::string_view list, std::size_t most, bool (*is_good)(std::string_view)) {
  const Counted counted = count_members(list, most, is_good, [](std::string_view) {});
  return counted.good > 0 && counted.bad == 0;
}

bool entity_tags(std::string_view text) {
  return text == "*" || bare_tag(text) || all_members(text, 16, matches<entity_tag>);
}

// `1-2, ,3-4` and `1-2,`: some servers ignore the empty member (RFC 9110 section 5.6.1.2), and some the whole
// field.
bool has_empty_member(std::string_view list) {
  for (bool empty = true;; list.remove_prefix(1)) {
    if (list.empty() || list.front() == ',') {
      if (empty || list.empty()) return empty;
      empty = true;
    } else {
      empty = empty && is_blank(list.front());
    }
  }
}

bool byte_ranges(std::string_view text) {
  ValueCursor in(text);
  return equal_ignoring_case(in.take_token(), "bytes") && in.take('=') && !has_empty_member(in.rest()) &&
         all_members(in.rest(), 8, matches<byte_range>);
}

// `rojo=00f067aa0ba902b7` and `fw529a3039@dt=FfffffeA`.
bool trace_state_member(ValueCursor& in) {
  const auto is_key = [](char c) {
    return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '-' || c == '*' || c == '/';
  };
  const std::string_view key = in.take_while(is_key);
  if (key.empty() || key.size() > 256) return false;
  const bool has_system = in.take('@');
  const std::string_view system = has_system ? in.take_while(is_key) : std::string_view();
  const char first = (has_system ? system : key).empty() ? '\0' : (has_system ? system : key).front();
  if (!is_letter(first) || (has_system && (key.size() > 241 || system.size() > 14))) return false;
  if (!in.take('=')) return false;
  const std::string_view value =
      in.take_while([](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; });
  return !value.empty() && value.size() <= 256 && value.back() != ' ';
}

// `userId=alice;p=1`, with blanks around each part.
bool baggage_member(ValueCursor& in) {
  const auto is_octet = [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != ',' && c != ';' && c != '\\';
  };
  const auto take_value = [&](ValueCursor& at) {
    at.skip_blanks();
    at.take_while(is_octet);
    at.skip_blanks();
  };
  if (in.take_token().empty()) return false;
  in.skip_blanks();
  if (!in.take('=')) return false;
  take_value(in);
  while (in.take(';')) {  // properties
    in.skip_blanks();
    if (in.take_token().empty()) return false;
    in.skip_blanks();
    if (in.take('=')) take_value(in);
  }
  return true;
}
Kept baggage(std::string_view list, std::string& part) {
  constexpr std::size_t kMost = 64;
  constexpr std::size_t kMostBytes = std::size_t{8} << 10U;
  if (list.size() <= kMostBytes) return members(list, kMost, matches<baggage_member>, part);
  const auto comma = list.rfind(',', kMostBytes);
  if (comma == std::string_view::npos) return Kept::nothing;
  const Kept kept = members(list.substr(0, comma), kMost, matches<baggage_member>, part);
  if (kept != Kept::whole) return kept;
  part += list.substr(0, comma);
  return Kept::part;
}

constexpr std::array<std::string_view, 4> kSites = {"cross-site", "same-origin", "same-site", "none"};
constexpr std::array<std::string_view, 5> kModes = {"cors", "navigate", "no-cors", "same-origin",
                                                    "websocket"};
constexpr std::array<std::string_view, 23> kDestinations = {
    "audio",  "audioworklet", "document", "embed",         "empty",  "fencedframe",  "font",   "frame",
    "iframe", "image",        "json",     "manifest",      "object", "paintworklet", "report", "script",
    "style",  "sharedworker", "track",    "serviceworker", "video",  "worker",       "xslt"};

Kept whole_if(bool good) { return good ? Kept::whole : Kept::nothing; }

}  // namespace

bool is_list(FieldGrammar grammar) {
  switch (grammar) {
    case FieldGrammar::list:
    case FieldGrammar::accept:
    case FieldGrammar::tokens_weighted:
    case FieldGrammar::languages:
    case FieldGrammar::language_tags:
    case FieldGrammar::tokens:
    case FieldGrammar::entity_tags:
    case FieldGrammar::preferences:
    case FieldGrammar::directives:
    case FieldGrammar::digests:
    case FieldGrammar::baggage:
    case FieldGrammar::trace_state:
    case FieldGrammar::priority: return true;
    case FieldGrammar::text:
    case FieldGrammar::token:
    case FieldGrammar::date:
    case FieldGrammar::tag_or_date:
    case FieldGrammar::byte_ranges:
    case FieldGrammar::products:
    case FieldGrammar::origin:
    case FieldGrammar::fetch_site:
    case FieldGrammar::fetch_mode:
    case FieldGrammar::fetch_dest:
    case FieldGrammar::fetch_user:
    case FieldGrammar::gpc:
    case FieldGrammar::requested_with: return false;
  }
  return false;
}

Kept keep(FieldGrammar grammar, std::string_view value, std::string& part) {
  switch (grammar) {
    case FieldGrammar::text:
    case FieldGrammar::list: return whole_if(plain_text(value));
    case FieldGrammar::accept: return members(value, 32, matches<media_range>, part);
    case FieldGrammar::tokens_weighted: return members(value, 32, matches<weighted_token>, part);
    case FieldGrammar::languages: return members(value, 32, matches<language<true>>, part);
    case FieldGrammar::language_tags: return whole_if(all_members(value, 32, matches<language<false>>));
    case FieldGrammar::tokens: return members(value, 32, matches<single_token>, part);
    case FieldGrammar::token: return whole_if(matches<single_token>(value));
    case FieldGrammar::entity_tags: return whole_if(entity_tags(value));
    case FieldGrammar::date: return whole_if(is_http_date(value));
    case FieldGrammar::tag_or_date:
      // A weak tag cannot say that the parts are of one version.
      return whole_if((value.starts_with('"') && matches<entity_tag>(value)) || is_http_date(value));
    case FieldGrammar::byte_ranges: return whole_if(byte_ranges(value));
    case FieldGrammar::preferences: return members(value, 32, matches<preference>, part);
    case FieldGrammar::products: return whole_if(products(value));
    case FieldGrammar::origin: return whole_if(origin(value));
    case FieldGrammar::directives: return members(value, 32, matches<directive>, part);
    case FieldGrammar::digests: return whole_if(digests(value));
    case FieldGrammar::priority: return priority(value, part);
    case FieldGrammar::fetch_site: return whole_if(is_one_of(value, kSites));
    case FieldGrammar::fetch_mode: return whole_if(is_one_of(value, kModes));
    case FieldGrammar::fetch_dest: return whole_if(is_one_of(value, kDestinations));
    case FieldGrammar::fetch_user: return whole_if(value == "?1");
    case FieldGrammar::gpc: return whole_if(value == "1");
    case FieldGrammar::requested_with: return whole_if(value == "XMLHttpRequest");
    case FieldGrammar::trace_state: return members(value, 32, matches<trace_state_member>, part);
    case FieldGrammar::baggage: return baggage(value, part);
  }
  return Kept::nothing;
}

}  // namespace gatehouse::http
