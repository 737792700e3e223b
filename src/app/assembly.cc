#include "app/assembly.h"

#include <algorithm>
#include <variant>

#include <fmt/format.h>

#include "app/descriptors.h"
#include "app/set_fields.h"
#include "base/encoding.h"
#include "base/overloaded.h"
#include "client/connection_pool.h"
#include "core/builtin.h"
#include "gate/scheme_api_key.h"
#include "gate/scheme_basic.h"
#include "gate/scheme_jwt.h"
#include "gate/scheme_mutual_tls.h"
#include "http/media_type.h"
#include "http/uri.h"
#include "json/writer.h"
#include "target/fixed.h"
#include "target/sql.h"
#include "target/upstream.h"
#include "target/upstream_lookup.h"

namespace gatehouse::app {
namespace {

// ---- schemes ----

// The bound of the workers' caches of tokens and certificates, over all workers and for each authenticator.
constexpr std::size_t kRememberedBytes = std::size_t{64} << 20U;

std::size_t cache_share(const policy::PolicySet& policy) {
  return std::max(kRememberedBytes / worker_count(policy.settings), std::size_t{1} << 20U);
}

using MadeScheme = Result<std::unique_ptr<Scheme>>;

MadeScheme make_scheme(const SharedParts& shared, const policy::AuthenticatorPolicy& authenticator,
                       ProcessResources& resources, net::Loop& loop) {
  const policy::PolicySet& policy = *shared.policy;
  const Overloaded make{
      [&](const policy::ApiKeySettings&) -> MadeScheme {
        return std::make_unique<gate::ApiKeyScheme>(policy, authenticator, resources.keys, resources.hasher);
      },
      [&](const policy::BasicSettings&) -> MadeScheme {
        return std::make_unique<gate::BasicScheme>(policy, authenticator, resources.keys, resources.hasher);
      },
      [&](const policy::JwtSettings& jwt) -> MadeScheme {
        GATEHOUSE_TRY(auto source, resources.issuers.of(authenticator.name, jwt));
        return std::make_unique<gate::JwtScheme>(policy, authenticator, std::move(source), shared.revocations,
                                                 loop, resources.clock, cache_share(policy),
                                                 resources.tokens);
      },
      [&](const policy::MutualTlsSettings&) -> MadeScheme {
        return std::make_unique<gate::MutualTlsScheme>(policy, authenticator, shared.revocations,
                                                       cache_share(policy), resources.tokens);
      },
  };
  return std::visit(make, authenticator.settings->of);
}

// ---- upstreams ----

// The settings that its connections depend on. Taken apart, so that an added setting does not compile before
// it is handled here.
std::string identity_of(const policy::Upstream& upstream, std::string_view authorities) {
  // fields: of the operations' rules, not of the connections. set: its values are in `files`.
  const auto& [name, place, urls, weights, connect_timeout, timeout, idle, ca, certificate, private_key,
               connections, failures, retries, open_for, host, read_ahead, set, fields] = upstream;
  std::string text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", connect_timeout.count(), timeout.count(),
                  idle.count(), connections, failures, open_for.count(), read_ahead.bytes,
                  std::to_underlying(host), ca.value, certificate.value, private_key.value);
  text += fmt::format("\n{}", retries);
  for (std::size_t i = 0; i < urls.size(); ++i) text += fmt::format("\n{} {}", urls[i].value, weights[i]);
  return text.append("\n").append(authorities);
}

Result<SharedParts::Upstream> shared_upstream(const policy::Upstream& upstream) {
  net::ClientTlsOptions options;
  if (!upstream.ca.value.empty()) {
    GATEHOUSE_TRY(options.ca_pem, read_whole(upstream.ca.value));
  }
  if (!upstream.certificate.value.empty()) {
    GATEHOUSE_TRY(options.certificate_pem, read_whole(upstream.certificate.value));
    GATEHOUSE_TRY(auto key, read_whole(upstream.private_key.value));
    options.private_key_pem = Secret<std::string>(std::move(key));
  }
  SharedParts::Upstream shared;
  // A new key comes with a new certificate.
  GATEHOUSE_TRY(shared.fixed, fixed_fields_of(upstream));
  shared.identity = identity_of(upstream, options.ca_pem.value_or("") + "\n" + options.certificate_pem +
                                              "\n" + hex(crypto::sha256(shared.fixed.lines)));
  GATEHOUSE_TRY(shared.tls, net::ClientTls::make(options));
  return shared;
}

Result<std::shared_ptr<target::UpstreamClient>> make_client(const policy::Upstream& upstream,
                                                            const SharedParts::Upstream& shared,
                                                            ProcessResources& resources, net::Loop& loop) {
  auto client = std::make_shared<target::UpstreamClient>(loop, upstream.connections * upstream.urls.size());
  client->name = upstream.name;
  client->fixed = shared.fixed;
  client->timeout = upstream.timeout;
  client->idle_timeout = upstream.idle;
  client->read_ahead = upstream.read_ahead.bytes;
  client->retries = upstream.retries;
  client->turns = target::turns_by_weight(upstream.weights);
  for (const policy::PlacedText& text : upstream.urls) {
    const auto url = http::parse_url(text.value);
    if (!url)
      return failure(ErrorCode::invalid,
                     fmt::format("upstreams.{}: {} is not a valid URL", upstream.name, text.value));
    client::ConnectionPoolOptions options;
    options.host = url->host;
    options.port = url->port;
    options.connect_timeout = upstream.connect_timeout;
    options.most_connections = upstream.connections;
    options.most_idle = upstream.connections;
    options.failures_to_open = upstream.failures;
    options.rest = upstream.open_for;
    if (url->scheme == http::Scheme::https) options.tls = shared.tls;
    std::string base_path = url->path;
    while (base_path.ends_with('/')) base_path.pop_back();
    client->addresses.push_back({client::ConnectionPool::make(loop, *resources.threads, std::move(options)),
                                 url->authority(), std::move(base_path),
                                 upstream.host == policy::HostField::original
                                     ? target::UpstreamAddress::HostField::of_request
                                     : target::UpstreamAddress::HostField::own});
  }
  return client;
}

// A short-lived proof for the upstream of the caller and the operation (RFC 7519; `aud` is the upstream's
// name). A request without a principal has no `sub`: a principal could be called `anonymous`.
target::MakeAssertion make_assertion(std::shared_ptr<const crypto::Signer> signer, std::string audience) {
  constexpr std::int64_t kSeconds = 60;
  return [signer = std::move(signer), audience = std::move(audience)](const Principal& principal,
                                                                      const Call& call) {
    const std::int64_t now =
        std::chrono::duration_cast<std::chrono::seconds>(call.received.time_since_epoch()).count();
    json::Document claims;
    json::Builder builder(claims);
    const auto text = [&](std::string_view key, std::string_view value) {
      builder.key(key);
      builder.string(value);
    };
    builder.begin_object();
    text("iss", "gatehouse");
    text("aud", audience);
    if (!principal.is_anonymous()) text("sub", principal->id);
    text("kind", name(principal->kind));
    if (!principal.is_anonymous()) text("scheme", principal->scheme);
    if (!principal->issuer.empty()) text("issuer", principal->issuer);
    if (!principal.beside().empty()) {
      builder.key("beside");
      builder.begin_array();
      for (const IdentityPointer& one : principal.beside()) {
        builder.begin_object();
        text("sub", one->id);
        text("scheme", one->scheme);
        if (!one->issuer.empty()) text("issuer", one->issuer);
        builder.end_object();
      }
      builder.end_array();
    }
    text("jti", call.request_id);
    text("operation", call.operation);
    builder.key("iat");
    builder.number(now);
    builder.key("exp");
    builder.number(now + kSeconds);
    builder.key("roles");
    builder.begin_array();
    for (const std::string& role : principal->roles) builder.string(role);
    builder.end_array();
    builder.end_object();
    return signer->sign_jwt(json::to_text(claims.root()));
  };
}

target::MakeAssertion assertion_of(const policy::Operation& operation, const policy::Upstream& upstream,
                                   const ProcessResources& resources) {
  return operation.asserts ? make_assertion(resources.signer, upstream.name) : target::MakeAssertion();
}

// The inputs of one worker's parts.
struct Workbench {
  const SharedParts& shared;
  const UpstreamWays& kept;
  ProcessResources& resources;
  net::Loop& loop;
  UpstreamWays ways{};  // of this policy
};

Result<std::shared_ptr<target::UpstreamClient>> client_of(const policy::Upstream& upstream, Workbench& with) {
  UpstreamWay& way = with.ways[upstream.name];
  if (way.client) return way.client;
  const SharedParts::Upstream& shared = with.shared.upstreams.at(upstream.name);
  way.identity = shared.identity;
  const auto kept = with.kept.find(upstream.name);
  if (kept != with.kept.end() && kept->second.identity == way.identity) {
    way.client = kept->second.client;
  } else {
    GATEHOUSE_TRY(way.client, make_client(upstream, shared, with.resources, with.loop));
  }
  return way.client;
}

// ---- targets and lookups ----

target::BoundStatement bound(const policy::Statement& statement,
                             const std::shared_ptr<const policy::PolicySet>& policy) {
  return {statement.fixed, policy, statement.values};
}

Result<std::unique_ptr<ResourceLookup>> make_lookup(const policy::Operation& operation, Workbench& with) {
  if (const policy::Statement* statement = operation.resource->statement()) {
    return std::make_unique<target::SqlLookup>(bound(*statement, with.shared.policy), with.shared.database,
                                               with.loop);
  }
  const policy::UpstreamLookup& lookup = *operation.resource->upstream();
  GATEHOUSE_TRY(auto client, client_of(*lookup.upstream, with));
  return std::make_unique<target::UpstreamLookup>(std::move(client), lookup.path,
                                                  assertion_of(operation, *lookup.upstream, with.resources));
}

target::Returns returns_of(policy::SqlReturns returns) {
  switch (returns) {
    case policy::SqlReturns::list: return target::Returns::list;
    case policy::SqlReturns::one: return target::Returns::one;
    case policy::SqlReturns::none: return target::Returns::none;
  }
  return target::Returns::none;
}

// Whether the target's work continues after its client has disconnected: if it changes something, and if
// nothing could stop it. Work that only reads is cancelled, so that no client can keep an upstream busy by
// disconnecting.
net::OnHangUp on_hang_up(const policy::Operation& operation) {
  using enum openapi::Method;
  const openapi::Method method = operation.api->method;
  const bool reads = method == get || method == head || method == options || method == trace;
  const policy::SqlTargetPolicy* const sql = operation.sql();
  const bool statement_writes = sql != nullptr && sql->statement.fixed->effect() == db::Effect::writes;
  const bool finishes =
      !reads || statement_writes || operation.handler() != nullptr || !operation.sensitive.empty();
  return finishes ? net::OnHangUp::finish : net::OnHangUp::cancel;
}

std::shared_ptr<const target::DeclaredParameters> declared(const openapi::Operation& operation) {
  auto names = std::make_shared<target::DeclaredParameters>();
  for (const openapi::Parameter& parameter : operation.parameters) {
    switch (parameter.in) {
      case openapi::In::path: names->path.push_back(parameter.name); break;
      case openapi::In::query: names->query.push_back(parameter.name); break;
      case openapi::In::header: names->header.push_back(parameter.name); break;
      case openapi::In::cookie: names->cookie.push_back(parameter.name); break;
    }
  }
  return names;
}

// One function for each kind of target.
using Made = Result<gate::AnsweringTarget>;

Made make_target(const policy::UpstreamTargetPolicy& answers, const policy::Operation& operation,
                 Workbench& with) {
  GATEHOUSE_TRY(auto client, client_of(*answers.upstream, with));
  return std::make_unique<target::UpstreamTarget>(std::move(client),
                                                  assertion_of(operation, *answers.upstream, with.resources));
}

Made make_target(const policy::SqlTargetPolicy& answers, const policy::Operation& operation,
                 Workbench& with) {
  const std::shared_ptr<const policy::PolicySet>& policy = with.shared.policy;
  if (operation.placement == policy::ConditionPlacement::before_call) {
    return std::make_unique<target::SqlTarget>(bound(answers.statement, policy), returns_of(answers.returns),
                                               answers.rule, with.shared.database, with.loop);
  }
  std::optional<target::BoundStatement> guarded;
  if (answers.guarded) guarded = bound(answers.guarded->statement, policy);
  return std::make_unique<target::SqlTransactionalTarget>(
      bound(*operation.resource->statement(), policy), bound(answers.statement, policy), std::move(guarded),
      returns_of(answers.returns), answers.rule, with.shared.database, with.loop);
}

Made make_target(const policy::HandlerTargetPolicy& answers, const policy::Operation& operation,
                 Workbench& with) {
  return std::make_unique<target::HandlerTarget>(handlers().at(answers.name), declared(*operation.api),
                                                 with.resources.handler_threads, with.loop);
}

Made make_target(const policy::FixedTargetPolicy& answers, const policy::Operation&, Workbench&) {
  auto answer = std::make_shared<target::FixedAnswer>();
  answer->status = answers.respond->status;
  answer->type = answers.respond->type.value;
  answer->body = answers.respond->body.value;
  if (const auto type = http::parse_media_type(answer->type); type && type->is("text/html"))
    answer->policies = Response::Policies::of_page;
  if (!answers.path.empty()) {
    GATEHOUSE_TRY(answer->body, read_whole(answers.path));
  }
  return std::make_unique<target::FixedTarget>(std::move(answer));
}

Made make_target(const policy::BuiltInTargetPolicy& answers, const policy::Operation&, Workbench& with) {
  return answers.operation->make({*with.shared.policy, with.loop});
}

Result<gate::OperationParts> make_operation(const policy::Operation& operation, Workbench& with) {
  gate::OperationParts parts;
  GATEHOUSE_TRY(parts.target, std::visit([&](const auto& kind) { return make_target(kind, operation, with); },
                                         operation.target));
  if (operation.resource && operation.placement == policy::ConditionPlacement::before_call) {
    GATEHOUSE_TRY(parts.lookup, make_lookup(operation, with));
  }
  parts.concurrency = with.resources.concurrency(operation);
  parts.on_hang_up = on_hang_up(operation);
  return parts;
}

}  // namespace

