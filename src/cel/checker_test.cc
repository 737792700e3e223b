#include "cel/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cel/compile.h"
#include "cel/test_support.h"

namespace gatehouse::cel {
namespace {

using ::testing::AllOf;
using testing::Conditions;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Checker, AnUnknownNameIsAProblemAtItsPlaceWithTheNearestName) {
  const Conditions conditions;
  EXPECT_EQ(conditions.problem("principal.rolez == ['x']"),
            "0: unknown name 'principal.rolez'; did you mean 'principal.roles'?");
  EXPECT_EQ(conditions.problem("true || resorce.status == 'x'"),
            "8: unknown name 'resorce'; did you mean 'resource'?");
  EXPECT_THAT(conditions.problem("principal == 'x'"),
              HasSubstr("'principal' is not a value by itself; it has id, roles, claims, tenant"));
  EXPECT_THAT(conditions.problem("has(principal.rolez)"), HasSubstr("unknown name"));
}

TEST(Checker, AMemberThatIsNotDeclaredIsAProblem) {
  const Conditions conditions;
  EXPECT_EQ(conditions.problem("request.body.emial == 'x'"),
            "12: request.body has no member 'emial'; did you mean 'email'?");
  EXPECT_THAT(conditions.problem("resource.owner == 'x'"), HasSubstr("it has customer_id, status"));
  EXPECT_THAT(conditions.problem("has(resource.owner)"), HasSubstr("has no member 'owner'"));
  EXPECT_THAT(conditions.problem("resource['owner'] == 'x'"), HasSubstr("has no member 'owner'"));
  EXPECT_EQ(conditions.problem("resource['status'] == 'x'"), "none");
  EXPECT_EQ(conditions.problem("principal.claims.anything.at_all == 'x'"), "none");
}

TEST(Checker, ALiteralNameIsLookedForInAnObject) {
  const Conditions conditions;
  EXPECT_EQ(conditions.problem("'status' in resource"), "none");
  EXPECT_EQ(conditions.problem("'stats' in resource"),
            "0: resource has no member 'stats'; did you mean 'status'?");
  EXPECT_THAT(conditions.problem("!('owner' in resource)"), HasSubstr("has no member 'owner'"));
  EXPECT_EQ(conditions.problem("'anything' in principal.claims"), "none");
  EXPECT_EQ(conditions.problem("principal.id in resource"), "none") << "a name that is known later";
  EXPECT_THAT(conditions.problem("1 in resource"), HasSubstr("'in' cannot be applied"));
}

TEST(Checker, AViewIsReadByTheNamesOfItsMembersAlone) {
  Conditions conditions;
  conditions.environment.declare("request.header",
                                 Type::view("request.header", {{"X-Tenant", Type::string()}}));
  for (const char* good : {"request.header['X-Tenant'] == 'x'", "'X-Tenant' in request.header",
                           "request.header[?'X-Tenant'].orValue('') == 'x'"})
    EXPECT_EQ(conditions.problem(good), "none") << good;
  for (const char* unknown : {"!('X-Debug' in request.header)", "request.header['X-Debug'] == 'x'",
                              "has(request.header.x_debug)", "request.header[?'X-Debug'].hasValue()"})
    EXPECT_THAT(conditions.problem(unknown), HasSubstr("request.header has no member")) << unknown;
  for (const char* whole :
       {"!request.header.exists(k, k == 'X-Debug')", "request.header.all(k, v, k != 'X-Debug')",
        "size(request.header) == 0", "request.header.size() == 0", "!(principal.id in request.header)",
        "request.header['X-' + 'Debug'] == 'x'", "!('X-Debug' in dyn(request.header))",
        "request.header == {}", "[request.header].size() == 0", "{'a': request.header}.size() == 1",
        "!('X-Debug' in (true ? request.header : request.header))",
        "cel.bind(h, request.header, !('X-Debug' in h))", "request.header.map(k, k).size() == 0"})
    EXPECT_THAT(conditions.problem(whole), HasSubstr("cannot be used as a whole; read a member by its name"))
        << whole;
  EXPECT_THAT(conditions.problem("request.header", Type::dyn()), HasSubstr("cannot be used as a whole"));
}

TEST(Checker, TypesMustFit) {
  const Conditions conditions;
  EXPECT_THAT(conditions.problem("request.body.quantity == '3'"),
              StartsWith("22: '==' cannot compare int with string"));
  EXPECT_THAT(conditions.problem("request.body.email + 1 == 'x'"),
              HasSubstr("'+' cannot be applied to (string, int); it takes (int, int) or"));
  EXPECT_THAT(conditions.problem("request.body.email.startsWith(1)"), HasSubstr("it takes (string, string)"));
  EXPECT_THAT(conditions.problem("'x' in request.body.email"), HasSubstr("'in' cannot be applied"));
  EXPECT_THAT(conditions.problem("1 && true"), HasSubstr("'&&' needs bool on both sides, but this is int"));
  EXPECT_THAT(conditions.problem("principal.roles.exists(r, r + 'x')"),
              HasSubstr("a macro's condition must be bool, but this is string"));
  EXPECT_THAT(conditions.problem("request.body.quantity.exists(r, true)"),
              HasSubstr("a macro walks lists and maps"));
  EXPECT_THAT(conditions.problem("resource.status.length == 3"),
              HasSubstr("a value of type string has no members"));
  EXPECT_THAT(conditions.problem("isIP(cidr('10.0.0.0/8'))"), HasSubstr("cannot be applied to (net.CIDR)"));
  EXPECT_THAT(conditions.problem("request.ip == '10.1.2.3'"), HasSubstr("cannot compare net.IP with string"));
}

TEST(Checker, TheResultMustBeOfTheWantedType) {
  const Conditions conditions;
  EXPECT_THAT(conditions.problem("principal.id"), HasSubstr("is of type string, but bool is needed here"));
  EXPECT_THAT(conditions.problem("principal.id == 'x'", Type::list(Type::string())),
              HasSubstr("but list(string) is needed here"));
  EXPECT_EQ(conditions.problem("principal.roles.map(r, 'x-' + r)", Type::list(Type::string())), "none");
}

TEST(Checker, UnknownFunctionsAndPatternsAreProblems) {
  const Conditions conditions;
  EXPECT_THAT(conditions.problem("resource.status.startWith('x')"), HasSubstr("did you mean 'startsWith'?"));
  EXPECT_THAT(conditions.problem("resource.status.matches('(')"),
              AllOf(StartsWith("24: "), HasSubstr("not a regular expression that RE2 accepts")));
  EXPECT_THAT(conditions.problem("resource.status.matches('(a)\\\\1')"), HasSubstr("RE2"));
  EXPECT_THAT(conditions.problem("Order{id: 1} == null"), HasSubstr("no message type"));
}

TEST(Checker, ReportsEveryProblemAtOnce) {
  const Conditions conditions;
  const auto program = compile("resource.a == 1 && resource.b == 2 && nothing", conditions.environment);
  ASSERT_FALSE(program);
  EXPECT_EQ(program.error().size(), 3U);
}

TEST(Parser, NamesTheExpectedToken) {
  const Conditions conditions;
  EXPECT_EQ(conditions.problem("principal.id = 'x'"), "13: '=' is not an operator; equality is '=='");
  EXPECT_EQ(conditions.problem("principal.id == "), "16: expected an expression but found the end");
  EXPECT_EQ(conditions.problem("(1 == 1"), "7: expected ')' but found the end");
  EXPECT_EQ(conditions.problem("a b"), "2: expected an operator or the end but found 'b'");
  EXPECT_EQ(conditions.problem("for == 1"), "0: 'for' is a reserved word and cannot be a name");
  EXPECT_EQ(conditions.problem("'abc"), "0: this text is not closed");
  EXPECT_EQ(conditions.problem("'\\q'"),
            "1: this is not an escape sequence; a backslash itself is written \\\\");
  EXPECT_THAT(conditions.problem("9223372036854775808 > 1"), HasSubstr("does not fit an int"));
  EXPECT_THAT(conditions.problem("[1].all(x.y, true)"), HasSubstr("must be a simple name"));
  EXPECT_THAT(conditions.problem("has(resource)"), HasSubstr("has() asks for a member"));
  EXPECT_THAT(conditions.problem("'\xff' == ''"), HasSubstr("not UTF-8"));
  EXPECT_THAT(conditions.problem("'\\ud800' == ''"), HasSubstr("not an escape sequence"));
}

}  // namespace
}  // namespace gatehouse::cel
