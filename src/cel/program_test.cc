#include "cel/program.h"

#include <gtest/gtest.h>

#include "cel/compile.h"
#include "cel/test_support.h"

namespace gatehouse::cel {
namespace {

using testing::Conditions;

TEST(Conditions, ReadTheRequestThePrincipalAndTheResourceInPlace) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate(R"(resource.customer_id == principal.id || "auditor" in principal.roles)"),
            "true");
  EXPECT_EQ(conditions.evaluate(R"(resource.customer_id == "other")"), "false");
  EXPECT_EQ(conditions.evaluate(R"("admin" in principal.roles)"), "false");
  EXPECT_EQ(conditions.evaluate("request.body.quantity * 2"), "6");
  EXPECT_EQ(conditions.evaluate("request.body.due < request.time"), "false");
  EXPECT_EQ(conditions.evaluate("cidr('10.0.0.0/8').containsIP(request.ip)"), "true");
  EXPECT_EQ(conditions.evaluate("request.body.tags.all(t, size(t) == 1)"), "true");
}

TEST(Conditions, GiveTheRolesOfAClaim) {
  Conditions conditions;
  const auto program =
      compile("principal.claims.realm_access.roles", conditions.environment, Type::list(Type::string()));
  ASSERT_TRUE(program);
  const Evaluated outcome = program->evaluate(conditions, conditions.scratch);
  ASSERT_TRUE(outcome);
  ASSERT_TRUE(outcome->is(Value::Kind::list));
  std::vector<std::string> roles;
  for (Cursor cursor(*outcome); cursor.next();) roles.emplace_back(cursor.value().text());
  EXPECT_EQ(roles, (std::vector<std::string>{"admin", "auditor"}));
}

TEST(Conditions, ReadOnlyTheVariablesTheyReach) {
  Conditions conditions;
  conditions.asked = 0;
  EXPECT_EQ(conditions.evaluate(R"(principal.id == "acme" || resource.status == "open")"), "true");
  EXPECT_EQ(conditions.asked, 1);
  const auto program = compile("principal.id == resource.customer_id", conditions.environment);
  ASSERT_TRUE(program);
  EXPECT_EQ(program->slots(), (std::vector<Slot>{conditions.principal_id, conditions.resource}));
}

TEST(Conditions, KnowIntegersFromDoublesByTheirDeclaredTypeOrTheirForm) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("type(principal.claims.level) == int"), "true");
  EXPECT_EQ(conditions.evaluate("type(principal.claims.ratio) == double"), "true");
  EXPECT_EQ(conditions.evaluate("type(principal.claims.big) == double"), "true");
  EXPECT_EQ(conditions.evaluate("type(request.body.price) == double"), "true");
  EXPECT_EQ(conditions.evaluate("principal.claims.level == 3.0"), "true");
}

TEST(Conditions, AValueOfAnotherTypeThanDeclaredIsAnErrorNotAGuess) {
  Conditions conditions;
  json::Parser parser;
  ASSERT_TRUE(parser.parse(R"({"email": 5, "quantity": 1.5, "due": "yesterday", "tags": {}})",
                           conditions.body_document));
  for (const char* text :
       {"request.body.email == 'x'", "request.body.quantity > 0", "request.body.due < request.time",
        "size(request.body.tags) == 0", "request.body.email != 'x'"}) {
    EXPECT_TRUE(conditions.evaluate(text).starts_with("error: ")) << text;
  }
}

TEST(Conditions, AnAbsentValueRefusesUnlessItsPresenceIsAsked) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("principal.tenant == 'x'"), "error: missing");
  EXPECT_EQ(conditions.evaluate("principal.tenant != 'x'"), "error: missing");
  EXPECT_EQ(conditions.evaluate("has(principal.tenant) && principal.tenant == 'x'"), "false");
  EXPECT_EQ(conditions.evaluate("has(principal.id)"), "true");
  EXPECT_EQ(conditions.evaluate("principal.claims.nothing == 1"), "error: no_such_key");
  EXPECT_EQ(conditions.evaluate("has(principal.claims.nothing)"), "false");
  EXPECT_EQ(conditions.evaluate("principal.claims.?nothing.orValue(7)"), "7");
  EXPECT_EQ(conditions.evaluate("request.body.note == null"), "true");
}

