// A configuration about which there is nothing to say, and changes of it.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "doc/load.h"
#include "policy/load.h"
#include "review/report.h"

namespace gatehouse::review::testing {

inline constexpr std::string_view kApi = R"(openapi: 3.1.0
info: {title: Shop, version: "1"}
security: [{token: []}]
paths:
  /items:
    get: {operationId: listItems, security: [{}], responses: {"200": {description: ok}}}
    post:
      operationId: addItem
      requestBody: {content: {application/json: {schema: {type: object, properties: {name: {type: string, maxLength: 80}}}}}}
      responses: {"200": {description: ok}}
  /items/{id}:
    parameters: [{name: id, in: path, required: true, schema: {type: integer, minimum: 1, maximum: 99}}]
    get: {operationId: getItem, responses: {"200": {description: ok}}}
components:
  securitySchemes:
    token: {type: http, scheme: bearer}
    key: {type: apiKey, in: header, name: X-API-Key}
    cookie: {type: apiKey, in: cookie, name: session}
    query: {type: apiKey, in: query, name: api_key}
)";
inline constexpr std::string_view kConfiguration = R"(openapi: [api.yaml]
threat_model: {exposure: public, data: internal}
listen: {https: "0.0.0.0:8443", admin: "127.0.0.1:9443"}
tls: {certificate: server.crt, private_key: file:server.key}
upstreams: {shop: {url: "http://127.0.0.1:3000"}}
authenticators:
  token: {type: jwt, issuer: "https://idp.example", audience: shop, jwks: file:keys.json, algorithms: [ES256], types: [at+jwt]}
roles: {anonymous: [items:list], clerk: [items:read, items:write]}
limits: {per_ip: {per: ip, rate: 60/min}, per_principal: {per: principal, rate: 600/min}}
defaults: {limits: [per_ip, per_principal], upstream: shop}
operations:
  listItems: {permission: items:list, public: "the shop window"}
  addItem: {permission: items:write}
  getItem: {permission: items:read, when: request.path.id != 13}
)";

using Change = std::pair<std::string_view, std::string_view>;

inline std::string changed(std::string_view text, const std::vector<Change>& changes) {
  std::string out(text);
  for (const auto& [from, to] : changes) {
    const std::size_t at = out.find(from);
    if (at == out.npos) throw std::runtime_error("the text has no " + std::string(from));
    out.replace(at, from.size(), to);
  }
  return out;
}

inline std::shared_ptr<const policy::PolicySet> load(const std::string& api,
                                                     const std::string& configuration) {
  const std::map<std::string, std::string> files{{"gatehouse.yaml", configuration}, {"api.yaml", api}};
  const doc::ReadFile read = [&](const std::filesystem::path& path) -> Result<std::string> {
    const auto file = files.find(path.filename().string());
    if (file == files.end()) return failure(ErrorCode::not_found, "no such file");
    return file->second;
  };
  Problems problems;
  auto policy = policy::load("gatehouse.yaml", {.read = read, .handlers = {}}, problems);
  if (!policy) throw std::runtime_error(problems.text());
  return policy;
}

}  // namespace gatehouse::review::testing