handler::Handlers& handlers() {
  static handler::Handlers all;
  return all;
}

std::vector<std::string> handler_names() {
  std::vector<std::string> names;
  for (const auto& [name, handler] : handlers()) names.push_back(name);
  return names;
}

Result<SharedParts> prepare(std::shared_ptr<const policy::PolicySet> policy, ProcessResources& resources) {
  GATEHOUSE_CHECK(resources.open_for(*policy));
  for (const policy::AuthenticatorPolicy& authenticator : policy->authenticators) {
    if (const policy::JwtSettings* const jwt = authenticator.settings->jwt())
      GATEHOUSE_CHECK(resources.issuers.of(authenticator.name, *jwt));
  }
  SharedParts shared;
  for (const auto& [name, upstream] : policy->settings.upstreams) {
    GATEHOUSE_TRY(shared.upstreams[name], shared_upstream(upstream));
  }
  shared.database = resources.database_of(*policy);
  if (!policy->settings.tls.client_crl.value.empty()) {
    GATEHOUSE_TRY(shared.revocations, RevocationFile::open(policy->settings));
  }
  shared.policy = std::move(policy);
  return shared;
}

Result<WorkerParts> assemble(const SharedParts& shared, const UpstreamWays& kept, ProcessResources& resources,
                             net::Loop& loop) {
  const std::shared_ptr<const policy::PolicySet>& policy = shared.policy;
  Workbench with{shared, kept, resources, loop};
  gate::Parts parts;
  for (const policy::AuthenticatorPolicy& authenticator : policy->authenticators) {
    GATEHOUSE_TRY(auto scheme, make_scheme(shared, authenticator, resources, loop));
    parts.schemes.push_back(std::move(scheme));
  }
  for (const policy::Operation& operation : policy->operations) {
    GATEHOUSE_TRY(gate::OperationParts made, make_operation(operation, with));
    parts.operations.push_back(std::move(made));
  }
  parts.long_checks = {resources.checkers, &loop};
  parts.policy = policy;
  parts.loop = &loop;
  return WorkerParts{std::move(parts), std::move(with.ways)};
}

}  // namespace gatehouse::app