TEST(Conditions, AnErrorDoesNotHold) {
  Conditions conditions;
  const auto program =
      compile("1 / (request.body.quantity - 3) == 0", conditions.environment, Type::boolean());
  ASSERT_TRUE(program);
  const Evaluated outcome = program->evaluate(conditions, conditions.scratch);
  EXPECT_FALSE(holds(outcome));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().fault, Fault::divide_by_zero);
  EXPECT_FALSE(holds(Evaluated(Value::string("true"))));
  EXPECT_FALSE(holds(Evaluated(Value::integer(1))));
}

TEST(Logic, AFalseOrTrueOnEitherSideAbsorbsAnErrorOnTheOther) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("1 / (request.body.quantity - 3) > 0 && false"), "false");
  EXPECT_EQ(conditions.evaluate("1 / (request.body.quantity - 3) > 0 || true"), "true");
  EXPECT_EQ(conditions.evaluate("1 / (request.body.quantity - 3) > 0 || false"), "error: divide_by_zero");
  EXPECT_EQ(conditions.evaluate("[0, 1].exists(x, 1 / x == 1)"), "true");
  EXPECT_EQ(conditions.evaluate("[0, 1].all(x, 1 / x == 2)"), "false");
}

TEST(Arithmetic, OverflowIsAnErrorEverywhere) {
  Conditions conditions;
  for (const char* text :
       {"9223372036854775807 + 1", "-9223372036854775808 - 1", "9223372036854775807 * 2",
        "-(-9223372036854775808)", "-9223372036854775808 / -1", "-9223372036854775808 % -1",
        "18446744073709551615u + 1u", "0u - 1u", "18446744073709551615u * 2u", "int(18446744073709551615u)",
        "uint(-1)", "int(9223372036854775808.0)", "int(double('NaN'))", "uint(double('NaN'))",
        "math.abs(-9223372036854775808)", "duration('290000h') * 1 == duration('1s') ? 1 : 2",
        "duration('2500000h') + duration('2500000h')", "timestamp('9999-12-31T23:59:59Z') + duration('1s')",
        "timestamp(253402300800)"}) {
    const std::string answer = conditions.evaluate(text);
    EXPECT_TRUE(answer.starts_with("error: ") || answer.starts_with("problem: "))
        << text << " gave " << answer;
  }
  EXPECT_EQ(conditions.evaluate("-9223372036854775808"), "-9223372036854775808");
}

TEST(Numbers, AreComparedAcrossTypes) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("1 < 2u && 1u < 1.5 && -1 < 0u && 18446744073709551615u > -1"), "true");
  EXPECT_EQ(conditions.evaluate("dyn(1) == 1.0 && dyn(1u) == 1 && dyn(1.0) in [1, 2]"), "true");
  EXPECT_EQ(conditions.evaluate("0.0 / 0.0 == 0.0 / 0.0"), "false");
  EXPECT_EQ(conditions.evaluate("{1: 'a'}[dyn(1.0)] == 'a'"), "true");
}

TEST(Times, AreReadInTimeZonesFromTheSystem) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("timestamp('2026-07-01T12:00:00Z').getHours('America/New_York')"), "8");
  EXPECT_EQ(conditions.evaluate("timestamp('2026-01-01T12:00:00Z').getHours('America/New_York')"), "7");
  EXPECT_EQ(conditions.evaluate("timestamp('2099-07-01T12:00:00Z').getHours('America/New_York')"), "8");
  EXPECT_EQ(conditions.evaluate("timestamp('2099-01-01T12:00:00Z').getHours('Australia/Sydney')"), "23");
  EXPECT_EQ(conditions.evaluate("timestamp('1800-01-01T12:00:00Z').getMinutes('Europe/Berlin')"), "53");
  EXPECT_EQ(conditions.evaluate("timestamp('2026-01-01T00:00:00Z').getFullYear('-00:01')"), "2025");
  for (const char* zone : {"../../../etc/passwd", "/etc/localtime", "Nowhere/Land", "", "posix/Europe/Berlin",
                           "right/UTC", "Europe//Berlin", "Europe/Berlin/", "Europe/./Berlin", "./UTC",
                           "+25:00", "+1", "tzdata.zi", "America", "America/"}) {
    EXPECT_EQ(conditions.evaluate("timestamp(0).getHours('" + std::string(zone) + "')"),
              "error: invalid_argument")
        << zone;
  }
}

