// The compiled policy: everything that gates ask on a request, worked out when the configuration was loaded.
// Immutable; shared by all workers; an exchange pins the one it began with.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/address_set.h"
#include "cel/program.h"
#include "core/answer_rules.h"
#include "core/head_rules.h"
#include "core/identity.h"
#include "core/limits.h"
#include "core/path_template.h"
#include "db/file_identity.h"
#include "http/name_folding.h"
#include "http/path_segment.h"
#include "openapi/api.h"
#include "openapi/parameter.h"
#include "policy/guard.h"
#include "policy/names.h"
#include "policy/routes.h"
#include "policy/settings.h"

namespace gatehouse {
struct BuiltInOperation;
}
namespace gatehouse::db {
class StatementCatalogue;
class FixedStatement;
}  // namespace gatehouse::db

namespace gatehouse::policy {

// How a credential travels, as the OpenAPI security scheme says. `bearer` is Authorization, in any form.
enum class Carrier : std::uint8_t { bearer, header, query, cookie, certificate };

// The forms in which a credential stands in Authorization (RFC 9110 section 11.4).
enum class AuthorizationForm : std::uint8_t {
  bearer,  // `Bearer TOKEN`
  basic,   // `Basic BASE64`, of user and password
  bare,    // the value alone, as an apiKey scheme in that field declares it
  named,   // `Token KEY`, with the authenticator's `auth_scheme`
};

struct AuthenticatorPolicy {
  const Authenticator* settings = nullptr;
  std::uint32_t index = 0;  // in PolicySet::authenticators
  std::string name;
  Carrier carrier = Carrier::bearer;
  std::vector<AuthorizationForm> forms;  // of Authorization: those that it takes
  std::string field;      // header, query parameter or cookie that carries it; in lower case for headers
  std::string challenge;  // for WWW-Authenticate: `Bearer realm="api"`
  std::optional<cel::Program> id;
  std::optional<cel::Program> roles;
  std::optional<cel::Program> scopes;
  std::optional<cel::Program> tenant;
  // Prefixes of other people's authenticators that an id of this one must not begin with.
  std::vector<std::string> foreign_prefixes;
};

// Where the credentials of one operation travel, and the authenticators that look for theirs there.
struct CredentialPlace {
  Carrier carrier = Carrier::bearer;
  std::string field;
  std::vector<std::uint32_t> authenticators;
};
// Of one operation; a request's proofs have a fixed place.
inline constexpr std::size_t kMostSchemes = 16;

struct SchemeUse {
  std::uint32_t authenticator = 0;
  std::vector<std::string> scopes;  // each must be among the principal's
};
// All are required; the first gives the principal. Empty: a caller without credentials is admitted.
using SchemeAlternative = std::vector<SchemeUse>;

// A part of the key of an allowance.
struct LimitKeyPart {
  enum class Kind : std::uint8_t {
    address,
    principal,
    credential,
    operation,
    expression
  } kind = Kind::address;
  std::optional<cel::Program> expression;
};

struct Limit {
  std::string name;
  LimitRule rule;
  std::vector<LimitKeyPart> parts;
  unsigned ipv6_prefix = 64;
  std::string policy_item;  // RateLimit-Policy: `"per_ip";q=120;w=60`
  // When the parts are known: an address at once, a principal after identify, an expression after validate.
  enum class Phase : std::uint8_t { address, principal, input } phase = Phase::address;
};

struct LimitUse {
  const Limit* limit = nullptr;
  std::uint32_t cost = 1;
};

struct Condition {
  cel::Program program;
  std::string rule;  // "getOrder.when": its name in events
};

struct Statement {
  const db::FixedStatement* fixed = nullptr;
  std::vector<Reference> values;  // one for each of the statement's parameters
};

// A statement that answers only where the object is found and its conditions hold.
struct Guarded {
  Statement statement;               // its first parameters
  std::vector<GuardProgram> values;  // those behind, in their order
};

// Attributes asked of an upstream.
struct UpstreamLookup {
  const Upstream* upstream = nullptr;
  PathTemplate path;
};

// Where the attributes of the object come from, and their type in conditions.
struct Resource {
  std::variant<Statement, UpstreamLookup> from;
  std::string rule;  // "getOrder.resource": its name in events
  // An object whose every attribute is null: the conditions are evaluated on it if there is no object.
  json::Document nothing;

