#include "gate/sent_in_clear.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "core/secret_forms.h"
#include "crypto/api_key.h"
#include "http/name_folding.h"
#include "http/query.h"
#include "http/uri.h"

namespace gatehouse::gate {
namespace {

// The names under which credentials travel.
struct CarrierNames {
  explicit CarrierNames(const policy::PolicySet& policy) {
    fields.add("authorization");
    fields.add("proxy-authorization");
    fields.add("cookie");  // the names of upstreams' session cookies are not known here
    for (const policy::AuthenticatorPolicy& one : policy.authenticators) {
      switch (one.carrier) {
        case policy::Carrier::bearer:
        case policy::Carrier::certificate:
        case policy::Carrier::cookie: break;
        case policy::Carrier::header: fields.add(one.field); break;
        case policy::Carrier::query: pairs.push_back(one.field); break;
      }
    }
  }

  http::GuardedNames fields{http::GuardedNames::Kind::fields};
  std::vector<std::string_view> pairs;
};

// Behind the first `?`, `name=value` with one of the names, or one that a server may take for it.
bool has_pair(std::string_view request_line, const CarrierNames& names) {
  const std::size_t mark = request_line.find('?');
  if (mark == request_line.npos) return false;
  for (const http::QueryPair pair : http::QueryPairs(request_line.substr(mark + 1))) {
    if (pair.value.empty()) continue;
    std::string name;
    if (!http::percent_decoded(pair.name, name)) name = pair.name;
    for (const std::string_view carrier : names.pairs) {
      if (http::pair_alike(name, carrier)) return true;
    }
  }
  return false;
}

// One line behind the first, whether a parser takes it for a field or not.
bool has_field(std::string_view line, const CarrierNames& names) {
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return false;
  const std::string_view name = trimmed(line.substr(0, colon));
  const std::string_view value = trimmed(line.substr(colon + 1));
  if (value.empty()) return false;
  return names.fields.is_or_taken_for(name);
}

bool shows_credential(std::string_view head, const policy::PolicySet& policy) {
  if (holds_credential(head)) return true;
  const CarrierNames names(policy);
  for (bool first = true; !head.empty(); first = false) {
    const std::size_t end = std::min(head.find('\n'), head.size());
    std::string_view line = head.substr(0, end);
    head.remove_prefix(std::min(end + 1, head.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first) {
      if (has_pair(line.substr(0, line.rfind(" HTTP/")), names)) return true;
    } else if (has_field(line, names)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::optional<SentInClear> sent_in_clear(std::string_view head, const policy::PolicySet& policy) {
  if (!shows_credential(head, policy)) return std::nullopt;
  constexpr std::size_t kKey = 55;  // crypto/api_key.h
  SentInClear found;
  for (std::size_t at = head.find("gh_"); at != head.npos && found.key_id.empty();
       at = head.find("gh_", at + 3)) {
    if (const auto key = crypto::ApiKey::parse(head.substr(at, kKey))) found.key_id = key->id();
  }
  return found;
}

}  // namespace gatehouse::gate