TEST(Times, KnowTheirZonesHoweverManyNamesWereNone) {
  Conditions conditions;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(conditions.evaluate("timestamp(0).getHours('No/" + std::to_string(i) + "')"),
              "error: invalid_argument");
  }
  EXPECT_EQ(conditions.evaluate("timestamp(0).getHours('Asia/Tokyo')"), "9");
}

TEST(Addresses, CannotBeSpelledPastARule) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("ip('::ffff:0a01:0203') == request.ip"), "true");
  EXPECT_EQ(conditions.evaluate("cidr('10.0.0.0/8').containsIP('::ffff:0a01:0203')"), "true");
  EXPECT_EQ(conditions.evaluate("isIP('::ffff:10.1.2.3')"), "false");
  EXPECT_EQ(
      conditions.evaluate("isIP('010.1.2.3') || isIP('10.1.2') || isIP('10.1.2.3 ') || isIP('fe80::1%eth0')"),
      "false");
  EXPECT_EQ(
      conditions.evaluate(
          "isCIDR('10.0.0.0/33') || isCIDR('10.0.0.0/08') || isCIDR('10.0.0.0/') || isCIDR('10.0.0.0')"),
      "false");
  EXPECT_EQ(conditions.evaluate("cidr('::/0').containsIP(request.ip)"), "false");
  EXPECT_EQ(conditions.evaluate("string(request.ip)"), "10.1.2.3");
}

TEST(Lists, AreSortedByValueOrByKeyAndKeepTheOrderOfEquals) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("[3, 1, 2].sort()"), "[1,2,3]");
  EXPECT_EQ(conditions.evaluate("['b', 'a'].sort() == ['a', 'b'] && [].sort() == []"), "true");
  EXPECT_EQ(conditions.evaluate("['ccc', 'a', 'bb', 'd'].sortBy(s, size(s))"), R"(["a","d","bb","ccc"])");
  EXPECT_EQ(conditions.evaluate("dyn([1, 'a']).sort()"), "error: no_such_overload");
  EXPECT_EQ(conditions.evaluate("dyn([[1], [2]]).sort()"), "error: no_such_overload");
}

TEST(Text, EscapesAreCodePoints) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("'\\U0001F600' == '\\ud83d\\ude00' && size('\\ud83d\\ude00') == 1"), "true");
  EXPECT_TRUE(conditions.evaluate("'\\ud83d'").starts_with("problem: "));
  EXPECT_TRUE(conditions.evaluate("'\\ude00\\ud83d'").starts_with("problem: "));
  EXPECT_TRUE(conditions.evaluate("b'\\u0041'").starts_with("problem: "));
  EXPECT_EQ(conditions.evaluate("b'\\xff' == b'\\377' && '\\xff' == '\\u00ff'"), "true");
}

TEST(ResultText, DistinguishesUnequalValues) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("[principal.id, 'b,c']"), R"(["acme","b,c"])");
  EXPECT_EQ(conditions.evaluate("['a\",\"b']"), R"(["a\",\"b"])");
  EXPECT_EQ(conditions.evaluate("{'k': [1, 2u, 1.5, null]}"), R"({"k":[1,2u,1.5,null]})");
  EXPECT_EQ(conditions.evaluate("request.body.email"), "a@b.example");
  EXPECT_EQ(conditions.evaluate("1e21"), "1e+21");
  EXPECT_EQ(conditions.evaluate("100000.0"), "100000");
  EXPECT_EQ(conditions.evaluate("[duration('90s'), timestamp(0)]"), "[90s,1970-01-01T00:00:00Z]");
}

}  // namespace
}  // namespace gatehouse::cel
