#include "app/proposed_fields.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <span>

#include <fmt/format.h>

#include "app/starter.h"
#include "app/yaml_text.h"
#include "audit/dropped_names.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "http/fields.h"
#include "http/name_folding.h"

namespace gatehouse::app {
namespace {

constexpr std::size_t kMostMentioned = 20;
constexpr int kDeepestNode = 128;
// The number of words before and after a name that may describe it.
constexpr std::size_t kNear = 3;

bool is_letter_of_word(char c) {
  return is_digit(c) || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '-' || c == '_';
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return equal_ignoring_case(text.substr(0, beginning.size()), beginning);
}

std::vector<std::string_view> words_in(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const auto begin = std::ranges::find_if(text, is_letter_of_word);
    const auto end = std::find_if_not(begin, text.end(), is_letter_of_word);
    if (begin != end) words.emplace_back(begin, end);
    text = {end, text.end()};
  }
  return words;
}

// Parts of letters and digits with `-` between them, the first beginning with a letter: `X-Tenant`.
bool has_form_of_field(std::string_view word) {
  if (word.size() < 3 || word.size() > 64 || is_digit(word.front()) || word.contains('_')) return false;
  return word.contains('-') && !word.starts_with('-') && !word.ends_with('-') && !word.contains("--");
}

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// `Acme-Version`, and neither `read-only` nor `ISO-8601`: prose has many words with a hyphen.
bool is_capitalised(std::string_view word) {
  if (std::ranges::none_of(word, is_lower)) return false;
  for (bool first = true; const char c : word) {
    if (first && is_lower(c)) return false;
    first = c == '-';
  }
  return true;
}

bool any_near(std::span<const std::string_view> words, std::size_t at,
              std::span<const std::string_view> wanted) {
  const std::size_t first = at < kNear ? 0 : at - kNear;
  const std::size_t last = std::min(words.size(), at + kNear + 1);
  for (std::size_t i = first; i < last; ++i) {
    if (i != at &&
        std::ranges::any_of(wanted, [&](std::string_view one) { return equal_ignoring_case(words[i], one); }))
      return true;
  }
  return false;
}

constexpr std::array<std::string_view, 4> kHeaderWords = {"header", "headers", "-H", "--header"};
constexpr std::array<std::string_view, 6> kAnswerWords = {"response", "responses", "return",
                                                          "returns",  "returned",  "answer"};

class Mentions {
 public:
  explicit Mentions(const openapi::Api& api) : api_(api) {}

  MentionedFields take() {
    for (const auto& source : api_.sources) look(source->root(), 0);
    return std::move(found_);
  }

 private:
  enum class About : std::uint8_t { anything, headers };

  void look(json::Value value, int depth) {
    if (depth > kDeepestNode) return;
    if (value.is_array()) {
      for (const json::Value one : value.elements()) look(one, depth + 1);
    }
    if (!value.is_object()) return;
    for (const json::Member member : value.members()) {
      const std::string_view key = member.key();
      if (begins_with(key, "x-")) {
        look_through(member.value, key, depth + 1);
      } else if (member.value.is_string() && (key == "description" || key == "summary")) {
        scan(member.value.string(), About::anything);
      } else {
        look(member.value, depth + 1);
      }
    }
  }

  // Within an extension every text may speak of fields; `key` is the nearest above it.
  void look_through(json::Value value, std::string_view key, int depth) {
    if (depth > kDeepestNode) return;
    if (value.is_string()) {
      std::string lower(key);
      std::ranges::transform(lower, lower.begin(), ascii_lower);
      scan(value.string(), lower.contains("header") ? About::headers : About::anything);
    } else if (value.is_array()) {
      for (const json::Value one : value.elements()) look_through(one, key, depth + 1);
    } else if (value.is_object()) {
      for (const json::Member member : value.members()) look_through(member.value, member.key(), depth + 1);
    }
  }

  void scan(std::string_view text, About about) {
    if (!text.contains('-')) return;
    const std::vector<std::string_view> words = words_in(text);
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (!has_form_of_field(words[i])) continue;
      const bool known = http::field_id(words[i]) != http::FieldId::other;
      const bool by_form = begins_with(words[i], "X-");
      const bool capitalised = is_capitalised(words[i]);
      const bool called_so = (by_form || capitalised) && any_near(words, i, kHeaderWords);
      const bool meant = known || called_so || (by_form && !is_lower(words[i][2])) || about == About::headers;
      if (meant && !any_near(words, i, kAnswerWords)) add(words[i]);
    }
  }

  void add(std::string_view name) {
    const http::FieldId id = http::field_id(name);
    const http::ToUpstream way = http::to_upstream(id);
    if (way == http::ToUpstream::ends_here) {
      // Of the fields that are never forwarded, only this one may be expected by an upstream under its name.
      if (id == http::FieldId::x_request_id) add_to(found_.gatehouses, name);
      return;
    }
    // A field that the table lets leave belongs to an answer: `Retry-After`, `Link`, `RateLimit`.
    const bool is_answers = id != http::FieldId::other && http::to_client(id) != http::ToClient::declared;
    const bool is_limits = begins_with(name, "X-RateLimit") || begins_with(name, "X-Rate-Limit");
    if (way != http::ToUpstream::declared || is_answers || is_limits || is_declared(name)) return;
    add_to(found_.undeclared, name);
  }

