#include "policy/compile_set.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "http/characters.h"
#include "http/field_table.h"
#include "http/name_folding.h"
#include "http/response_writer.h"

namespace gatehouse::policy {
namespace {

// Fields that describe the body or a condition on it, which come with what a client sends.
bool is_of_the_request(http::FieldId id) {
  using enum http::FieldId;
  switch (id) {
    case cookie:
    case content_type:
    case content_encoding:
    case content_language:
    case content_digest:
    case repr_digest:
    case range:
    case if_match:
    case if_none_match:
    case if_modified_since:
    case if_unmodified_since:
    case if_range:
    case signature:
    case signature_input: return true;
    default: return false;
  }
}

std::optional<std::string_view> wrong_with_name(std::string_view text) {
  if (text.empty() || !http::all(text, http::kTokenCharacter)) return "is not the name of a header field";
  if (http::disguises_known_name(text))
    return "can be taken for a field that Gatehouse knows (`_` for `-`); remove it";
  return std::nullopt;
}

bool is_named(const std::vector<FieldName>& names, const FieldName& name) {
  return std::ranges::any_of(names,
                             [&](const FieldName& one) { return equal_ignoring_case(one.text, name.text); });
}

}  // namespace

void check_set(const PolicySet& set, const Upstream& upstream, Problems& problems) {
  std::vector<FieldName> before;
  for (const SetField& one : upstream.set) {
    const FieldName name(one.name.value);
    const auto add_problem = [&](std::string_view why) {
      problems.add(one.name.place, fmt::format("upstreams.{}.set: `{}` {}", upstream.name, name.text, why));
    };
    const bool is_credential = name.id == http::FieldId::authorization;
    if (const auto wrong = wrong_with_name(name.text)) {
      add_problem(*wrong);
    } else if (is_of_the_request(name.id) ||
               (!is_credential && http::to_upstream(name.id) == http::ToUpstream::ends_here)) {
      add_problem("is written by Gatehouse, or belongs to what a client sends; remove it");
    } else if (is_named(before, name)) {
      add_problem("is there twice; keep one");
    } else if (is_credential && one.from == SetField::From::text) {
      add_problem("names a secret: write env:NAME or file:PATH, never the secret itself");
    } else if (is_credential && set.carriers.authorization == CredentialCarriers::Authorization::goes_on) {
      add_problem("goes on from callers, because an authenticator says forward: true; keep one of the two");
    } else if (one.from == SetField::From::text && !http::FieldValue::checked(one.value.value)) {
      add_problem("has a value that no header field can have");
    }
    before.push_back(name);
  }
}

void add_set(const Upstream& upstream, Operation& operation, Problems& problems) {
  for (const SetField& one : upstream.set) {
    const FieldName name(one.name.value);
    operation.forwards.set.push_back(name);
    // A spelling that the upstream could take for it.
    operation.guarded_fields.add(name.text);
    if (name.id == http::FieldId::authorization && operation.forwards.signatures == Signatures::kept) {
      problems.add(
          one.name.place,
          fmt::format("upstreams.{}.set: `Authorization` is the signature of those who call {}, which "
                      "says signed: true; keep one of the two",
                      upstream.name, operation.name));
    }
  }
}

void add_set_answers(const FieldSettings& level, const std::string& at, AnswerRules& rules,
                     Problems& problems) {
  for (const SetField& one : level.set_answers) {
    const FieldName name(one.name.value);
    const auto add_problem = [&](std::string_view why) {
      problems.add(one.name.place, fmt::format("{}.answers.set: `{}` {}", at, name.text, why));
    };
    const http::ToClient way = http::to_client(name.id);
    if (const auto wrong = wrong_with_name(name.text)) {
      add_problem(*wrong);
    } else if (way == http::ToClient::stays || way == http::ToClient::checked || is_of_the_request(name.id) ||
               name.id == http::FieldId::content_security_policy ||
               name.id == http::FieldId::referrer_policy) {
      add_problem("is written by Gatehouse, or belongs to what an upstream answers; remove it");
    } else if (!http::FieldValue::checked(one.value.value)) {
      add_problem("has a value that no header field can have");
    } else {
      // The narrower level stands for the wider one.
      std::erase_if(rules.set, [&](const AnswerRules::Set& other) {
        return equal_ignoring_case(other.name.text, name.text);
      });
      rules.set.push_back({name, one.value.value});
    }
  }
}

}  // namespace gatehouse::policy
