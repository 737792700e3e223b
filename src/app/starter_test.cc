#include "app/starter.h"

#include <gtest/gtest.h>

#include "app/proposed_operation.h"
#include "app/yaml_text.h"
#include "doc/source.h"
#include "openapi/testing.h"

namespace gatehouse::app {
namespace {

// The value that a YAML reader finds, as a key and as a value in braces.
std::string read_back(std::string_view text) {
  Problems problems;
  const auto source =
      doc::parse("a: {" + yaml_text(text) + ": " + yaml_text(text) + ", b: c}\n", "x.yaml", problems);
  if (!source) return problems.text();
  const json::Member member = *source->root().find("a")->members().begin();
  EXPECT_EQ(member.key(), text);
  return member.value.is_string() ? std::string(member.value.string()) : "no text";
}

TEST(YamlText, IsReadAsTheTextThatItWas) {
  for (const std::string_view text : {"plain",
                                      "orders:read",
                                      "GET /a/{id}",
                                      "true",
                                      "null",
                                      "~",
                                      "1",
                                      "1.5",
                                      "0x1F",
                                      ".inf",
                                      "-",
                                      "a: b",
                                      "a #b",
                                      "#a",
                                      "a,b",
                                      "[a]",
                                      "{a}",
                                      "&a",
                                      "*a",
                                      "!a",
                                      "|",
                                      ">",
                                      "'a'",
                                      "\"a\"",
                                      "a\\b",
                                      "%a",
                                      "@a",
                                      "`a`",
                                      "a\nb",
                                      "a\tb",
                                      " a",
                                      "a ",
                                      "a:",
                                      ":a",
                                      "\x1b[31m",
                                      "ä",
                                      "https://idp.example/",
                                      "",
                                      "=",
                                      "<<",
                                      "a\u2028"
                                      "b"}) {
    EXPECT_EQ(read_back(text), text);
  }
}

// The authenticator that is proposed for an apiKey scheme with this description, in that header.
std::string authenticator_of(const std::string& description, const std::string& header = "Authorization") {
  const openapi::Loaded loaded = openapi::load_text(
      R"({"openapi": "3.0.3", "info": {"title": "T", "version": "1"}, "paths": {"/a": {"get": {"operationId": "a",
      "security": [{"key": []}], "responses": {"200": {"description": "ok"}}}}}, "components": {"securitySchemes":
      {"key": {"type": "apiKey", "in": "header", "name": ")" +
      header + R"(", "description": ")" + description + R"("}}}})");
  const std::string text =
      starter(loaded.api, {{.file = "a.json", .upstream = "backend", .url = "http://127.0.0.1:1"}});
  const auto at = text.find("\n  key: ");
  return text.substr(at + 3, text.find('}', at) - at - 2);
}

TEST(Starter, ProposesTheWordThatTheDocumentDescribesBeforeAKey) {
  EXPECT_EQ(authenticator_of(R"(Token-based authentication with required prefix \"Token\")"),
            "key: {type: api_key, auth_scheme: Token}");
  for (const std::string described :
       {R"(with required prefix \"Bearer\")", R"(with required prefix \"basic\")", R"(prefix \"\")",
        R"(prefix \"Token)", R"(prefix \"a, b: c\")", R"(prefix \"a\nb\")", R"(a prefix)", ""}) {
    EXPECT_EQ(authenticator_of(described), "key: {type: api_key}") << described;
  }
  EXPECT_EQ(authenticator_of(R"(with required prefix \"Token\")", "X-Key"), "key: {type: api_key}");
}

openapi::Operation operation(openapi::Method method, std::string path, std::vector<std::string> tags = {}) {
  openapi::Operation made;
  made.method = method;
  made.path = std::move(path);
  made.tags = std::move(tags);
  return made;
}

TEST(ProposedPermission, IsTheAreaAndTheAction) {
  using openapi::Method;
  EXPECT_EQ(proposed_permission(operation(Method::get, "/api/v1/orders/{id}")), "orders:read");
  EXPECT_EQ(proposed_permission(operation(Method::patch, "/orders/{id}", {"Order desk"})),
            "order-desk:write");
  EXPECT_EQ(proposed_permission(operation(Method::delete_, "/orders/{id}")), "orders:write");
  EXPECT_EQ(proposed_permission(operation(Method::get, "/admin/orders")), "admin:admin:read");
}

TEST(ProposedPermission, IsOfNoOtherOperationWhereAnonymousCallersHoldIt) {
  const openapi::Loaded loaded =
      openapi::load_text(R"({"openapi": "3.0.3", "info": {"title": "T", "version": "1"},
    "security": [{"key": []}], "components": {"securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "K"}}},
    "paths": {
      "/tasks": {"get": {"operationId": "a", "tags": ["Tasks"], "responses": {"200": {"description": "ok"}}}},
      "/health": {"get": {"operationId": "b", "tags": ["Tasks"], "security": [], "responses": {"200": {"description": "ok"}}}},
      "/tasks/top": {"get": {"operationId": "c", "tags": ["Tasks"], "security": [{}], "responses": {"200": {"description": "ok"}}}},
      "/prices": {"get": {"operationId": "d", "tags": ["Shop"], "security": [], "responses": {"200": {"description": "ok"}}}}}})");
  const ProposedPermissions permissions(loaded.api);
  std::string found;
  for (const openapi::Operation& one : loaded.api.operations)
    found += one.id + " " + permissions.of(one) + "\n";
  EXPECT_EQ(found, "a tasks:read\nb health:read\nc public-tasks:read\nd shop:read\n");
  const std::string text =
      starter(loaded.api, {{.file = "a.json", .upstream = "backend", .url = "http://127.0.0.1:1"}});
  EXPECT_NE(text.find("  anonymous: [health:read, public-tasks:read, shop:read]"), text.npos) << text;
  EXPECT_NE(text.find("  reader: [tasks:read]"), text.npos) << text;
}

TEST(ProposedPermission, IsNeverAPattern) {
  using openapi::Method;
  EXPECT_EQ(proposed_permission(operation(Method::post, "/{a}/{b}", {"*"})), "api:write");
  EXPECT_EQ(proposed_permission(operation(Method::post, "/*", {": *"})), "api:write");
  EXPECT_EQ(proposed_permission(operation(Method::post, "")), "api:write");
}

}  // namespace
}  // namespace gatehouse::app
