#include "cel/functions.h"

#include <string>

#include <gtest/gtest.h>

#include "cel/compile.h"
#include "cel/test_support.h"

namespace gatehouse::cel {
namespace {

using testing::Conditions;

void expect_all_true(std::initializer_list<std::string> texts) {
  Conditions conditions;
  for (const std::string& text : texts) EXPECT_EQ(conditions.evaluate(text), "true") << text;
}

void expect_all_errors(std::initializer_list<std::string> texts) {
  Conditions conditions;
  for (const std::string& text : texts) {
    const std::string answer = conditions.evaluate(text, Checking::skipped);
    EXPECT_TRUE(answer.starts_with("error: ")) << text << " gave " << answer;
  }
}

TEST(Functions, EveryDefinitionHasOverloadsThatParse) {
  for (const std::string_view name : function_names()) {
    const Function* const function = find_function(name);
    ASSERT_NE(function, nullptr);
    EXPECT_FALSE(function->overloads.empty()) << name;
  }
}

TEST(Functions, OfAddressesClassifyThem) {
  expect_all_true({
      "ip('192.0.2.7').family() == 4 && ip('2001:db8::7').family() == 6",
      "ip('127.8.0.1').isLoopback() && ip('::1').isLoopback() && !ip('128.0.0.1').isLoopback()",
      "ip('0.0.0.0').isUnspecified() && ip('::').isUnspecified() && !ip('0.0.0.1').isUnspecified()",
      "ip('169.254.1.1').isLinkLocalUnicast() && ip('febf::1').isLinkLocalUnicast() && "
      "!ip('fec0::1').isLinkLocalUnicast()",
      "ip('224.0.0.251').isLinkLocalMulticast() && ip('ff02::fb').isLinkLocalMulticast() && "
      "!ip('ff05::1').isLinkLocalMulticast()",
      "ip('10.0.0.1').isGlobalUnicast() && ip('fd00::1').isGlobalUnicast()",
      "!ip('224.0.1.1').isGlobalUnicast() && !ip('ff0e::1').isGlobalUnicast() && "
      "!ip('255.255.255.255').isGlobalUnicast()",
      "ip.isCanonical('2001:db8::1') && !ip.isCanonical('2001:DB8::1') && !ip.isCanonical('2001:db8:0:0::1')",
      "type(ip('::1')) == net.IP && type(cidr('::/0')) == net.CIDR",
  });
  expect_all_errors({"ip('1.2.3')", "ip(5)", "ip.isCanonical('x')", "'127.0.0.1'.isLoopback()"});
}

TEST(Functions, OfNetworksContainByPrefix) {
  expect_all_true({
      "cidr('10.1.0.0/16').containsIP('10.1.255.255') && !cidr('10.1.0.0/16').containsIP('10.2.0.0')",
      "cidr('0.0.0.0/0').containsIP('255.1.2.3') && !cidr('0.0.0.0/0').containsIP('::1')",
      "cidr('10.0.0.0/8').containsCIDR('10.9.0.0/16') && "
      "!cidr('10.9.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
      "cidr('2001:db8::/32').containsIP('2001:db8:ffff::1') && "
      "!cidr('2001:db8::/32').containsIP('2001:db9::')",
      "cidr('192.0.2.77/24').masked() == cidr('192.0.2.0/24') && cidr('192.0.2.77/24') != "
      "cidr('192.0.2.0/24')",
      "string(cidr('192.0.2.77/24')) == '192.0.2.77/24' && cidr('192.0.2.77/24').ip() == ip('192.0.2.77')",
      "cidr('::ffff:c0a8:0/112') == cidr('192.168.0.0/16') && cidr('::/64').prefixLength() == 64",
  });
  expect_all_errors({"cidr('10.0.0.0')", "cidr('10.0.0.0/33')", "cidr('::/129')", "cidr('10.0.0.0/-1')",
                     "cidr('10.0.0.0/+8')", "cidr('::ffff:10.0.0.0/104')",
                     "cidr('10.0.0.0/8').containsIP('x')", "cidr('::ffff:0:0/64')"});
}

TEST(Functions, OfSetsAndListsCompareByValue) {
  expect_all_true({
      "sets.contains([1, 2, 3], [3u, 1.0]) || sets.contains([1, 2, 3], [3, 1])",
      "sets.equivalent(['a', 'b', 'a'], ['b', 'a']) && !sets.equivalent(['a'], ['a', 'b'])",
      "sets.intersects(principal.roles, ['auditor', 'x']) && !sets.intersects(principal.roles, [])",
      "[1, 2, 1, 3, 2].distinct() == [1, 2, 3] && [[1], [2, 3]].flatten() == [1, 2, 3]",
      "[1, 2, 3, 4].slice(1, 3) == [2, 3] && lists.range(3) == [0, 1, 2] && [1, 2].reverse() == [2, 1]",
      "[1, 2].first().value() == 1 && [1, 2].last() == optional.of(2) && ![].first().hasValue()",
  });
  expect_all_errors(
      {"[1].slice(0, 2)", "[1].slice(-1, 1)", "[1].slice(1, 0)", "[1].flatten(-1)", "sets.contains(1, [1])"});
}

TEST(Functions, OfTextCountCodePoints) {
  expect_all_true({
      "'h\u00e9llo'.size() == 5 && b'h\u00e9llo'.size() == 6",
      "'h\u00e9llo'.substring(1, 2) == '\u00e9' && 'h\u00e9llo'.indexOf('l') == 2 && '\u00e9'.charAt(0) == "
      "'\u00e9'",
      "'a,b,,c'.split(',') == ['a', 'b', '', 'c'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'ab'.split('') "
      "== ['a', 'b']",
      "'aaa'.replace('a', 'b', 2) == 'bba' && 'ab'.replace('', '-') == '-a-b-' && 'ab'.replace('', '-', 1) "
      "== '-ab'",
      "''.replace('', 'x') == 'x' && 'abc'.replace('', '-', 9) == '-a-b-c-' && 'a'.replace('a', '', -1) == "
      "''",
      "'\u00e9a'.reverse() == 'a\u00e9' && ' \u00a0x\u2003'.trim() == 'x'",
      "'ABC\u00c9'.lowerAscii() == 'abc\u00c9' && ['a', 'b'].join('-') == 'a-b' && [].join('-') == ''",
      "'100%: %s'.replace('%:', '%%:').format(['x']) == '100%: x' && '%.2f|%e|%x|%b|%o'.format([1.005, 0.0, "
      "-255, 5, 8]) == '1.00|0.000000e+00|-ff|101|10'",
      "base64.encode(b'\\x00\\xff') == 'AP8=' && base64.decode('AP8') == b'\\x00\\xff'",
  });
  expect_all_errors({"'abc'.substring(2, 1)", "'abc'.charAt(4)", "'abc'.charAt(-1)", "'%d'.format(['x'])",
                     "'%s'.format([])", "'%'.format([1])", "'%.999f'.format([1.0])", "'%.f'.format([1.0])",
                     "base64.decode('A')", "base64.decode('AP9')", "['a', 1].join()"});
}

TEST(Functions, OfMathKeepTypesAndSayNoToTheImpossible) {
  expect_all_true({
      "math.greatest(1, 2.5, 2u) == 2.5 && math.least([3, 1, 2]) == 1 && type(math.greatest(1u, 2u)) == uint",
      "math.round(2.5) == 3.0 && math.round(-2.5) == -3.0 && math.trunc(-1.9) == -1.0 && math.ceil(1.1) == "
      "2.0",
      "math.bitShiftLeft(1, 63) < 0 && math.bitShiftRight(-1, 63) == 1 && math.bitShiftLeft(1u, 64) == 0u",
      "math.bitNot(0u) == 18446744073709551615u && math.bitXor(5, 3) == 6 && math.sqrt(16) == 4.0",
      "math.isNaN(0.0 / 0.0) && math.isInf(1.0 / 0.0) && !math.isFinite(-1.0 / 0.0) && math.sign(-3) == -1",
  });
  expect_all_errors({"math.greatest([])", "math.least('a')", "math.bitShiftLeft(1, -1)", "math.bitAnd(1, 1u)",
                     "math.ceil(1)"});
}

TEST(Functions, OfOptionalsEvaluateAlternativesLazily) {
  expect_all_true({
      "optional.of(1).orValue(1 / 0) == 1 && optional.none().orValue(2) == 2",
      "optional.of(1).or(optional.of(1 / 0)).value() == 1",
      "optional.ofNonZeroValue('') == optional.none() && optional.of(1) != optional.none()",
      "{'a': {'b': 1}}.?a.b == optional.of(1) && !{'a': dyn(1)}.?b.c.d.hasValue()",
      "[1, 2][?1] == optional.of(2) && ![1, 2][?2].hasValue() && !{}[?'x'].hasValue()",
      "{?'a': optional.none(), ?'b': optional.of(1)} == {'b': 1} && optional.unwrap([optional.of(1), "
      "optional.none()]) == [1]",
      "optional.of(2).optMap(x, x * 2).value() == 4 && !optional.none().optMap(x, 1 / 0 == x).hasValue()",
  });
  expect_all_errors(
      {"optional.none().value()", "optional.of(1).or(1).value() + optional.none().or(1)", "[?1]", "(1).?a"});
}

TEST(Functions, OfConversionRefuseInexactForms) {
  expect_all_true({
      "int('-12') == -12 && uint('12') == 12u && double('1e3') == 1000.0 && int(-1.9) == -1 && string(1.5) "
      "== '1.5'",
      "bool('true') && !bool('F' == 'f' ? '1' : '0') && string(b'x') == 'x' && bytes('\u00e9').size() == 2",
      "duration('1h1m1.5s') == duration('3661500ms') && string(duration('-1.5s')) == '-1.5s' && "
      "duration('90s').getMinutes() == 1",
      "string(timestamp('2026-02-28T23:59:59.120+01:00')) == '2026-02-28T22:59:59.12Z'",
      "timestamp('2024-02-29T00:00:00Z').getDayOfYear() == 59 && timestamp(0).getDayOfWeek() == 4",
  });
  expect_all_errors({"int('1.5')",
                     "int(' 1')",
                     "int('')",
                     "int('0x10')",
                     "uint('-1')",
                     "double('1,5')",
                     "double('')",
                     "double('+-1')",
                     "double('nan(1)')",
                     "bool('yes')",
                     "string(b'\\xff')",
                     "duration('1')",
                     "duration('1d')",
                     "duration('')",
                     "duration('s')",
                     "duration('1.')",
                     "timestamp('2026-02-29T00:00:00Z')",
                     "timestamp('2026-01-01 00:00:00Z')",
                     "timestamp('2026-01-01T24:00:00Z')",
                     "timestamp('2026-01-01T00:00:00')",
                     "timestamp('2026-01-01T00:00:60Z')",
                     "timestamp('2026-01-01T00:00:00+24:00')",
                     "timestamp('2026-01-01T00:00:00.Z')",
                     "timestamp('2026-1-01T00:00:00Z')"});
}

// Many digits and an exponent the other way: neither alone says how large the number is.
TEST(Functions, ADoubleFromTextIsTheNearestOneAndNeverAnOverflow) {
  const std::string zeros(400, '0');
  const std::string tiny = "0." + zeros + "1e50";
  const std::string large = "1" + zeros + ".0e-300";
  const std::string overflow = "1" + zeros + ".0e-10";
  expect_all_true(
      {"double('" + tiny + "') == 0.0 && double('" + large + "') == 1e100 && double('1e-400') == 0.0",
       tiny + " == 0.0 && " + large + " == 1e100",
       "math.isInf(double('inf')) && double('-Infinity') < 0.0 && math.isNaN(double('NaN'))"});
  expect_all_errors({"double('" + overflow + "')", "double('-" + overflow + "')", "double('1e400')"});
  EXPECT_EQ(Conditions().evaluate(overflow.c_str()), "problem: this number does not fit a double");
}

}  // namespace
}  // namespace gatehouse::cel