  bool is_declared(std::string_view name) const {
    const auto same = [&](std::string_view other) { return equal_ignoring_case(name, other); };
    const bool carries = std::ranges::any_of(api_.security_schemes, [&](const openapi::SecurityScheme& one) {
      return one.type == openapi::SecurityScheme::Type::api_key && same(one.parameter);
    });
    return carries || std::ranges::any_of(api_.operations, [&](const openapi::Operation& operation) {
             return std::ranges::any_of(operation.parameters,
                                        [&](const openapi::Parameter& one) {
                                          return one.in == openapi::In::header && same(one.name);
                                        }) ||
                    std::ranges::any_of(operation.responses, [&](const openapi::Response& response) {
                      return std::ranges::any_of(response.headers, same);
                    });
           });
  }

  static void add_to(std::vector<std::string>& list, std::string_view name) {
    const bool again =
        std::ranges::any_of(list, [&](std::string_view other) { return equal_ignoring_case(name, other); });
    if (!again && list.size() < kMostMentioned) list.emplace_back(name);
  }

  const openapi::Api& api_;
  MentionedFields found_;
};

// ---- from the events ----

bool may_be_forwarded(std::string_view name) {
  // Shortened ones, `[redacted]`, `(unnamed)` and the rest of a list are not names.
  const bool whole = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F; }) &&
                     !name.starts_with('[') && name != audit::kFurtherNames;
  if (!whole) return false;
  if (name.starts_with(audit::kCookieMark)) return name.find_first_of("[(") == std::string_view::npos;
  return http::to_upstream(http::field_id(name)) == http::ToUpstream::declared &&
         !http::disguises_known_name(name);
}

// One name, of all operations.
struct Often {
  std::string name;
  std::uint64_t requests = 0;
  std::size_t callers = 0;
  std::string last;
  std::vector<std::string_view> operations;
};

std::vector<Often> often_among(const std::vector<audit::DroppedName>& names) {
  std::map<std::string, Often> by_name;
  for (const audit::DroppedName& one : names) {
    if (!may_be_forwarded(one.name)) continue;
    std::string key = one.name;
    if (!key.starts_with(audit::kCookieMark)) std::ranges::transform(key, key.begin(), ascii_lower);
    Often& often = by_name[key];
    if (often.name.empty()) often.name = one.name;
    often.requests += one.requests;
    often.callers = std::max(often.callers, one.callers);
    often.last = std::max(often.last, one.last);
    often.operations.push_back(one.operation);
  }
  std::vector<Often> list;
  for (auto& [key, often] : by_name) {
    if (often.requests >= kOften) list.push_back(std::move(often));
  }
  std::ranges::stable_sort(list, std::greater<>(), &Often::requests);
  return list;
}

std::string operations_of(const Often& often) {
  constexpr std::size_t kOperationsShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(kOperationsShown, often.operations.size()); ++i)
    text += (i == 0 ? "" : ", ") + printable(often.operations[i]);
  if (often.operations.size() > kOperationsShown)
    text += fmt::format(" and {} more", often.operations.size() - kOperationsShown);
  return text;
}

std::string line_of(const Often& often, std::string_view indent) {
  std::string_view name = often.name;
  const std::string_view more = often.callers == audit::DroppedNames::kMostCallers ? " or more" : "";
  const bool is_cookie = name.starts_with(audit::kCookieMark);
  if (is_cookie) name.remove_prefix(audit::kCookieMark.size());
  const std::string entry = is_cookie ? yaml_text(name) : forwarded_entry(name);
  return fmt::format("# {}- {} # {} requests of {}{} caller{}, last {}, of {}\n", indent, entry,
                     often.requests, often.callers, more, often.callers == 1 ? "" : "s",
                     printable(often.last.substr(0, 10)), operations_of(often));
}

}  // namespace

std::string forwarded_entry(std::string_view name) {
  return fmt::format("{{name: {}, schema: {{type: string, maxLength: 256}}}}", yaml_text(name));
}

MentionedFields mentioned_fields(const openapi::Api& api) { return Mentions(api).take(); }

std::string forward_proposals(const std::vector<audit::DroppedName>& names, std::string_view period) {
  std::string fields;
  std::string cookies;
  for (const Often& often : often_among(names)) {
    if (often.name.starts_with(audit::kCookieMark)) {
      cookies += line_of(often, "      ");
    } else {
      fields += line_of(often, "    ");
    }
  }
  if (fields.empty() && cookies.empty()) return {};
  std::string text = fmt::format(
      "# DECIDE: which of these does an upstream need? Callers sent each in {} requests or more of the last "
      "{}, and\n# Gatehouse dropped it. Best declare it as a parameter, with a schema, on the operations "
      "that use it. If all of them\n# do, uncomment it and the keys above it, and state its allowed values "
      "in its schema. Fields that are not named stay dropped.\n# fields:\n",
      kOften, period);
  if (!fields.empty()) text += "#   forward:\n" + fields;
  if (!cookies.empty()) text += "#   cookies:\n#     forward:\n" + cookies;
  return text;
}

}  // namespace gatehouse::app
