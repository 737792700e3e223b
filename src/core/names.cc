#include "core/names.h"

#include <span>

#include "core/proofs.h"
#include "core/target.h"

namespace gatehouse {
namespace {

struct Known {
  std::string_view root;
  std::string_view member;
  Name name;
  bool takes_members;
};

constexpr Known kKnown[] = {
    {"principal", "id", Name::principal_id, false},
    {"principal", "kind", Name::principal_kind, false},
    {"principal", "tenant", Name::principal_tenant, false},
    {"principal", "scheme", Name::principal_scheme, false},
    {"principal", "issuer", Name::principal_issuer, false},
    {"principal", "credential", Name::principal_credential, false},
    {"principal", "claims", Name::principal_claims, true},
    {"request", "id", Name::request_id, false},
    {"request", "method", Name::request_method, false},
    {"request", "operation", Name::request_operation, false},
    {"request", "ip", Name::request_ip, false},
    {"request", "path", Name::request_path, true},
    {"request", "query", Name::request_query, true},
    {"request", "header", Name::request_header, true},
    {"request", "cookie", Name::request_cookie, true},
    {"request", "body", Name::request_body, true},
};

}  // namespace

std::optional<Reference> reference(const std::vector<std::string>& path) {
  if (path.empty()) return std::nullopt;
  for (const Known& known : kKnown) {
    std::size_t used = 0;
    if (path.size() >= 2 && path[0] == known.root && path[1] == known.member) {
      used = 2;
    } else if (known.takes_members && known.root == "request" && path[0] == known.member) {
      used = 1;
    } else {
      continue;
    }
    Reference result{known.name, {path.begin() + static_cast<std::ptrdiff_t>(used), path.end()}};
    if (!known.takes_members && !result.members.empty()) return std::nullopt;
    return result;
  }
  return std::nullopt;
}

Referred look_up(const Reference& reference, const CheckedRequest& request, const Call& call) {
  const Principal& principal = *request.principal();
  const auto text = [](std::string_view value) -> Referred {
    if (value.empty()) return std::monostate{};
    return value;
  };
  const auto member = [&](json::Value root, std::string_view first) -> Referred {
    if (!root) return std::monostate{};
    std::optional<json::Value> value = first.empty() ? root : root.find(first);
    for (const std::string& name : reference.members) {
      if (!value) break;
      value = value->find(name);
    }
    if (!value) return std::monostate{};
    return *value;
  };
  switch (reference.name) {
    case Name::principal_id: return principal.is_anonymous() ? Referred{} : text(principal->id);
    case Name::principal_kind: return text(name(principal->kind));
    case Name::principal_tenant: return text(principal->tenant);
    case Name::principal_scheme: return text(principal->scheme);
    case Name::principal_issuer: return text(principal->issuer);
    case Name::principal_credential: return text(principal->credential_id);
    case Name::principal_claims:
      return principal->claims.empty() ? Referred{} : member(principal->claims.root(), {});
    case Name::request_id: return text(call.request_id);
    case Name::request_method: return text(call.head.method_text);
    case Name::request_operation: return text(call.operation);
    case Name::request_ip: return text(call.client_text);
    case Name::request_path: return member(request.parameters(), "path");
    case Name::request_query: return member(request.parameters(), "query");
    case Name::request_header: return member(request.parameters(), "header");
    case Name::request_cookie: return member(request.parameters(), "cookie");
    case Name::request_body: return member(request.body(), {});
    case Name::principal_roles:
    case Name::principal_permissions:
    case Name::principal_scopes:
    case Name::principal_mfa:
    case Name::principal_authenticated_at:
    case Name::principal_by:
    case Name::request_time:
    case Name::resource: break;
  }
  return std::monostate{};
}

}  // namespace gatehouse
