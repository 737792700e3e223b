#include "audit/event_line.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "json/parser.h"

namespace gatehouse::audit {
namespace {

// In the functions here, `at` stands on the first byte of a value, and `end` behind the line. They return the
// place behind the value; null: there is no such value there.

const char* behind_text(const char* at, const char* end) {
  if (at == end || *at != '"') return nullptr;
  const char* const first = at + 1;
  for (const char* quote = first;; ++quote) {
    quote = static_cast<const char*>(std::memchr(quote, '"', static_cast<std::size_t>(end - quote)));
    if (quote == nullptr) return nullptr;
    const char* backslash = quote;
    while (backslash != first && backslash[-1] == '\\') --backslash;
    if ((quote - backslash) % 2 == 0) return quote + 1;  // each of them stands for a backslash
  }
}

// An object or a list.
const char* behind_nested(const char* at, const char* end) {
  if (at == end || (*at != '{' && *at != '[')) return nullptr;
  for (std::size_t depth = 0; at != end;) {
    const char c = *at;
    if (c == '"') {
      at = behind_text(at, end);
      if (at == nullptr) return nullptr;
      continue;
    }
    ++at;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return at;
  }
  return nullptr;
}

const char* behind_number(const char* at, const char* end) {
  const char* const first = at;
  while (at != end && ((*at >= '0' && *at <= '9') || *at == '.')) ++at;
  return at == first ? nullptr : at;
}

constexpr bool is_nested(Form form) {
  return form == Form::attributes || form == Form::names || form == Form::people;
}
constexpr bool is_number(Form form) { return form == Form::number || form == Form::milliseconds; }

template <Form form>
const char* behind(const char* at, const char* end) {
  constexpr std::string_view kNull = "null";
  if (at != end && *at == 'n')
    return std::string_view(at, end).starts_with(kNull) ? at + kNull.size() : nullptr;
  if constexpr (is_nested(form)) return behind_nested(at, end);
  if constexpr (is_number(form)) return behind_number(at, end);
  return behind_text(at, end);
}

// Moves `at` behind the member, if it is there.
template <std::size_t I>
[[gnu::always_inline]] inline bool read_member(const char*& at, const char* end, std::string_view& value) {
  constexpr auto& kName = kFieldKey<I>;
  value = {};
  const bool here =
      static_cast<std::size_t>(end - at) > kName.size() && std::memcmp(at, kName.data(), kName.size()) == 0;
  if (!here) return kFieldFacts[I].presence == Presence::when_known;
  const char* const begin = at + kName.size();
  const char* const behind_it = behind<kFieldFacts[I].form>(begin, end);
  if (behind_it == nullptr) return false;
  value = {begin, behind_it};
  at = behind_it;
  return true;
}

}  // namespace

bool EventLine::read(std::string_view line) {
  const char* at = line.data();
  const char* const end = at + line.size();
  const bool all = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return (read_member<I>(at, end, values_[I]) && ...);
  }(std::make_index_sequence<kEventFieldCount>());
  if (all && end - at == 1 && *at == '}') return true;
  values_.fill({});
  return false;
}

std::string unescaped(std::string_view text) {
  if (!text.contains('\\')) return std::string(text);
  json::Parser parser;
  json::Document document;
  if (!parser.parse(fmt::format("\"{}\"", text), document) || !document.root().is_string())
    return std::string(text);
  return std::string(document.root().string());
}

}  // namespace gatehouse::audit