  const Statement* statement() const { return std::get_if<Statement>(&from); }
  const UpstreamLookup* upstream() const { return std::get_if<UpstreamLookup>(&from); }
};

// Where the object of an operation is found and its conditions are asked.
enum class ConditionPlacement : std::uint8_t {
  before_call,     // first the object and the conditions, then the target: another system changes its objects
                   // when it likes
  in_transaction,  // object, conditions and the operation's own statement in one transaction
  in_statement,    // the conditions are part of the operation's own statement
};
std::string_view name(ConditionPlacement placement);

// The types of the variables in conditions of one operation, except those that are the same for all.
struct InputTypes {
  cel::Type path, query, header, cookie, body, resource;
};

// An operation whose target is compiled (policy/compile_target.h).
struct TargetInput;

// The targets of operations, one type for each kind.
//   kKey, kStated  the key of an operation that states it, and its member; none: it is not stated
//   compile()      fills it from the settings, and adds the problems in them
//   shown()        the target in a report: "upstream orders"
//   answered()     what a call of it did: "the statement ran"; empty: the event says it
struct UpstreamTargetPolicy {
  const Upstream* upstream = nullptr;

  static constexpr std::string_view kKey = "upstream";
  static constexpr auto kStated = &OperationSettings::upstream;
  void compile(const TargetInput& input);
  std::string shown() const;
  std::string answered() const { return {}; }
};
struct SqlTargetPolicy {
  Statement statement;
  std::optional<Guarded> guarded;  // where the conditions can be said in SQL
  std::string rule;                // "getOrder.sql": its name in events
  SqlReturns returns = SqlReturns::list;

  static constexpr std::string_view kKey = "sql";
  static constexpr auto kStated = &OperationSettings::sql;
  void compile(const TargetInput& input);
  std::string shown() const;
  std::string answered() const { return "the statement ran"; }
};
struct HandlerTargetPolicy {
  std::string name;

  static constexpr std::string_view kKey = "handler";
  static constexpr auto kStated = &OperationSettings::handler;
  void compile(const TargetInput& input);
  std::string shown() const { return "handler " + name; }
  std::string answered() const { return "the handler " + name + " ran"; }
};
struct FixedTargetPolicy {
  const RespondSettings* respond = nullptr;
  std::string path;  // of the body's file; empty: it is in `respond`

  static constexpr std::string_view kKey = "respond";
  static constexpr auto kStated = &OperationSettings::respond;
  void compile(const TargetInput& input);
  std::string shown() const { return "respond"; }
  std::string answered() const { return "`respond` answered"; }
};
struct BuiltInTargetPolicy {
  const BuiltInOperation* operation = nullptr;

  std::string shown() const { return "Gatehouse"; }
  std::string answered() const { return "Gatehouse answered"; }
};
// In the order in which messages name their keys.
using TargetPolicy = std::variant<SqlTargetPolicy, UpstreamTargetPolicy, HandlerTargetPolicy,
                                  FixedTargetPolicy, BuiltInTargetPolicy>;

struct Operation {
  std::uint32_t index = 0;
  std::string name;   // operationId, or "GET /path"
  std::string route;  // the template with its base path, for events
  std::string method;
  const openapi::Operation* api = nullptr;
  const DocumentSettings* document = nullptr;  // null: of a built-in operation
  const OperationSettings* settings = nullptr;
  ThreatModel threat_model;

  std::vector<SchemeAlternative> alternatives;
  std::vector<CredentialPlace> places;  // of the schemes in `alternatives`, each once
  bool admits_anonymous = false;
  std::string challenges;  // the value of WWW-Authenticate

  std::string permission;
  std::uint32_t permission_index = 0;
  std::string permission_rule;  // "getOrder.permission"

  std::vector<LimitUse> address_limits, principal_limits, input_limits;
  std::string limit_policies;     // the value of RateLimit-Policy
  std::uint32_t concurrency = 0;  // 0: not bounded

  std::uint64_t body_bytes = 0;  // the most a body may have
  std::string accepts;           // the media types of its bodies, as the value of Accept
  std::chrono::nanoseconds timeout{};
  std::uint64_t depth = 32;  // of a JSON body

  std::optional<Resource> resource;
  std::vector<Condition> conditions;
  InputTypes types;
  Hide hide = Hide::yes;
  ConditionPlacement placement = ConditionPlacement::before_call;

