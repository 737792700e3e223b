#include <fmt/format.h>
#include <gtest/gtest.h>

#include "doc/source.h"
#include "openapi/load.h"
#include "policy/compile.h"

namespace gatehouse::policy {
namespace {

// `more` of the operation: parameters or a body.
std::string api_with(std::string_view more) {
  return fmt::format(R"({{"openapi": "3.1.0", "info": {{"title": "Orders", "version": "1"}},
  "paths": {{"/orders/{{id}}": {{"put": {{"operationId": "getOrder", "security": [{{"userToken": []}}],
    "parameters": [{{"name": "id", "in": "path", "required": true, "schema": {{"type": "integer"}}}}]{},
    "responses": {{"200": {{"description": "it"}}}}}}}}}},
  "components": {{"securitySchemes": {{"userToken": {{"type": "http", "scheme": "bearer"}}}}}}}})",
                     more);
}

// The way that an operation with these lines goes, or its problems.
std::string way_of(const std::string& lines, const std::string& api = api_with("")) {
  static db::Connection connection = [] {
    auto opened = *db::Connection::open({.path = ":memory:"});
    EXPECT_TRUE(opened.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, total REAL)"));
    return opened;
  }();
  Problems problems;
  const std::string text = fmt::format(R"(
openapi: [api.json]
threat_model: {{exposure: partner, data: internal}}
listen: {{https: "127.0.0.1:8443", admin: "127.0.0.1:9443"}}
tls: {{certificate: server.crt, private_key: "file:server.key"}}
upstreams: {{orders: {{url: "http://127.0.0.1:3000"}}}}
store: "sqlite:state.db"
authenticators: {{userToken: {{type: jwt, issuer: i, audience: a, jwks: "file:keys.json", algorithms: [ES256]}}}}
roles: {{clerk: ["orders:read"]}}
limits: {{per_ip: {{per: ip, rate: 10/s}}}}
defaults: {{limits: [per_ip]}}
operations:
  getOrder:
    permission: orders:read
{})",
                                       lines);
  const auto source = doc::parse(text, "gatehouse.yaml", problems, {});
  CompileInput input;
  if (source) input.settings = read_settings(*source, "/etc/gatehouse", problems);
  input.apis.push_back(openapi::load(
      "api.json", [&](const std::filesystem::path&) -> Result<std::string> { return api; }, {}, problems));
  input.database = &connection;
  const auto set = compile(std::move(input), problems);
  return set ? std::string(name(set->find("getOrder")->placement)) : problems.text();
}

constexpr const char* kSql =
    "    sql: {statement: \"SELECT total FROM orders WHERE id = :path.id\", returns: one}\n";
constexpr const char* kLookup =
    "    resource: {sql: \"SELECT customer, total FROM orders WHERE id = :path.id\"}\n";

TEST(ConditionWays, AComparisonOfTheObjectIsPartOfTheStatement) {
  EXPECT_EQ(
      way_of(fmt::format("{}{}    when: resource.customer == principal.id || 'clerk' in principal.roles\n",
                         kSql, kLookup)),
      "in_statement");
  EXPECT_EQ(way_of(fmt::format("{}{}", kSql, kLookup)), "in_statement");
  EXPECT_EQ(
      way_of(fmt::format(
          "{}{}    when: [resource.total < 5.0, request.path.id > 3, resource.customer in principal.roles]\n",
          kSql, kLookup)),
      "in_statement");
}

TEST(ConditionWays, WhatSqlCannotSayIsAskedInTheTransaction) {
  EXPECT_EQ(way_of(fmt::format("{}{}    when: resource.customer.startsWith(principal.id)\n", kSql, kLookup)),
            "in_transaction");
  EXPECT_EQ(
      way_of(fmt::format("{}{}    when: [resource.customer == principal.id, resource.total * 2.0 < 5.0]\n",
                         kSql, kLookup)),
      "in_transaction");
}

TEST(ConditionWays, AStatementThatWritesIsKeptWhole) {
  EXPECT_EQ(way_of(fmt::format(
                "    sql: {{statement: \"DELETE FROM orders WHERE id = :path.id\", returns: none}}\n{}"
                "    when: resource.customer == principal.id\n",
                kLookup)),
            "in_transaction");
}

TEST(ConditionWays, AStatementThatIsWrongIsToldOnceAndTakesNoWay) {
  for (const char* wrong : {":path.nothing", ":guard.v0", ":guard.x", ":resource.id"}) {
    const std::string sql = fmt::format(
        "    sql: {{statement: \"SELECT total FROM orders WHERE id = {}\", returns: one}}\n", wrong);
    EXPECT_TRUE(way_of(sql + kLookup + "    when: resource.customer == principal.id\n")
                    .starts_with("gatehouse.yaml:"))
        << wrong;
    const std::string lookup =
        fmt::format("    resource: {{sql: \"SELECT customer FROM orders WHERE id = {}\"}}\n", wrong);
    EXPECT_TRUE(way_of(kSql + lookup + "    when: resource.customer == principal.id\n")
                    .starts_with("gatehouse.yaml:"))
        << wrong;
  }
}

