#include "app/proposed_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doc/load.h"
#include "openapi/load.h"

namespace gatehouse::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

MentionedFields mentioned(const std::string& description, const std::string& more = "") {
  const std::string document =
      "openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths:\n  /a:\n    get:\n      operationId: a\n"
      "      description: >-\n        " +
      description + "\n" + more + "      responses: {'200': {description: ok}}\n";
  Problems problems;
  const openapi::Api api = openapi::load(
      "api.yaml", [&](const std::filesystem::path&) -> Result<std::string> { return document; }, {},
      problems);
  EXPECT_EQ(problems.text(), "");
  return mentioned_fields(api);
}

TEST(MentionedFields, AreThoseThatADescriptionSpeaksOf) {
  EXPECT_THAT(mentioned("Send an `Idempotency-Key`, and X-Tenant.").undeclared,
              ElementsAre("Idempotency-Key", "X-Tenant"));
  EXPECT_THAT(mentioned("The Acme-Version header chooses; see header x-locale.").undeclared,
              ElementsAre("Acme-Version", "x-locale"));
  EXPECT_THAT(mentioned("curl -H 'Acme-Version: 2' https://x").undeclared, ElementsAre("Acme-Version"));
}

TEST(MentionedFields, AreOnceInTheOrderOfTheDocument) {
  EXPECT_THAT(mentioned("X-B, X-A, x-b header, X-A").undeclared, ElementsAre("X-B", "X-A"));
}

TEST(MentionedFields, AreNotWordsWithAHyphen) {
  EXPECT_THAT(mentioned("Follow-Up of the E-Mail in UTF-8, ISO-8601, read-only headers in ISO-8601; there "
                        "was never an x-axis, --data-binary")
                  .undeclared,
              IsEmpty());
}

TEST(MentionedFields, AreNotForwardedOnesOrThoseThatBrowsersSend) {
  EXPECT_THAT(
      mentioned("Set the Content-Type header, the If-Match header, the Upgrade-Insecure-Requests header "
                "and X-Requested-With")
          .undeclared,
      IsEmpty());
}

TEST(MentionedFields, AreNotAnswers) {
  EXPECT_THAT(
      mentioned("Wait for Retry-After; X-RateLimit-Remaining says how often. The response has an X-Took "
                "header. Look at the RateLimit-Policy header.")
          .undeclared,
      IsEmpty());
}

TEST(MentionedFields, AreNotDeclaredOnes) {
  EXPECT_THAT(mentioned("x-tenant header, X-Count",
                        "      parameters: [{name: X-Tenant, in: header, schema: {type: string}}]\n")
                  .undeclared,
              ElementsAre("X-Count"));
}

TEST(MentionedFields, StandInExtensionsToo) {
  EXPECT_THAT(mentioned("nothing",
                        "      x-request-headers: [acme-locale, {name: Acme-Version}]\n"
                        "      x-codeSamples: [{source: \"curl -H 'Acme-Trace: 1' -d a-b\"}]\n")
                  .undeclared,
              ElementsAre("acme-locale", "Acme-Trace"));
}

TEST(MentionedFields, ThatGatehouseWritesAreSaidApart) {
  const MentionedFields found = mentioned("X-Request-ID and X-Forwarded-For headers, Authorization");
  EXPECT_THAT(found.undeclared, IsEmpty());
  EXPECT_THAT(found.gatehouses, ElementsAre("X-Request-ID"));
}

TEST(MentionedFields, AreBounded) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "X-A" + std::to_string(i) + " ";
  EXPECT_EQ(mentioned(text).undeclared.size(), 20U);
}

audit::DroppedName dropped(std::string name, std::uint64_t requests = 100,
                           std::string operation = "getOrder") {
  return {std::move(operation), std::move(name), requests, 2, "2026-11-23T10:15:04.182913Z"};
}

TEST(ForwardProposals, AreCommentsForTheOwnerToDecideAbout) {
  const std::string text = forward_proposals({dropped("X-Tenant"), dropped("cookie:theme", 20)}, "7d");
  EXPECT_THAT(text, HasSubstr("DECIDE"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "# fields:\n#   forward:\n#     - {name: X-Tenant, schema: {type: string, maxLength: 256}} "));
  EXPECT_THAT(text, HasSubstr("#   cookies:\n#     forward:\n#       - theme "));
  EXPECT_THAT(text, HasSubstr("# 100 requests of 2 callers, last 2026-11-23, of getOrder\n"));
  EXPECT_THAT("\n" + text, Not(testing::ContainsRegex("\n[^#\n]")));
}

TEST(ForwardProposals, AreOfAllOperationsTogether) {
  const std::string text = forward_proposals({dropped("X-Tenant", 4, "a"), dropped("x-tenant", 3, "b"),
                                              dropped("X-TENANT", 3, "c"), dropped("X-Other", 9)},
                                             "7d");
  EXPECT_THAT(text, HasSubstr("- {name: X-Tenant, "));
  EXPECT_THAT(text, HasSubstr("# 10 requests of 2 callers, last 2026-11-23, of a, b, c\n"));
  EXPECT_THAT(text, Not(HasSubstr("X-Other")));
}

TEST(ForwardProposals, AreNotNamesThatAreNeverOrAlwaysForwarded) {
  for (const std::string_view name :
       {"X-Request-Id", "Client-IP", "X-Forwarded-Foo", "Gatehouse-Roles", "X-SSL-Client-Verify", "Proxy",
        "Authorization", "X-HTTP-Method-Override", "X_Forwarded_For", "X.Real.IP", "User-Agent", "Range",
        "Referer", "DNT", "[redacted]", "cookie:[redacted]", "(others)", "X-Shortened…"}) {
    EXPECT_EQ(forward_proposals({dropped(std::string(name))}, "7d"), "") << name;
  }
}

TEST(ForwardProposals, LetNoNameBecomeAKeyOrAComment) {
  const std::string text =
      forward_proposals({dropped("true"), dropped("#x"), dropped("cookie:|a", 50, "a\nb: c")}, "7d");
  EXPECT_THAT(text, HasSubstr("- {name: \"true\", "));
  EXPECT_THAT(text, HasSubstr("- {name: \"#x\", "));
  EXPECT_THAT(text, HasSubstr("- \"|a\""));
  EXPECT_THAT("\n" + text, Not(testing::ContainsRegex("\n[^#\n]")));
}

}  // namespace
}  // namespace gatehouse::app
