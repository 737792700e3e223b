#include "trial/ask.h"

#include <string_view>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "policy/testing.h"

namespace gatehouse::trial {
namespace {

constexpr std::string_view kNotesApi =
    R"({"openapi": "3.1.0", "info": {"title": "Notes", "version": "1"}, "paths": {
      "/notes": {
        "get": {"operationId": "listNotes", "security": [{"token": ["notes"]}, {"key": []}],
          "responses": {"200": {"description": "all"}}},
        "post": {"operationId": "addNote", "security": [{"key": [], "cookie": []}],
          "requestBody": {"required": true, "content": {"application/json": {"schema": {"type": "object",
            "properties": {"text": {"type": "string", "maxLength": 8}}}}}},
          "responses": {"200": {"description": "added"}}}},
      "/about": {"get": {"operationId": "about", "security": [],
          "responses": {"200": {"description": "about"}}}}},
      "components": {"securitySchemes": {
        "token": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "cookie": {"type": "apiKey", "in": "cookie", "name": "session"}}}})";

constexpr std::string_view kNotesSettings = R"(
openapi: [api.json]
threat_model: {exposure: partner, data: internal}
listen: {https: "127.0.0.1:8443"}
tls: {certificate: server.crt, private_key: "file:server.key"}
store: sqlite:gatehouse.db
upstreams: {notes: {url: "http://127.0.0.1:9"}}
authenticators:
  token: {type: jwt, issuer: "https://idp.test/", audience: notes, jwks: "https://idp.test/keys",
          algorithms: [ES256], prefix: "user:"}
  key: {type: api_key, prefix: "partner:"}
  cookie: {type: api_key, prefix: "browser:"}
roles: {anonymous: [about:read], reader: [notes:read], writer: [notes:read, notes:write]}
limits:
  per_ip: {per: ip, rate: 1/h, burst: 1}
  per_caller: {per: principal, rate: 1/h, burst: 1}
defaults: {limits: [per_ip, per_caller], upstream: notes}
operations:
  listNotes: {permission: notes:read}
  addNote: {permission: notes:write, principal: key}
  about: {permission: about:read, public: "says what this is", limits: [per_ip]}
)";

class Ask : public ::testing::Test {
 protected:
  Question question(std::string method, std::string target) {
    Question question;
    question.method = std::move(method);
    question.target = std::move(target);
    question.client = *IpAddress::parse("203.0.113.9");
    return question;
  }
  Question as(std::string role, Question question) {
    question.caller.emplace().roles = {std::move(role)};
    return question;
  }
  // `admitted`, or the reason.
  std::string said(const Question& question) {
    const auto reply = ask(policy_, question, served_, clock_, entropy_);
    if (!reply) return reply.error().text;
    return reply->refusal ? std::string(facts_of(reply->refusal->reason).name) : "admitted";
  }

  std::shared_ptr<const policy::PolicySet> policy_ = policy::testing::policy_of(kNotesSettings, kNotesApi);
  const http::ServedNames served_ = [] {
    http::ServedNames names{443};
    EXPECT_TRUE(names.add("api.test"));
    return names;
  }();
  ManualClock clock_;
  SystemEntropy entropy_;
};

TEST_F(Ask, TheFirstAlternativeIsProvenUnlessAnotherSchemeIsNamed) {
  Question list = as("reader", question("GET", "/notes"));
  EXPECT_EQ(said(list), "scope_missing");
  list.caller->scopes = {"notes"};
  EXPECT_EQ(said(list), "admitted");
  list.caller->scopes = {};
  list.caller->scheme = "key";
  EXPECT_EQ(said(list), "admitted");
  list.caller->scheme = "cookie";
  EXPECT_EQ(said(list), "credential_missing") << "the operation takes none by this scheme";
}

TEST_F(Ask, AllSchemesOfAnAlternativeAreProven) {
  Question add = as("writer", question("POST", "/notes"));
  add.type = "application/json";
  add.body = R"({"text": "short"})";
  EXPECT_EQ(said(add), "admitted");
  add.body = R"({"text": "much too long"})";
  EXPECT_EQ(said(add), "body_invalid");
  EXPECT_EQ(said(as("reader", add)), "permission_missing");
  add.caller.reset();
  EXPECT_EQ(said(add), "credential_missing");
}

TEST_F(Ask, LimitsChargeNothing) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(said(question("GET", "/about")), "admitted");
}

TEST_F(Ask, TheQuestionsTextsProveNoPrincipal) {
  Question list = question("GET", "/notes");
  list.fields = {{"X-Key", "assumed-credential-1"}};
  EXPECT_EQ(said(list), "credential_unknown");
  list.fields = {{"X-Key", "gh_0123456789abcdef"}};
  EXPECT_EQ(said(list), "credential_unknown");
}

TEST_F(Ask, TheEventNamesTheOperationAndTheCaller) {
  Question list = as("reader", question("GET", "/notes"));
  list.caller->scheme = "key";
  list.caller->id = "acme";
  const auto reply = ask(policy_, list, served_, clock_, entropy_);
  ASSERT_TRUE(reply);
  EXPECT_TRUE(reply->event.contains(R"("operation":"listNotes")")) << reply->event;
  EXPECT_TRUE(reply->event.contains(R"("user.id":"partner:acme")")) << reply->event;
}

TEST_F(Ask, InvalidQuestionsAreReported) {
  EXPECT_EQ(said(as("emperor", question("GET", "/notes"))), "there is no role `emperor`");
  Question list = question("GET", "/notes");
  list.caller.emplace().scheme = "nobody";
  EXPECT_EQ(said(list), "there is no authenticator `nobody`");
  for (const char* target : {"", "notes", "/no tes", "/notes\r\nX: y"})
    EXPECT_TRUE(said(question("GET", target)).starts_with("this is not a request")) << target;
  for (const char* value : {"a\r\nHost: b", "a\nb", "a\x7f"}) {
    Question about = question("GET", "/about");
    about.fields = {{"User-Agent", value}};
    EXPECT_TRUE(said(about).starts_with("this is not a request")) << value;
  }
}

TEST_F(Ask, AHostIsOneOfTheServers) {
  Question about = question("GET", "/about");
  about.fields = {{"Host", "api.test"}};
  EXPECT_EQ(said(about), "admitted");
  about.fields = {{"host", "other.test"}};
  EXPECT_EQ(said(about), "host_not_served");
}

}  // namespace
}  // namespace gatehouse::trial
