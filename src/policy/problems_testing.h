// A correct configuration and its document, and the problems of a changed one.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "db/connection.h"
#include "doc/source.h"
#include "openapi/load.h"
#include "policy/compile.h"

namespace gatehouse::policy::testing {

inline constexpr std::string_view kNotesApi = R"(openapi: 3.1.0
info: {title: Orders, version: "1"}
paths:
  /orders/{id}:
    get:
      operationId: getOrder
      security: [{userToken: []}]
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: pin, in: query, schema: {type: string, format: password}}
      responses: {"200": {description: it}}
  /orders:
    post:
      operationId: addOrder
      security: [{partnerKey: []}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {note: {type: string}}}}}}
      responses: {"201": {description: made}}
  /catalogue:
    get: {operationId: listCatalogue, security: [{}], responses: {"200": {description: all}}}
components:
  securitySchemes:
    userToken: {type: http, scheme: bearer}
    partnerKey: {type: apiKey, in: header, name: X-API-Key}
    partnerCertificate: {type: mutualTLS}
)";

inline constexpr std::string_view kGatehouse = R"(openapi: [api.yaml]
threat_model: {exposure: partner, data: internal}
listen:
  https: "127.0.0.1:8443"
  http: {address: "127.0.0.1:8080", do: redirect}
  admin: "127.0.0.1:9443"
tls:
  certificate: server.crt
  private_key: file:server.key
  client_ca: clients.crt
  hsts: {max_age: 30d}
store: sqlite:state.db
trusted_proxies: [10.0.0.0/8]
upstreams:
  orders: {url: "http://127.0.0.1:3000", timeout: 5s}
authenticators:
  partnerKey: {type: api_key, prefix: "partner:"}
  userToken:
    type: jwt
    issuer: https://idp.test/
    audience: orders
    jwks: file:keys.json
    algorithms: [ES256]
    roles: claims.roles
  partnerCertificate: {type: mtls, prefix: "certificate:"}
roles:
  anonymous: ["catalogue:read"]
  clerk: ["orders:*"]
limits:
  per_ip: {per: ip, rate: 10/s, burst: 10}
defaults:
  limits: [per_ip]
  upstream: orders
  caps: {string: 100}
operations:
  getOrder:
    permission: orders:read
    sql: {statement: "SELECT total FROM orders WHERE id = :path.id", returns: one}
  addOrder: {permission: orders:write}
  listCatalogue: {permission: "catalogue:read", public: a catalogue}
log: [stdout, {file: events.jsonl}]
errors: {details: principals}
)";

inline std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// The problems, one a line, without the name of the file where it is gatehouse.yaml.
inline std::string problems_of(const std::string& gatehouse, const std::string& api) {
  static db::Connection connection = [] {
    auto opened = *db::Connection::open({.path = ":memory:"});
    EXPECT_TRUE(opened.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL)"));
    return opened;
  }();
  Problems problems;
  CompileInput input;
  if (const auto source = doc::parse(gatehouse, "gatehouse.yaml", problems, {}))
    input.settings = read_settings(*source, "/etc/gatehouse", problems);
  input.apis.push_back(openapi::load(
      "api.yaml", [&](const std::filesystem::path&) -> Result<std::string> { return api; }, {}, problems));
  input.database = &connection;
  const auto set = compile(std::move(input), problems);
  EXPECT_EQ(set == nullptr, !problems.empty());
  std::string text = problems.text();
  for (std::size_t at = 0; (at = text.find("gatehouse.yaml:", at)) != std::string::npos;) text.erase(at, 15);
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

struct Wrong {
  std::string_view from;
  std::string_view to;
  std::string_view problems;
};

inline void expect_each(std::initializer_list<Wrong> cases, bool in_api = false) {
  for (const Wrong& wrong : cases) {
    const std::string gatehouse(kGatehouse);
    const std::string api(kNotesApi);
    EXPECT_EQ(problems_of(in_api ? gatehouse : replaced(gatehouse, wrong.from, wrong.to),
                          in_api ? replaced(api, wrong.from, wrong.to) : api),
              wrong.problems)
        << wrong.from << " -> " << wrong.to;
  }
}

}  // namespace gatehouse::policy::testing
