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
constexpr std::size_t kMostSignatures = 8;  // the dictionary compares the names of its members
constexpr std::size_t kMostNames = 128;     // as many as a request has fields
constexpr std::size_t kLongestCredential = 256;
constexpr std::string_view kAwsScheme = "AWS4-";

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
  if (!is_visible_ascii(text)) return std::nullopt;
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

bool is_bytes(const structured::Member& member) {
  const auto* const item = std::get_if<structured::Item>(&member);
  return item != nullptr && std::holds_alternative<structured::Bytes>(item->value);
}

// Each signature has its input, and each input its signature.
bool add_message_signatures(std::string_view input, std::string_view bytes, std::vector<std::string>& names) {
  const auto inputs = structured::parse_dictionary(input);
  const auto signatures = structured::parse_dictionary(bytes);
  if (!inputs || !signatures || inputs->empty() || inputs->size() != signatures->size()) return false;
  for (const auto& [label, member] : *inputs) {
    const auto signature =
        std::ranges::find_if(*signatures, [&label](const auto& one) { return one.first == label; });
    const auto* const components = std::get_if<structured::InnerList>(&member);
    if (signature == signatures->end() || !is_bytes(signature->second) || components == nullptr) return false;
    for (const structured::Item& item : components->items) {
      if (!add_component(item, names)) return false;
    }
  }
  return true;
}

// AWS Signature Version 4, in Authorization or in the query.
struct AwsSignature {
  std::string_view algorithm;
  std::string_view credential;
  std::string_view fields;
  std::string_view signature;
};

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string_view take_last_segment(std::string_view& path) {
  const auto slash = path.rfind('/');
  const std::string_view last = slash == std::string_view::npos ? path : path.substr(slash + 1);
  path = slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
  return last;
}

// `AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request`; between the date and the last: `scopes`.
bool is_aws_credential(std::string_view text, std::size_t scopes) {
  constexpr std::string_view kOthers = "/+=:@";
  const auto may_stand = [&](char c) { return is(c, kUnreserved) || kOthers.contains(c); };
  if (text.size() > kLongestCredential || !std::ranges::all_of(text, may_stand)) return false;
  if (take_last_segment(text) != "aws4_request") return false;
  for (; scopes > 0; --scopes) {
    if (take_last_segment(text).empty()) return false;
  }
  const std::string_view date = take_last_segment(text);
  return date.size() == 8 && all(date, kDigit) && !text.empty();
}

// `host;range;x-amz-date`. Calls `visit` for each name; false if one is invalid.
template <typename Visit>
bool for_each_name(std::string_view list, Visit&& visit) {
  for (std::size_t count = 1; count <= kMostNames; ++count) {
    const auto end = std::min(list.find(';'), list.size());
    const std::string_view name = list.substr(0, end);
    if (!is_name_in_lower_case(name)) return false;
    visit(name);
    if (end == list.size()) return true;
    list.remove_prefix(end + 1);
  }
  return false;
}

bool is_whole(const AwsSignature& aws) {
  if (!for_each_name(aws.fields, [](std::string_view) {})) return false;
  if (!is_lower_hex(aws.signature)) return false;
  if (aws.algorithm == "AWS4-HMAC-SHA256")
    return aws.signature.size() == 64 && is_aws_credential(aws.credential, 2);
  // Of every region (Version 4A); the signature is DER.
  return aws.algorithm == "AWS4-ECDSA-P256-SHA256" && aws.signature.size() >= 16 &&
         aws.signature.size() <= 144 && aws.signature.size() % 2 == 0 && is_aws_credential(aws.credential, 1);
}

// `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`
std::optional<AwsSignature> read_aws_authorization(std::string_view value) {
  if (!is_visible_ascii(value)) return std::nullopt;
  AwsSignature aws;
  aws.algorithm = value.substr(0, value.find(' '));
  std::string_view rest = value.substr(aws.algorithm.size());
  for (bool last = false; !last;) {
    const auto end = std::min(rest.find(','), rest.size());
    const std::string_view member = trimmed(rest.substr(0, end));
    last = end == rest.size();
    rest.remove_prefix(last ? end : end + 1);
    const auto equals = std::min(member.find('='), member.size());
    const std::string_view name = member.substr(0, equals);
    std::string_view* const place = name == "Credential"      ? &aws.credential
                                    : name == "SignedHeaders" ? &aws.fields
                                    : name == "Signature"     ? &aws.signature
                                                              : nullptr;
    if (place == nullptr || !place->empty() || equals + 1 >= member.size()) return std::nullopt;
    *place = member.substr(equals + 1);
  }
  if (!is_whole(aws)) return std::nullopt;
  return aws;
}

enum class QueryList : std::uint8_t { nothing, names, unreadable };
// A query that has a part of a signature has all of it, once each.
QueryList add_aws_query(std::string_view query, std::vector<std::string>& names) {
  constexpr std::array<std::string_view, 4> kParts = {"X-Amz-Algorithm", "X-Amz-Credential",
                                                      "X-Amz-SignedHeaders", "X-Amz-Signature"};
  std::array<std::string, kParts.size()> values;
  bool any = false;
  std::string name;
  for (const QueryPair pair : QueryPairs(query)) {
    if (!percent_decoded(pair.name, name)) continue;
    for (std::size_t i = 0; i < kParts.size(); ++i) {
      if (!equal_ignoring_case(name, kParts[i])) continue;
      any = true;
      if (!values[i].empty() || !percent_decoded(pair.value, values[i]) || values[i].empty())
        return QueryList::unreadable;
    }
  }
  if (!any) return QueryList::nothing;
  const AwsSignature aws{
      .algorithm = values[0], .credential = values[1], .fields = values[2], .signature = values[3]};
  if (!is_whole(aws)) return QueryList::unreadable;
  for_each_name(aws.fields, [&names](std::string_view one) { names.emplace_back(one); });
  return QueryList::names;
}

}  // namespace

bool is_visible_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_aws_signature(std::string_view authorization) {
  return authorization.starts_with(kAwsScheme) && read_aws_authorization(authorization);
}

std::expected<SignedFields, SignatureFault> signed_fields(const RequestHead& head) {
  constexpr auto kUnreadable = SignatureFault::unreadable;
  SignedFields names;
  bool any = false;
  const Fields& fields = head.fields;
  if (fields.has(FieldId::signature_input) || fields.has(FieldId::signature)) {
    const auto input = joined(fields, FieldId::signature_input);
    const auto signature = joined(fields, FieldId::signature);
    if (!input || !signature || !add_message_signatures(*input, *signature, names.by_messages))
      return std::unexpected(kUnreadable);
    any = true;
  }
  const QueryList in_query = add_aws_query(head.query, names.by_aws);
  if (in_query == QueryList::unreadable) return std::unexpected(kUnreadable);
  any = any || in_query == QueryList::names;
  if (const auto value = fields.value(FieldId::authorization); value && value->starts_with(kAwsScheme)) {
    // Two AWS signatures: each would cover fields that the other does not.
    const auto aws = read_aws_authorization(*value);
    if (!aws || in_query == QueryList::names) return std::unexpected(kUnreadable);
    for_each_name(aws->fields, [&names](std::string_view one) { names.by_aws.emplace_back(one); });
    any = true;
  }
  if (!any) return std::unexpected(SignatureFault::missing);
  if (names.by_messages.size() + names.by_aws.size() > kMostNames) return std::unexpected(kUnreadable);
  return names;
}

}  // namespace gatehouse::http
