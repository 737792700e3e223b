#include "core/identity.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

Identity of_token() {
  Identity identity;
  identity.kind = PrincipalKind::token;
  identity.id = "ann";
  identity.scheme = "userToken";
  identity.roles = {"clerk", "auditor"};
  identity.issuer = "https://idp.test/";
  return identity;
}

TEST(FinishedIdentities, TellAnUpstreamWhoAsks) {
  EXPECT_EQ(FinishedIdentity(of_token()).upstream_fields(),
            "Gatehouse-Principal: ann\r\nGatehouse-Roles: clerk,auditor\r\n"
            "Gatehouse-Scheme: userToken\r\nGatehouse-Issuer: https://idp.test/\r\n");
  Identity key;
  key.kind = PrincipalKind::key;
  key.id = "partner:acme";
  EXPECT_EQ(FinishedIdentity(std::move(key)).upstream_fields(),
            "Gatehouse-Principal: partner:acme\r\nGatehouse-Roles: \r\nGatehouse-Scheme: \r\n");
}

TEST(FinishedIdentities, WithoutAPrincipalHaveNoFields) {
  Identity nobody;
  nobody.id = kAnonymous;
  EXPECT_EQ(FinishedIdentity(std::move(nobody)).upstream_fields(), "");
}

TEST(FinishedIdentities, CannotAddAFieldOrARoleByTheirNames) {
  Identity identity = of_token();
  identity.id = "a\r\nGatehouse-Roles: root%\xc3\xa4 \x7f";
  identity.roles = {"a,b"};
  identity.scheme = "s\n";
  identity.issuer = "i\r";
  EXPECT_EQ(FinishedIdentity(std::move(identity)).upstream_fields(),
            "Gatehouse-Principal: a%0D%0AGatehouse-Roles:%20root%25%C3%A4%20%7F\r\nGatehouse-Roles: a%2Cb\r\n"
            "Gatehouse-Scheme: s%0A\r\nGatehouse-Issuer: i%0D\r\n");
}

TEST(FinishedIdentities, HaveTheHashOfTheirSchemeAndId) {
  Identity other = of_token();
  other.roles.clear();
  EXPECT_EQ(FinishedIdentity(of_token()).hash(), FinishedIdentity(std::move(other)).hash());
  other = of_token();
  other.id = "bob";
  EXPECT_NE(FinishedIdentity(of_token()).hash(), FinishedIdentity(std::move(other)).hash());
  other = of_token();
  other.scheme = "userToke";
  other.id = "nann";
  EXPECT_NE(FinishedIdentity(of_token()).hash(), FinishedIdentity(std::move(other)).hash());
}

TEST(FinishedIdentities, CountTheirFieldsAsMemory) {
  Identity large = of_token();
  large.roles.assign(100, std::string(100, '%'));
  const FinishedIdentity identity(std::move(large));
  EXPECT_GE(memory_of(identity), sizeof identity + 100 * (sizeof(std::string) + 100) + 100 * 300);
}

}  // namespace
}  // namespace gatehouse
