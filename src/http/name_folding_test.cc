#include "http/name_folding.h"

#include <utility>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

using Kind = GuardedNames::Kind;

TEST(NamesOfTheTable, AreDisguisedByOtherSignsAlsoBehindThePrefixOfAFamily) {
  for (const char* name : {"X_Amz_Date", "X-Amz_Date", "X-Amz-Security_Token", "X-Amz-A.b", "x-amz-meta-a~b",
                           "Gatehouse-Prin_cipal", "X-Forwarded-For_", "Content_Length", "SSL-Client_S-DN"})
    EXPECT_TRUE(disguises_known_name(name)) << name;
  for (const char* name :
       {"X-Amz-Security-Token", "X-Amz-Meta-A", "Content-Length", "X_Own", "x-amz-", "Amz_Date", "X-Amzn_Id"})
    EXPECT_FALSE(disguises_known_name(name)) << name;
}

TEST(GuardedNames, OfFieldsAreThoseThatCgiFoldsOntoThem) {
  GuardedNames names(Kind::fields);
  names.add("X-Tenant");
  for (const char* alias :
       {"X_Tenant", "x_tenant", "X.Tenant", "X~TENANT", "X!Tenant", "X'Tenant", "X|tenant"}) {
    EXPECT_EQ(names.taken_for(alias), "X-Tenant") << alias;
    EXPECT_TRUE(has_odd_signs(alias)) << alias;
  }
  for (const char* other :
       {"X-Tenant", "x-tenant", "X-TENANT", "X-Tenants", "XTenant", "X--Tenant", "Tenant", ""})
    EXPECT_EQ(names.taken_for(other), std::nullopt) << other;
  EXPECT_FALSE(names.has_odd_names());
}

TEST(GuardedNames, WithOddSignsAreGuardedFromThosePlainlyWritten) {
  GuardedNames names(Kind::fields);
  names.add("api_key");
  EXPECT_TRUE(names.has_odd_names());
  EXPECT_EQ(names.taken_for("api-key"), "api_key");
  EXPECT_EQ(names.taken_for("API.Key"), "api_key");
  EXPECT_EQ(names.taken_for("API_KEY"), std::nullopt);
}

TEST(GuardedNames, ThatAreBothMeantAreNoAliasesOfOneAnother) {
  GuardedNames names(Kind::fields);
  names.add("X-Id");
  names.add("X_Id");
  EXPECT_EQ(names.taken_for("x-id"), std::nullopt);
  EXPECT_EQ(names.taken_for("X_ID"), std::nullopt);
  EXPECT_EQ(names.taken_for("X.Id"), "X-Id");
}

TEST(GuardedNames, OfCookiesAreThoseThatAServerDecodesOrMatchesWithoutCase) {
  GuardedNames names(Kind::cookies);
  names.add("session_id");
  for (const char* alias : {"Session_Id", "session%5Fid", "session%5fid", "%73ession_id", "session.id",
                            "session-id", "session_id[]", "session_id[x]", "session_id%5B", "session%20id",
                            "session%255Fid", "session%25255fid", "session_id%255B", "%2573ession_id"})
    EXPECT_EQ(names.taken_for(alias), "session_id") << alias;
  for (const char* other :
       {"session_id", "session_id2", "session%25F", "session%25", "session", "session_id%", ""})
    EXPECT_EQ(names.taken_for(other), std::nullopt) << other;
}

TEST(GuardedNames, AreAlikeWhereAServerMakesOneOfTwo) {
  for (const auto& [a, b] : {std::pair{"X-Tenant", "X_Tenant"}, {"x.tenant", "X-TENANT"}, {"X_T", "X.T"}}) {
    EXPECT_TRUE(GuardedNames::alike(Kind::fields, a, b)) << a;
    EXPECT_TRUE(GuardedNames::alike(Kind::fields, b, a)) << a;
  }
  for (const char* same_or_other : {"x-tenant", "X-Tenants"})
    EXPECT_FALSE(GuardedNames::alike(Kind::fields, "X-Tenant", same_or_other)) << same_or_other;
  EXPECT_TRUE(GuardedNames::alike(Kind::cookies, "theme", "Theme"));
  EXPECT_TRUE(GuardedNames::alike(Kind::cookies, "a.b", "a_b"));
  EXPECT_FALSE(GuardedNames::alike(Kind::cookies, "theme", "theme"));
}

TEST(GuardedNames, OfCookiesKeepTheirPrefix) {
  GuardedNames names(Kind::cookies);
  names.add("__Host-sid");
  EXPECT_EQ(names.taken_for("..Host-sid"), "__Host-sid");  // CVE-2022-31629
  EXPECT_EQ(names.taken_for("__host-sid"), "__Host-sid");
  EXPECT_EQ(names.taken_for("__%48ost-sid"), "__Host-sid");  // CVE-2020-8184
}

TEST(Pairs, OfAlikeNamesMayBeOne) {
  for (const char* name : {"api_key", "API_KEY", "api.key", "api-key", "api key", " api_key", "+api_key",
                           "api_key[]", "api_key[a][b]", "api.key["})
    EXPECT_TRUE(pair_alike(name, "api_key")) << name;
  for (const char* name : {"", "apikey", "api_keys", "api_key_", "[api_key]", "a[api_key]"})
    EXPECT_FALSE(pair_alike(name, "api_key")) << name;
}

}  // namespace
}  // namespace gatehouse::http
