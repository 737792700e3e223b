// The names that conditions, limit keys and statements may use, and where each comes from. One list, so that
// CEL and SQL see the same world: only declared, validated values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "json/document.h"

namespace gatehouse {

struct Call;
class CheckedRequest;

enum class Name : std::uint32_t {
  principal_id,
  principal_kind,
  principal_roles,
  principal_permissions,
  principal_scopes,
  principal_tenant,
  principal_claims,
  principal_scheme,
  principal_issuer,
  principal_credential,
  principal_mfa,
  principal_authenticated_at,
  principal_by,
  request_id,
  request_method,
  request_operation,
  request_path,
  request_query,
  request_header,
  request_cookie,
  request_body,
  request_ip,
  request_time,
  resource,
};

// One value of the above as a statement's parameter or a limit's key: `path.id` is {request_path, {"id"}}.
struct Reference {
  Name name = Name::request_path;
  std::vector<std::string> members;  // into a JSON value
};

// `principal.id`, `path.id`, `query.q`, `header.x`, `cookie.c`, `body.customer.name`, `request.ip`, …: the
// roots that stand under `request` may be written without it. Nothing for a text that names none of them.
std::optional<Reference> reference(const std::vector<std::string>& path);

// The value of a reference on one request: a JSON value, a text, or nothing.
using Referred = std::variant<std::monostate, json::Value, std::string_view>;
Referred look_up(const Reference& reference, const CheckedRequest& request, const Call& call);

}  // namespace gatehouse
