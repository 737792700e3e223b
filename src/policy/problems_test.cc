// Every problem of a configuration is reported once, at its place, and with its remedy. Each case is one
// change of a correct configuration.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "policy/problems_testing.h"

namespace gatehouse::policy {
namespace {

using testing::expect_each;
using testing::kGatehouse;
using testing::kNotesApi;
using testing::problems_of;
using testing::replaced;
using testing::Wrong;

TEST(Configuration, ThatIsRightHasNoProblem) {
  EXPECT_EQ(problems_of(std::string(kGatehouse), std::string(kNotesApi)), "");
}

TEST(Settings, WithoutWhatNobodyCanGuessAreIncomplete) {
  expect_each({
      {"openapi: [api.yaml]\n", "", "1:1: `openapi` is missing"},
      {"  https: \"127.0.0.1:8443\"\n", "", "4:3: listen: `https` is missing"},
      {"address: \"127.0.0.1:8080\", ", "", "5:9: listen.http: `address` is missing"},
      {", do: redirect", "", "5:9: listen.http: `do` is missing"},
      {"  certificate: server.crt\n", "", "8:3: tls: `certificate` is missing"},
      {"  private_key: file:server.key\n", "", "8:3: tls: `private_key` is missing"},
      {"exposure: partner, ", "", "2:15: threat_model: `exposure` is missing"},
      {"url: \"http://127.0.0.1:3000\", ", "", "15:11: upstreams.orders: `url` is missing"},
      {"type: api_key, ", "", "17:15: authenticators.partnerKey: `type` is missing"},
      {"    issuer: https://idp.test/\n", "", "19:5: authenticators.userToken: `issuer` is missing"},
      {"    audience: orders\n", "", "19:5: authenticators.userToken: `audience` is missing"},
      {"    jwks: file:keys.json\n", "", "19:5: authenticators.userToken: `jwks` is missing"},
      {"    algorithms: [ES256]\n", "", "19:5: authenticators.userToken: `algorithms` is missing"},
      {"per: ip, ", "", "30:11: limits.per_ip: `per` is missing"},
      {", rate: 10/s", "", "30:11: limits.per_ip: `rate` is missing"},
      {", returns: one", "", "38:10: operations.getOrder.sql: `returns` is missing"},
      {"{file: events.jsonl}", "{keep: 3}", "41:15: log[1]: `file` is missing"},
      {"details: principals", "", "42:9: errors: `details` is missing"},
  });
}

TEST(Settings, ThatNobodyKnowsAreRefusedWithTheNearestThatIs) {
  expect_each({
      {"store:", "stroe:", "12:1: there is no key `stroe` here; did you mean `store`?"},
      {"  admin:", "  adnim:", "6:3: listen: there is no key `adnim` here; did you mean `admin`?"},
      {"max_age: 30d", "max_age: 30d, includes: true",
       "11:24: tls.hsts: there is no key `includes` here; there are `include_subdomains`, `max_age`, "
       "`preload`"},
      {", timeout: 5s", ", time_out: 5s",
       "15:42: upstreams.orders: there is no key `time_out` here; did you mean `timeout`?"},
      {"    audience: orders\n", "    audience: orders\n    audiences: orders\n",
       "22:5: authenticators.userToken: there is no key `audiences` here; did you mean `audience`?"},
      {"{type: api_key, prefix: \"partner:\"}", "{type: api_key, issuer: x, prefix: \"partner:\"}",
       "17:31: authenticators.partnerKey: there is no key `issuer` here; there are `auth_scheme`, `forward`, "
       "`prefix`, "
       "`same_people_as`, `type`"},
      {"burst: 10", "bursts: 10",
       "30:33: limits.per_ip: there is no key `bursts` here; did you mean `burst`?"},
      {"caps: {string: 100}", "caps: {strings: 100}",
       "34:10: defaults.caps: there is no key `strings` here; did you mean `string`?"},
      {"addOrder: {permission: orders:write}", "addOrder: {permission: orders:write, permision: x}",
       "39:40: operations.addOrder: there is no key `permision` here; did you mean `permission`?"},
      {", returns: one", ", returns: one, limit: 5",
       "38:84: operations.getOrder.sql: there is no key `limit` here; there are `returns`, `statement`"},
      {"{file: events.jsonl}", "{file: events.jsonl, keeps: 5}",
       "41:36: log[1]: there is no key `keeps` here; did you mean `keep`?"},
  });
}

TEST(Settings, OfAnotherFormAreRefusedWithTheFormThatIsWanted) {
  expect_each({
      {"\"127.0.0.1:8443\"", "localhost:8443",
       "4:10: listen.https: must be ADDRESS:PORT with an IP address, such as \"127.0.0.1:8443\", or "
       "\"0.0.0.0:8443\" for all addresses of IPv4"},
      {"\"127.0.0.1:8443\"", "\"127.0.0.1:70000\"",
       "4:10: listen.https: must be ADDRESS:PORT with an IP address, such as \"127.0.0.1:8443\", or "
       "\"0.0.0.0:8443\" for all addresses of IPv4"},
      {"\"127.0.0.1:8443\"", "\"127.0.0.1:\"",
       "4:10: listen.https: must be ADDRESS:PORT with an IP address, such as \"127.0.0.1:8443\", or "
       "\"0.0.0.0:8443\" for all addresses of IPv4"},
      {"\"127.0.0.1:8443\"", "\"8443\"",
       "4:10: listen.https: must be ADDRESS:PORT with an IP address, such as \"127.0.0.1:8443\", or "
       "\"0.0.0.0:8443\" for all addresses of IPv4"},
      {"\"127.0.0.1:8080\"", "\"0.0.0.0:8443\"",
       "5:9: listen.http: has the address of `https`; give it a port of its own"},
      {"\"127.0.0.1:9443\"", "\"127.0.0.1:8443\"",
       "6:10: listen.admin: has the address of another listener; give it a port of its own"},
      {"do: redirect", "do: serve", "5:41: listen.http.do: must be `redirect` or `reject`, not `serve`"},
      {"  admin:", "  head: 64KiB\n  admin:", "6:9: listen.head: must be from 1KiB to 63KiB"},
      {"  admin:", "  connections: 0\n  admin:",
       "6:16: listen.connections: must be a whole number from 1 to 1000000, not 0"},
      {"  admin:", "  proxy_protocol: maybe\n  admin:",
       "6:19: listen.proxy_protocol: must be `off` or `required`, not `maybe`"},
      {"exposure: partner", "exposure: everybody",
       "2:26: threat_model.exposure: must be `public`, `partner` or `internal`, not `everybody`"},
      {"data: internal", "data: secret",
       "2:41: threat_model.data: must be `public`, `internal` or `sensitive`, not `secret`"},
      {"file:server.key", "MIIEvQIBADANBg",
       "9:16: tls.private_key: names a secret: write `file:PATH`, never the secret itself"},
      {"max_age: 30d", "max_age: 30",
       "11:19: tls.hsts.max_age: must be a duration such as `500ms`, `10s`, `15m` or `30d`, not a number"},
      {"max_age: 30d", "max_age: 30d, preload: 1",
       "11:33: tls.hsts.preload: must be `true` or `false`, not a number"},
      {"store: sqlite:state.db", "store: state.db",
       "12:8: store: must be sqlite:PATH; write `sqlite:state.db`"},
      {"store: sqlite:state.db", "store: sqlite:state.db\ndatabase: \"sqlite:\"",
       "13:11: database: must be sqlite:PATH, such as sqlite:state/gatehouse.db"},
      {"store: sqlite:state.db", "store: sqlite:state.db\nkey_pepper: hunter2",
       "13:13: key_pepper: names a secret: write `file:PATH`, never the secret itself"},
      {"store: sqlite:state.db", "store: sqlite:state.db\nassertion_key: hunter2",
       "13:16: assertion_key: names a secret: write `file:PATH`, never the secret itself"},
      {"store: sqlite:state.db", "store: sqlite:state.db\nworkers: 0",
       "13:10: workers: must be a whole number from 1 to 1024, not 0"},
      {"store: sqlite:state.db", "store: sqlite:state.db\nkeep_events: forever",
       "13:14: keep_events: must be a duration such as `500ms`, `10s`, `15m` or `30d`, not `forever`"},
      {"store: sqlite:state.db", "store: sqlite:state.db\nkeep_size: 1MiB",
       "13:12: keep_size: must be at least 64MiB"},
      {"10.0.0.0/8", "10.0.0.0/33",
       "13:19: trusted_proxies[0]: `10.0.0.0/33` is not a network; write it as 10.0.0.0/8"},
      {"timeout: 5s", "timeout: soon",
       "15:51: upstreams.orders.timeout: must be a duration such as `500ms`, `10s`, `15m` or `30d`, not "
       "`soon`"},
      {"timeout: 5s", "timeout: 106751d", "15:51: upstreams.orders.timeout: must be from 1ms to 1d"},
      {"timeout: 5s", "timeout: 0s", "15:51: upstreams.orders.timeout: must be from 1ms to 1d"},
      {"store: sqlite:state.db", "store: sqlite:state.db\ndeadlines: {head: 25h, idle: 0s}",
       "13:19: deadlines.head: must be from 1ms to 1d\n13:30: deadlines.idle: must be from 1ms to 1d"},
      {"store: sqlite:state.db", "store: sqlite:state.db\nrouting: {case: maybe, reading: strict}",
       "13:17: routing.case: must be `sensitive` or `insensitive`, not `maybe`\n13:33: routing.reading: must "
       "be `lenient` "
       "or `exact`, not `strict`"},
      {"timeout: 5s", "timeout: 5s, failures: 0",
       "15:65: upstreams.orders.failures: must be a whole number from 1 to 1000, not 0"},
      {"type: api_key", "type: saml",
       "17:22: authenticators.partnerKey.type: must be `api_key`, `basic`, `jwt` or `mtls`, not `saml`"},
      {"audience: orders", "audience: []",
       "21:15: authenticators.userToken.audience: is empty, so no token would be valid; set it to the name "
       "that the issuer gives this API"},
      {"file:keys.json", "http://idp.test/jwks.json",
       "22:11: authenticators.userToken.jwks: must be file:PATH or an https:// URL (http:// only to a "
       "loopback address)"},
      {"    roles: claims.roles", "    leeway: 6m",
       "24:13: authenticators.userToken.leeway: must be at most 5m"},
      {"rate: 10/s", "rate: 10",
       "30:27: limits.per_ip.rate: must be a rate such as `60/min` or `5/s`, not a number"},
      {"burst: 10", "burst: 0",
       "30:40: limits.per_ip.burst: must be a whole number from 1 to 1000000000, not 0"},
      {"burst: 10", "ipv6_prefix: 16",
       "30:46: limits.per_ip.ipv6_prefix: must be a whole number from 32 to 128, not 16"},
      {"string: 100", "depth: 1000",
       "34:17: defaults.caps.depth: must be a whole number from 1 to 512, not 1000"},
      {"[stdout", "[stderr", "41:7: log[0]: must be `stdout`, or a map such as `{file: events.jsonl}`"},
      {"[stdout", "[stdout, stdout", "41:15: log[1]: stdout is named twice"},
      {"details: principals", "details: nobody",
       "42:19: errors.details: must be `principals` or `everyone`, not `nobody`"},
      {"returns: one", "returns: some",
       "38:79: operations.getOrder.sql.returns: must be `list`, `one` or `none`, not `some`"},
      {"listen:\n", "listen: []\nother:\n",
       "3:9: listen: must be a map such as `{https: \"0.0.0.0:8443\"}`, not a list\n4:1: there is no key "
       "`other` here; `gatehouse reference` lists those that there are"},
  });
}

TEST(Authenticators, FitTheSchemesThatTheDocumentDeclares) {
  expect_each({
      {"  partnerKey: {type: api_key, prefix: \"partner:\"}\n", "",
       "api.yaml:23:17: `authenticators` has none for the security scheme `partnerKey`, which addOrder "
       "requires; add `partnerKey: {type: api_key}`, or one of type jwt; there are: partnerCertificate, "
       "userToken"},
      {"  partnerKey: {type: api_key, prefix: \"partner:\"}",
       "  partnerKey: {type: api_key, prefix: \"partner:\"}\n  otherKey: {type: api_key, prefix: "
       "\"partner:\"}",
       "18:13: authenticators.otherKey: no OpenAPI document declares a securityScheme of that name; give it "
       "the name of one in components.securitySchemes, or remove it"},
      {"{type: mtls, ", "{type: api_key, ",
       "25:23: authenticators.partnerCertificate: the OpenAPI document declares this scheme as another type; "
       "api_key and jwt go with type: apiKey, http bearer, oauth2 or openIdConnect"},
      {"  partnerKey: {type: api_key, prefix: \"partner:\"}",
       "  partnerKey: {type: mtls, prefix: \"machine:\"}",
       "17:15: authenticators.partnerKey: the OpenAPI document declares this scheme as another type; mtls "
       "goes with type: mutualTLS"},
      {"  client_ca: clients.crt\n", "",
       "24:23: authenticators.partnerCertificate: mutual TLS needs the authorities of clients; name their "
       "file with tls.client_ca"},
      {"[ES256]", "[HS256, none]",
       "23:18: authenticators.userToken.algorithms[0]: `HS256` signs with a shared secret, with which each "
       "verifier could sign too; let the issuer sign with a key pair, such as ES256 or RS256, and name its "
       "public keys with `jwks`"},
      {"[ES256]", "[none]",
       "19:5: authenticators.userToken: `none` is not a supported algorithm for tokens; use ES256, ES384, "
       "ES512, EdDSA, RS256, RS384, RS512, PS256, PS384 or PS512"},
      {"[ES256]", "[]",
       "23:17: authenticators.userToken.algorithms: is empty; name the issuer's algorithms, such as [ES256]"},
      {"roles: claims.roles", "roles: claim.roles",
       "24:12: `claim.roles`: at character 1: unknown name 'claim'; did you mean 'claims'?"},
      {"roles: claims.roles", "tenant: \"claims.a +\"",
       "24:13: `claims.a +`: at character 11: expected an expression but found the end"},
      {"{type: mtls, ", "{type: mtls, id: certificate., ",
       "25:40: `certificate.`: at character 13: expected the name of a member but found the end"},
  });
}

TEST(Roles, GrantWhatIsNamed) {
  expect_each({
      {"\"orders:*\"", "\"orders:*\", \"*:read\"",
       "28:23: roles.clerk: `*:read`: a `*` stands alone or at the end after a colon, as in orders:*"},
      {"\"orders:*\"", "\"orders:*\", \"or*\"",
       "28:23: roles.clerk: `or*`: a `*` stands alone or at the end after a colon, as in orders:*"},
      {"[\"catalogue:read\"]", "[\"catalogue:*\"]",
       "27:15: roles.anonymous: name each permission; a `*` would include permissions that are added later"},
  });
}

TEST(Limits, NameWhatTheyCount) {
  expect_each({
      {"  per_ip: {per: ip,", "  \"per\\\"ip\": {per: ip, rate: 1/s}\n  per_ip: {per: ip,",
       "30:14: a limit's name appears in headers: use letters, digits, - and _"},
      {"per: ip,", "per: [ip, request.body.],",
       "30:22: `request.body.`: at character 14: expected the name of a member but found the end"},
      {"per: ip,", "per: [ip, customer],", "30:22: `customer`: at character 1: unknown name 'customer'"},
      {"limits: [per_ip]", "limits: [per_io]",
       "32:12: defaults.limits: there is no limit `per_io`; did you mean `per_ip`?"},
      {"limits: [per_ip]", "limits: []",
       "37:5: getOrder: has no limit; name some in its `limits` or in `defaults.limits`\n39:13: addOrder: "
       "has no limit; name some in its `limits` or in `defaults.limits`\n40:18: listCatalogue: has no limit; "
       "name some in its `limits` or in `defaults.limits`"},
      {"addOrder: {permission: orders:write}", "addOrder: {permission: orders:write, cost: 11}",
       "39:13: addOrder: costs 11, but `per_ip` lets 10 through at once, so it could never pass; raise its "
       "`burst`"},
      {"addOrder: {permission: orders:write}",
       "addOrder: {permission: orders:write, limits: [per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, "
       "per_ip, per_ip, "
       "per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip]}",
       "39:13: addOrder: has more than 16 limits of one kind; leave some out"},
      {"limits: [per_ip]",
       "limits: [per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, per_ip, "
       "per_ip, per_ip, per_ip, per_ip, per_ip, per_ip]",
       "32:12: defaults.limits: has more than 16 limits per address, which all count for paths without an "
       "operation; leave some out\n37:5: getOrder: has more than 16 limits of one kind; leave some "
       "out\n39:13: addOrder: has more than 16 limits of one kind; leave some out\n40:18: listCatalogue: has "
       "more than 16 limits of one kind; leave some out"},
      {"addOrder: {permission: orders:write}", "addOrder: {permission: orders:write, concurrency: 0}",
       "39:53: operations.addOrder.concurrency: must be a whole number from 1 to 1000000, not 0"},
  });
}

TEST(Operations, AreDecided) {
  expect_each({
      {"  addOrder: {permission: orders:write}\n", "",
       "api.yaml:13:5: addOrder: has no `permission`; name one, such as `permission: orders:read`, and give "
       "it to a role"},
      {"permission: orders:write", "permission: orders:*",
       "39:26: addOrder: an operation requires one permission; `*` is for roles"},
      {"permission: orders:write", "permission: bills:write",
       "39:26: addOrder: no role holds `bills:write`, so no caller could use it; add it to a role"},
      {", public: a catalogue", "",
       "40:18: listCatalogue: its `security` admits a caller without credentials; write `security: [{NAME: "
       "[]}]` in the OpenAPI document, or in gatehouse.yaml for the operation, or `public: \"the reason\"` "
       "to "
       "its policy"},
      {"permission: orders:write", "permission: orders:write, public: everybody knows them",
       "39:48: addOrder: is `public`, but its `security` admits no caller without credentials; remove one of "
       "the two"},
      {"  anonymous: [\"catalogue:read\"]\n", "",
       "39:31: listCatalogue: is public, but the role `anonymous` does not hold `catalogue:read`; add it to "
       "roles.anonymous"},
      {"  addOrder:", "  addOrders: {permission: orders:write}\n  addOrder:",
       "39:14: operations.addOrders: no OpenAPI document has an operation of that operationId or title; "
       "write it as in the document (`getOrder` or `GET /orders/{id}`), or remove it here"},
      {"  addOrder:", "  \"POST /orders\": {permission: orders:write}\n  addOrder:",
       "39:19: operations: `addOrder` and `POST /orders` are the same operation; keep one"},
      {"  upstream: orders\n", "",
       "38:13: addOrder: it has no target; give it sql, upstream or handler, or set "
       "defaults.upstream\n39:18: listCatalogue: it has no target; give it sql, upstream or handler, or set "
       "defaults.upstream"},
      {"  upstream: orders\n", "  upstream: order\n",
       "33:13: defaults.upstream: there is no upstream `order`; did you mean `orders`?"},
      {"permission: orders:write", "permission: orders:write, upstream: other",
       "39:50: addOrder: there is no upstream `other`; there are: orders"},
      {"permission: orders:write", "permission: orders:write, upstream: orders, handler: addOrder",
       "39:13: addOrder: has several of sql, upstream, handler and respond; keep one"},
      {"permission: orders:write", "permission: orders:write, handler: addOrder",
       "39:49: addOrder: this program has no handler `addOrder`: it was built without handlers; link your "
       "function into a program and name it in gatehouse::run(argc, argv, {{\"addOrder\", \xE2\x80\xA6}}), "
       "as docs/handlers.md shows, or use sql or upstream"},
      {"permission: orders:write", "permission: orders:write, cache_control: \"a\\nb\"",
       "39:55: addOrder: cache_control: `a\\u000ab` is not a directive for answers; write one such as "
       "`no-store`, `private` or `max-age=60`, in lower case and with commas between them"},
      {"permission: orders:write", "permission: orders:write, threat_model: {exposure: public}",
       "39:54: operations.addOrder.threat_model: `data` is missing"},
      {"url: \"http://127.0.0.1:3000\"", "url: [\"127.0.0.1:3000\", \"http://a/?b=c\"]",
       "15:18: upstreams.orders: `127.0.0.1:3000` is not the URL of a service; write scheme, host and port, "
       "as in http://127.0.0.1:3000\n15:36: upstreams.orders: `http://a/?b=c` is not the URL of a service; "
       "write scheme, host and port, as in http://127.0.0.1:3000"},
  });
}

TEST(Conditions, AndObjectsAreOfWhatTheRequestHas) {
  const auto get = [](std::string_view lines, std::string_view problems) {
    return Wrong{"    permission: orders:read\n", lines, problems};
  };
  expect_each({
      get("    permission: orders:read\n    when: principal.name == ''\n",
          "38:11: `principal.name == ''`: at character 1: unknown name 'principal.name'; 'principal' has id, "
          "kind, roles, permissions, scopes, tenant, claims, scheme, issuer, credential, mfa, "
          "authenticated_at"),
      get("    permission: orders:read\n    when: [principal.mfa, principal.id]\n",
          "38:27: `principal.id`: at character 10: the expression is of type string, but bool is needed "
          "here"),
      get("    permission: orders:read\n    hide: false\n",
          "37:5: getOrder: `hide` is about the object that `resource` finds, and there is no `resource`; add "
          "it, or remove `hide`"),
      get("    permission: orders:read\n    resource: {}\n",
          "38:15: operations.getOrder.resource: needs one of `sql` and `upstream`, but not both"),
      get("    permission: orders:read\n    resource: {sql: \"DELETE FROM orders\"}\n",
          "38:21: getOrder: `resource` only reads, and this statement writes; write a SELECT"),
      get("    permission: orders:read\n    resource: {sql: \"SELECT nothing FROM orders\"}\n",
          "38:21: getOrder: at byte 7 of the statement: near \"nothing\": syntax error"),
      get("    permission: orders:read\n    resource: {sql: \"SELECT total FROM orders WHERE id = "
          ":path.no\"}\n",
          "38:21: getOrder: the statement binds `:path.no`, but the operation declares no such parameter; "
          "declare it, or use another value"),
      get("    permission: orders:read\n    resource: {sql: \"SELECT total FROM orders WHERE id = "
          ":body.id\"}\n",
          "38:21: getOrder: the statement binds `:body.id`, but the operation accepts no body; declare a "
          "requestBody, or use another value"),
      get("    permission: orders:read\n    resource: {sql: \"SELECT total FROM orders WHERE id = "
          ":nothing\"}\n",
          "38:21: getOrder: at byte 36 of the statement: `:nothing` does not name the source of the value, "
          "as `:path.id` does"),
      get("    permission: orders:read\n    resource: {upstream: {}}\n",
          "38:26: operations.getOrder.resource.upstream: `path` is missing"),
      get("    permission: orders:read\n    resource: {upstream: {name: other, path: /a}}\n",
          "38:33: getOrder: resource.upstream: there is no upstream `other`; add it to `upstreams`, or name "
          "another one"),
      get("    permission: orders:read\n    resource: {upstream: {path: a}}\n",
          "38:33: getOrder: resource.upstream.path: a path begins with `/`"),
      get("    permission: orders:read\n    resource: {upstream: {path: \"/a/{path.no}\"}}\n",
          "38:33: getOrder: the path contains `{path.no}`, but the operation declares no such parameter; "
          "declare it, or use another value"),
      get("    permission: orders:read\n    resource: {upstream: {path: /a}, attributes: {owner: text}}\n",
          "38:58: getOrder: resource.attributes.owner: `text` is not a type of a JSON value; use string, "
          "int, double, bool, timestamp, duration, list(string), map(string, dyn), wrapper(string) if it may "
          "be null, or dyn"),
      get("    permission: orders:read\n    resource: {sql: \"SELECT total FROM orders\", attributes: "
          "{total: int}}\n",
          "38:61: operations.getOrder.resource.attributes: are for an upstream's answer; the columns of "
          "`sql` have their types already; remove them"),
  });
}

TEST(Operations, AStatementSaysWhatItReturns) {
  EXPECT_NE(problems_of(replaced(std::string(kGatehouse), ", returns: one", ""), std::string(kNotesApi))
                .find("getOrder.sql: `returns` is missing"),
            std::string::npos)
      << problems_of(replaced(std::string(kGatehouse), ", returns: one", ""), std::string(kNotesApi));
}

TEST(Operations, APublicOneHasAReasonThatSaysSomething) {
  for (const std::string_view none : {"\" \"", "\"\"", "true", "\"yes\"", "\"-\"", "\"TODO\"", "1"}) {
    const std::string text =
        problems_of(replaced(std::string(kGatehouse), "public: a catalogue", fmt::format("public: {}", none)),
                    std::string(kNotesApi));
    EXPECT_NE(text.find("operations.listCatalogue.public: "), std::string::npos) << none << "\n" << text;
  }
}

}  // namespace
}  // namespace gatehouse::policy