  TargetPolicy target = UpstreamTargetPolicy();
  // Of the target, each null where it is of another kind.
  const UpstreamTargetPolicy* upstream() const { return std::get_if<UpstreamTargetPolicy>(&target); }
  const SqlTargetPolicy* sql() const { return std::get_if<SqlTargetPolicy>(&target); }
  const HandlerTargetPolicy* handler() const { return std::get_if<HandlerTargetPolicy>(&target); }
  const FixedTargetPolicy* fixed() const { return std::get_if<FixedTargetPolicy>(&target); }
  const BuiltInTargetPolicy* built_in() const { return std::get_if<BuiltInTargetPolicy>(&target); }
  bool asserts = false;

  const MaintenanceSettings* maintenance = nullptr;  // that holds for it; null: none
  std::string sensitive;                             // empty: an ordinary event
  std::string cache_control;                         // "no-store" unless declared otherwise
  // Names that must not come in another spelling: of declared header and cookie parameters, and of carriers
  // of credentials.
  http::GuardedNames guarded_fields{http::GuardedNames::Kind::fields};
  http::GuardedNames guarded_cookies{http::GuardedNames::Kind::cookies};
  // Names in the query that carry credentials of this operation's schemes and are not parameters. Views of
  // the authenticators.
  std::vector<std::string_view> credential_pairs;
  RequestRules forwards;
  AnswerRules answers;
  openapi::InputValues input_values = openapi::InputValues::any;
  std::uint32_t encoded_slash = 0;  // bit i: the path's capture i may hold `%2F`

  // Path and query parameters whose values events may show.
  std::vector<std::string> logged_path, logged_query;
  std::vector<const openapi::Parameter*> secret_parameters;  // whose values are not in any record
};

// One that `exclude` names: a request for it is answered as if nothing were there.
struct ExcludedOperation {
  const openapi::Operation* api = nullptr;
  const DocumentSettings* document = nullptr;
  const Upstream* upstream = nullptr;  // that it would have; null: none is known
  const OperationSettings* settings = nullptr;
  std::string rule;  // "uploadCsv.exclude": what events name
};

class PolicySet {
 public:
  PolicySet();
  ~PolicySet();
  PolicySet(const PolicySet&) = delete;
  PolicySet& operator=(const PolicySet&) = delete;

  Settings settings;
  std::vector<openapi::Api> apis;
  std::vector<AuthenticatorPolicy> authenticators;
  CredentialCarriers carriers;
  std::shared_ptr<const openapi::NameTable> credential_pairs;  // names in queries; null: none carries one
  RequestRules forwards;         // the common part of the rules of all operations
  AnswerRules answers;           // the common part of the rules of all operations
  AddressSet allowed_addresses;  // empty: all
  AddressSet blocked_addresses;
  std::set<std::string, std::less<>> blocked_principals;
  std::vector<std::unique_ptr<const Limit>> limits;
  std::vector<LimitUse> unmatched_limits;  // for requests that no operation answers: per address only
  std::string unmatched_limit_policies;
  std::vector<Operation> operations;
  std::vector<ExcludedOperation> excluded;
  Routes routes;
  http::EncodedSlash encoded_slash = http::EncodedSlash::refused;  // told apart where some operation takes it
  std::vector<std::string> permission_names;  // of operations, in the order of their indices
  std::unique_ptr<db::StatementCatalogue> statements;
  db::FileIdentity database_file;  // the file that the statements were checked against
  std::vector<std::unique_ptr<OperationSettings>> extensions;  // policies written as x-gatehouse

  // The permissions of these roles, with the built-in ones.
  PermissionSet permissions_of(const std::vector<std::string>& roles, PrincipalKind kind) const;
  // The same as patterns, for conditions: "orders:*".
  std::vector<std::string> permission_patterns_of(const std::vector<std::string>& roles,
                                                  PrincipalKind kind) const;
  // Whether keys, which all stand in one store, have one authenticator only.
  bool only_key_authenticator() const;
  bool has_role(std::string_view role) const { return settings.roles.contains(std::string(role)); }
  const Operation* find(std::string_view name) const;
};

// Whether a pattern ("orders:*", "*", "orders:read") grants a permission: `*` stands for one or more whole
// segments at the end.
bool grants(std::string_view pattern, std::string_view permission);

}  // namespace gatehouse::policy