TEST(ConditionWays, AnotherSystemIsCalledAfterwards) {
  EXPECT_EQ(
      way_of(fmt::format("    upstream: orders\n{}    when: resource.customer == principal.id\n", kLookup)),
      "before_call");
  EXPECT_EQ(way_of(fmt::format(
                "{}    resource: {{upstream: {{name: orders, path: \"/orders/{{path.id}}\"}}}}\n", kSql)),
            "before_call");
  EXPECT_EQ(way_of(fmt::format("{}    when: request.path.id > 3\n", kSql)), "before_call");
}

TEST(Returns, RowsNeedAStatementThatGivesRows) {
  for (const char* statement :
       {"DELETE FROM orders WHERE id = :path.id", "UPDATE orders SET total = 1 WHERE id = :path.id",
        "INSERT INTO orders (id) VALUES (:path.id)", "REPLACE INTO orders (id) VALUES (:path.id)"}) {
    const auto answered = [&](std::string_view more, std::string_view returns) {
      return way_of(fmt::format("    sql: {{statement: \"{}{}\", returns: {}}}\n", statement, more, returns));
    };
    for (const char* returns : {"one", "list"}) {
      EXPECT_TRUE(answered("", returns)
                      .ends_with("getOrder: the statement returns no rows for the answer; add RETURNING and "
                                 "the columns of the answer to it, or write `returns: none`\n"))
          << statement << "\n"
          << answered("", returns);
      EXPECT_EQ(answered(" RETURNING id", returns), "before_call") << statement;
    }
    EXPECT_EQ(answered("", "none"), "before_call") << statement;
  }
}

// ---- text that is compared with a number ----

// The problem of a statement that compares `sql` with a column of integers, where the body has one member `n`
// of that schema.
std::string comparing(const std::string& sql, std::string_view schema, std::string_view second_content = "") {
  const std::string api = api_with(fmt::format(
      R"(, "requestBody": {{"required": true, "content": {{"application/json": {{"schema":
        {{"type": "object", "additionalProperties": false, "properties": {{"n": {}}}}}}}{}}}}})",
      schema, second_content));
  const std::string way = way_of(
      fmt::format("    sql: {{statement: \"SELECT total FROM orders WHERE id = {}\", returns: one}}\n", sql),
      api);
  if (way.find("compares the text") != std::string::npos) return "refused";
  return way == "before_call" ? "accepted" : way;
}

TEST(TextsAndNumbers, WhatMayBeTextIsNotComparedWithANumber) {
  for (const std::string_view schema :
       {R"({"type": "string"})", R"({"type": ["integer", "string"]})", R"({})", R"({"minimum": 5})",
        R"({"anyOf": [{"type": "integer"}, {"type": "string"}]})", R"({"oneOf": [{"type": "integer"}, {}]})",
        R"({"enum": [5, "5e1"]})", R"({"allOf": [{"type": ["string", "integer"]}]})",
        R"({"type": ["string", "null"]})"}) {
    EXPECT_EQ(comparing(":body.n", schema), "refused") << schema;
  }
  EXPECT_EQ(comparing(":principal.id", R"({})"), "refused");
  EXPECT_EQ(comparing(":request.ip", R"({})"), "refused");
  EXPECT_EQ(comparing("trim(:body.n)", R"({"type": "string"})"), "refused");
  EXPECT_EQ(comparing("(SELECT :body.n)", R"({"type": "string"})"), "refused");
}

TEST(TextsAndNumbers, ANumberThatIsReadOutOfJsonIsCompared) {
  const std::string problem = comparing(
      "1 AND json_extract(customer, '$.id') = json_extract(:body.n, '$.id')", R"({"type": "string"})");
  EXPECT_NE(problem.find("column -> '$.id' = :body.n -> '$.id'"), std::string::npos) << problem;
  EXPECT_EQ(comparing("1 AND customer -> '$.id' = :body.n -> '$.id'", R"({"type": "string"})"), "accepted");
}

TEST(TextsAndNumbers, WhatIsANumberMayBe) {
  for (const std::string_view schema :
       {R"({"type": "integer"})", R"({"type": ["integer", "null"]})", R"({"type": ["integer", "number"]})",
        R"({"anyOf": [{"type": "integer"}, {"type": "null"}]})", R"({"allOf": [{"type": "integer"}, {}]})",
        R"({"oneOf": [{"type": "integer"}, {"anyOf": [{"type": "number"}, {"type": "boolean"}]}]})"}) {
    EXPECT_EQ(comparing(":body.n", schema), "accepted") << schema;
  }
}

TEST(TextsAndNumbers, EachContentTypeCounts) {
  const std::string_view form = R"(, "application/x-www-form-urlencoded": {"schema": {"type": "object",
    "additionalProperties": false, "properties": {"n": {"type": ")";
  const std::string number = R"({"type": "integer"})";
  EXPECT_EQ(comparing(":body.n", number, std::string(form) + "integer\"}}}}"), "accepted");
  EXPECT_EQ(comparing(":body.n", number, std::string(form) + "string\"}}}}"), "refused");
}

}  // namespace
}  // namespace gatehouse::policy
