#include "gate/activation.h"

#include "policy/names.h"

namespace gatehouse::gate {
namespace {

const cel::Type kObject = cel::Type::map(cel::Type::string(), cel::Type::dyn());

// A member of the parameters document: an object even where the request brought none of that kind.
cel::Value parameters(json::Value all, std::string_view kind, const cel::Type& declared) {
  static const json::Document kEmpty = [] {
    json::Document document;
    json::Builder builder(document);
    builder.begin_object();
    builder.end_object();
    return document;
  }();
  const auto found = all ? all.find(kind) : std::nullopt;
  return cel::Value::json(found ? *found : kEmpty.root(), declared);
}

cel::Value text_or_missing(std::string_view text) {
  return text.empty() ? cel::Value::missing() : cel::Value::string(text);
}

cel::Value claims_of(const Identity& identity) {
  if (identity.claims.empty()) return cel::Value::map(std::span<const cel::MapEntry>());
  return cel::Value::json(identity.claims.root(), kObject);
}

cel::Value time_or_missing(std::optional<WallTime> time) {
  return time ? cel::Value::timestamp(*time) : cel::Value::missing();
}

cel::Value too_much_memory() {
  return cel::Value::error(cel::Fault::memory, "the expression needs more memory than is allowed");
}

// A proven principal, as a map of its members; members without a value are left out.
cel::Value proven(const Principal& principal, const Identity& one, cel::Arena& arena) {
  const std::pair<std::string_view, cel::Value> members[] = {
      {"id", text_or_missing(one.id)},
      {"kind", cel::Value::string(name(one.kind))},
      {"roles", cel::Value::strings(std::span(one.roles))},
      {"scopes", cel::Value::strings(std::span(one.scopes))},
      {"tenant", text_or_missing(one.tenant)},
      {"claims", claims_of(one)},
      {"issuer", text_or_missing(one.issuer)},
      {"credential", text_or_missing(one.credential_id)},
      {"mfa", cel::Value::boolean(one.mfa)},
      {"authenticated_at", time_or_missing(principal.authenticated_at(one))}};
  auto* const entries = arena.allocate_array<cel::MapEntry>(std::size(members));
  if (entries == nullptr) return too_much_memory();
  std::size_t count = 0;
  for (const auto& [key, value] : members) {
    if (!value.is_error()) std::construct_at(entries + count++, cel::Value::string(key), value);
  }
  return cel::Value::map(std::span<const cel::MapEntry>(entries, count));
}

// Every proven principal, by the name of the scheme.
cel::Value everyone(const Principal& principal, cel::Arena& arena) {
  if (principal.is_anonymous()) return cel::Value::map(std::span<const cel::MapEntry>());
  const std::size_t most = 1 + principal.beside().size();
  auto* const entries = arena.allocate_array<cel::MapEntry>(most);
  if (entries == nullptr) return too_much_memory();
  for (std::size_t i = 0; i < most; ++i) {
    const Identity& one = i == 0 ? principal.identity() : *principal.beside()[i - 1];
    const cel::Value value = proven(principal, one, arena);
    if (value.is_error()) return value;
    std::construct_at(entries + i, cel::Value::string(one.scheme), value);
  }
  return cel::Value::map(std::span<const cel::MapEntry>(entries, most));
}

}  // namespace

RequestView::RequestView(const CheckedRequest& request, const IpAddress& from)
    : operation(*request.operation()),
      principal(*request.principal()),
      client(from),
      parameters(request.parameters()),
      body(request.body()) {}

RequestView::RequestView(const Exchange& exchange) : RequestView(exchange.checked, exchange.client) {
  id = exchange.id->text();
  method = exchange.head.method_text;
  received = exchange.received;
  if (!exchange.row.empty()) object = exchange.row.root();
}

cel::Value RequestActivation::variable(cel::Slot slot, cel::Arena& arena) const {
  const Principal& principal = request_.principal;
  const policy::InputTypes& types = request_.operation.types;
  switch (static_cast<Name>(slot)) {
    case Name::principal_id:
      return principal.is_anonymous() ? cel::Value::missing() : cel::Value::string(principal->id);
    case Name::principal_kind: return cel::Value::string(name(principal->kind));
    case Name::principal_roles: return cel::Value::strings(std::span(principal->roles));
    case Name::principal_permissions: return cel::Value::strings(std::span(principal->permission_patterns));
    case Name::principal_scopes: return cel::Value::strings(std::span(principal->scopes));
    case Name::principal_tenant: return text_or_missing(principal->tenant);
    case Name::principal_claims: return claims_of(principal.identity());
    case Name::principal_scheme: return text_or_missing(principal->scheme);
    case Name::principal_issuer: return text_or_missing(principal->issuer);
    case Name::principal_credential: return text_or_missing(principal->credential_id);
    case Name::principal_mfa: return cel::Value::boolean(principal->mfa);
    case Name::principal_authenticated_at:
      return time_or_missing(principal.authenticated_at(principal.identity()));
    case Name::principal_by: return everyone(principal, arena);
    case Name::request_id: return cel::Value::string(request_.id);
    case Name::request_method: return cel::Value::string(request_.method);
    case Name::request_operation: return cel::Value::string(request_.operation.name);
    case Name::request_path: return parameters(request_.parameters, "path", types.path);
    case Name::request_query: return parameters(request_.parameters, "query", types.query);
    case Name::request_header: return parameters(request_.parameters, "header", types.header);
    case Name::request_cookie: return parameters(request_.parameters, "cookie", types.cookie);
    case Name::request_body:
      if (!request_.body) return cel::Value::missing();
      return cel::Value::json(request_.body, types.body);
    case Name::request_ip: return cel::Value::address(request_.client);
    case Name::request_time: return cel::Value::timestamp(request_.received);
    case Name::resource:
      if (!request_.object) return cel::Value::missing();
      return cel::Value::json(request_.object, types.resource);
  }
  return cel::Value::missing();
}

cel::Value ClaimsActivation::variable(cel::Slot slot, cel::Arena&) const {
  if (slot != policy::kClaimsSlot) return cel::Value::missing();
  return cel::Value::json(claims_, kObject);
}

void split_words(std::string_view text, std::vector<std::string>& into) {
  while (!text.empty()) {
    const auto space = text.find(' ');
    if (space != 0) into.emplace_back(text.substr(0, space));
    if (space == std::string_view::npos) break;
    text.remove_prefix(space + 1);
  }
}

namespace {

// The value of an expression over claims; if there is none, an error with the reason.
Claim evaluate_claim(const cel::Program& program, json::Value claims, cel::Scratch& scratch,
                     cel::Value& value) {
  const cel::Evaluated outcome = program.evaluate(ClaimsActivation(claims), scratch);
  if (!outcome) {
    return outcome.error().fault == cel::Fault::no_such_key ? Claim::absent : Claim::unreadable;
  }
  value = *outcome;
  if (value.is(cel::Value::Kind::optional)) {
    if (value.optional() == nullptr) return Claim::absent;
    value = *value.optional();
  }
  return Claim::there;
}

}  // namespace

Claim read_texts(const cel::Program& program, json::Value claims, Words words, cel::Scratch& scratch,
                 std::vector<std::string>& into) {
  cel::Value value;
  if (const Claim claim = evaluate_claim(program, claims, scratch, value); claim != Claim::there)
    return claim;
  std::vector<std::string> texts;
  if (value.is(cel::Value::Kind::string)) {
    if (words == Words::split) {
      split_words(value.text(), texts);
    } else {
      texts.emplace_back(value.text());
    }
  } else if (value.is(cel::Value::Kind::list)) {
    for (cel::Cursor cursor(value); cursor.next();) {
      const cel::Value item = cursor.value();
      if (!item.is(cel::Value::Kind::string)) return Claim::unreadable;
      texts.emplace_back(item.text());
    }
  } else {
    return Claim::unreadable;
  }
  into = std::move(texts);
  return Claim::there;
}

Claim read_text(const cel::Program& program, json::Value claims, cel::Scratch& scratch, std::string& into) {
  cel::Value value;
  if (const Claim claim = evaluate_claim(program, claims, scratch, value); claim != Claim::there)
    return claim;
  if (!value.is(cel::Value::Kind::string)) return Claim::unreadable;
  if (value.text().empty()) return Claim::absent;
  into = value.text();
  return Claim::there;
}

}  // namespace gatehouse::gate
