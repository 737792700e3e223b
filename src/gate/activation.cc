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

}  // namespace

RequestView::RequestView(const Exchange& exchange, const Principal& who, const Input& input)
    : operation(*exchange.operation),
      principal(who),
      client(exchange.client),
      id(exchange.id->text()),
      method(exchange.head.method_text),
      received(exchange.received),
      parameters(input.parameters()),
      body(input.body()),
      object(exchange.row.empty() ? json::Value() : exchange.row.root()) {}

cel::Value RequestActivation::variable(cel::Slot slot, cel::Arena&) const {
  const Principal& principal = request_.principal;
  const policy::InputTypes& types = request_.operation.types;
  switch (static_cast<Name>(slot)) {
    case Name::principal_id: return cel::Value::string(principal->id);
    case Name::principal_kind: return cel::Value::string(name(principal->kind));
    case Name::principal_roles: return cel::Value::strings(std::span(principal->roles));
    case Name::principal_permissions: return cel::Value::strings(std::span(principal->permission_patterns));
    case Name::principal_scopes: return cel::Value::strings(std::span(principal->scopes));
    case Name::principal_tenant: return cel::Value::string(principal->tenant);
    case Name::principal_claims:
      if (principal->claims.empty()) return cel::Value::map(std::span<const cel::MapEntry>());
      return cel::Value::json(principal->claims.root(), kObject);
    case Name::principal_scheme: return cel::Value::string(principal->scheme);
    case Name::principal_credential: return cel::Value::string(principal->credential_id);
    case Name::principal_mfa: return cel::Value::boolean(principal->mfa);
    case Name::principal_authenticated_at: return cel::Value::timestamp(principal->authenticated_at);
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

std::optional<std::vector<std::string>> texts_of(const cel::Program& program, json::Value claims, Words words,
                                                 cel::Scratch& scratch) {
  const cel::Outcome outcome = program.evaluate(ClaimsActivation(claims), scratch);
  if (!outcome) return std::nullopt;
  std::vector<std::string> texts;
  const auto add_words = [&](std::string_view text) {
    while (!text.empty()) {
      const auto space = text.find(' ');
      if (space != 0) texts.emplace_back(text.substr(0, space));
      if (space == std::string_view::npos) break;
      text.remove_prefix(space + 1);
    }
  };
  if (outcome->is(cel::Value::Kind::string)) {
    if (words == Words::split) {
      add_words(outcome->text());
    } else {
      texts.emplace_back(outcome->text());
    }
    return texts;
  }
  if (!outcome->is(cel::Value::Kind::list)) return std::nullopt;
  cel::Cursor cursor(*outcome);
  while (cursor.next()) {
    const cel::Value item = cursor.value();
    if (!item.is(cel::Value::Kind::string)) return std::nullopt;
    texts.emplace_back(item.text());
  }
  return texts;
}

std::optional<std::string> text_of(const cel::Program& program, json::Value claims, cel::Scratch& scratch) {
  const cel::Outcome outcome = program.evaluate(ClaimsActivation(claims), scratch);
  if (!outcome || !outcome->is(cel::Value::Kind::string)) return std::nullopt;
  return std::string(outcome->text());
}

}  // namespace gatehouse::gate
