#include "http/signed_fields.h"

#include <algorithm>
#include <array>
#include <optional>
#include <variant>

#include "base/strings.h"
#include "http/characters.h"
#include "http/query.h"
#include "http/structured_fields.h"
#include "http/uri.h"

namespace gatehouse::http {
namespace {

constexpr std::size_t kLongestSignature = 4096;
constexpr std::size_t kMostSignatures = 8;   // the dictionary compares the names of its members
constexpr std::size_t kMostNames = 128;      // as many as a request has fields
constexpr std::string_view kAwsScheme = "AWS4-";
constexpr std::string_view kAwsFields = "X-Amz-SignedHeaders";

// RFC 9421 section 2.2, without `@status`, which responses have. All are said by the request line and Host.
constexpr std::array<std::string_view, 8> kDerived = {
    "@method", "@target-uri", "@authority", "@scheme", "@request-target", "@path", "@query", "@query-param"};

bool is_name_in_lower_case(std::string_view name) {
  return !name.empty() && all(name, kTokenCharacter) &&
         std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

// The lines of a dictionary as one (RFC 9651 section 4.2); nothing where it is longer than it may be.
std::optional<std::string> joined(const Fields& fields, FieldId id) {
  std::string text;
  for (const Field field : fields) {
    if (field.id != id) continue;
    if (text.size() + field.value.size() > kLongestSignature) return std::nullopt;
    text.append(text.empty() ? "" : ", ").append(field.value);
  }
  if (static_cast<std::size_t>(std::ranges::count(text, ',')) >= kMostSignatures) return std::nullopt;
  return text;
}

bool add_component(const structured::Item& item, std::vector<std::string>& names) {
  const auto* const name = std::get_if<std::string>(&item.value);
  if (name == nullptr) return false;
  for (const auto& [parameter, value] : item.parameters) {
    if (parameter == "tr" || parameter == "req") return false;
  }
  if (name->starts_with('@')) return std::ranges::find(kDerived, *name) != kDerived.end();
  if (!is_name_in_lower_case(*name)) return false;
  names.push_back(*name);
  return true;
}

bool add_signature_input(std::string_view input, std::vector<std::string>& names) {
  const auto signatures = structured::parse_dictionary(input);
  if (!signatures || signatures->empty()) return false;
  for (const auto& [label, member] : *signatures) {
    const auto* const components = std::get_if<structured::InnerList>(&member);
    if (components == nullptr) return false;
    for (const structured::Item& item : components->items) {
      if (!add_component(item, names)) return false;
    }
  }
  return true;
}

bool is_signature(std::string_view text) {
  const auto signatures = structured::parse_dictionary(text);
  return signatures && !signatures->empty() && std::ranges::all_of(*signatures, [](const auto& member) {
           const auto* const item = std::get_if<structured::Item>(&member.second);
           return item != nullptr && std::holds_alternative<structured::Bytes>(item->value);
         });
}

// `host;range;x-amz-date`
bool add_aws_list(std::string_view list, std::vector<std::string>& names) {
  for (;;) {
    const auto end = std::min(list.find(';'), list.size());
    const std::string_view name = list.substr(0, end);
    if (!is_name_in_lower_case(name)) return false;
    names.emplace_back(name);
    if (end == list.size()) return true;
    list.remove_prefix(end + 1);
  }
}

// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
bool add_aws_authorization(std::string_view value, std::vector<std::string>& names) {
  constexpr std::string_view kMember = "SignedHeaders=";
  std::string_view rest = value.substr(std::min(value.find(' '), value.size()));
  std::optional<std::string_view> list;
  while (!rest.empty()) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string_view member = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (!member.starts_with(kMember)) continue;
    if (list) return false;
    list = member.substr(kMember.size());
  }
  return list && add_aws_list(*list, names);
}

enum class QueryList : std::uint8_t { nothing, names, unreadable };
QueryList add_aws_query(std::string_view query, std::vector<std::string>& names) {
  QueryList found = QueryList::nothing;
  if (!query.contains("ignedHeaders") && !query.contains('%')) return found;
  std::string name;
  std::string list;
  for (const QueryPair pair : QueryPairs(query)) {
    if (!percent_decoded(pair.name, name) || name != kAwsFields) continue;
    if (found != QueryList::nothing || !percent_decoded(pair.value, list) || !add_aws_list(list, names))
      return QueryList::unreadable;
    found = QueryList::names;
  }
  return found;
}

}  // namespace

bool is_aws_signature(std::string_view authorization) { return authorization.starts_with(kAwsScheme); }

std::expected<std::vector<std::string>, SignatureFault> signed_fields(const RequestHead& head) {
  std::vector<std::string> names;
  bool any = false;
  const Fields& fields = head.fields;
  if (fields.has(FieldId::signature_input) || fields.has(FieldId::signature)) {
    const auto input = joined(fields, FieldId::signature_input);
    const auto signature = joined(fields, FieldId::signature);
    if (!input || !signature || !is_signature(*signature) || !add_signature_input(*input, names))
      return std::unexpected(SignatureFault::unreadable);
    any = true;
  }
  if (const auto value = fields.value(FieldId::authorization); value && is_aws_signature(*value)) {
    if (!add_aws_authorization(*value, names)) return std::unexpected(SignatureFault::unreadable);
    any = true;
  }
  switch (add_aws_query(head.query, names)) {
    case QueryList::nothing: break;
    case QueryList::names: any = true; break;
    case QueryList::unreadable: return std::unexpected(SignatureFault::unreadable);
  }
  if (!any) return std::unexpected(SignatureFault::missing);
  if (names.size() > kMostNames) return std::unexpected(SignatureFault::unreadable);
  return names;
}

}  // namespace gatehouse::http
