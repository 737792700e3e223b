#include "cel/normal.h"

#include <gtest/gtest.h>

#include "cel/compile.h"
#include "cel/test_support.h"

namespace gatehouse::cel {
namespace {

std::string key(const Value& value) {
  std::string out;
  append_key(out, value);
  return out;
}
std::string key(std::string_view text) { return key(Value::string(text)); }

TEST(Key, AddressesThatAreTheSameMailboxAreTheSame) {
  for (const std::string_view same :
       {"ann@example.org", "ann@EXAMPLE.org", "ann@example.org.", " ann@example.org ", "ann\uFF20example.org",
        "\uFF41nn@example.org", "ann@ex\u00E4mple.org", "ann@example.ORG\n", "ann@example.org\u3002",
        "ann@example\u3002org", "ann@example.org\uFF0E\uFF61", "ann@example.org.\u00AD.",
        "ann@example.org.\u200B\u3002"}) {
    const bool other_domain = same.find("\u00E4") != same.npos;
    EXPECT_EQ(key(same) == "ann@example.org", !other_domain) << same;
  }
  EXPECT_EQ(key("ann@B\u00DCCHER.example"), "ann@xn--bcher-kva.example");
  EXPECT_EQ(key("ann@bu\u0308cher.example"), "ann@xn--bcher-kva.example");
  EXPECT_EQ(key("ann@XN--bcher-kva.example"), "ann@xn--bcher-kva.example");
  EXPECT_NE(key("Ann@example.org"), key("ann@example.org")) << "lower() says that this does not matter";
  EXPECT_EQ(key("\"a@B\"@X.example"), "\"a@B\"@x.example");
  EXPECT_EQ(key("@"), "@");
}

TEST(Key, TextsAreNormalAndOtherCaseIsAnother) {
  EXPECT_EQ(key("e\u0301"), key("\u00E9"));
  EXPECT_EQ(key("\uFB01le"), "file");
  EXPECT_NE(key("aB"), key("Ab"));
  EXPECT_EQ(key("  a b\t"), "a b");
  EXPECT_EQ(key("\xFF@A"), "\xFF@a") << "what is not UTF-8 stays";
}

TEST(Key, TrimmedCharactersDoNotCount) {
  for (const std::string_view space :
       {"\t", "\v", "\x1c", "\x1d", "\x1e", "\x1f", "\x01", "\u0085", "\u00A0", "\u1680", "\u2003", "\u2028",
        "\u2029", "\u202F", "\u205F", "\u3000", "\uFEFF", "\u180E", "\u200B"}) {
    const std::string one(space);
    EXPECT_EQ(key("ann@example.org" + one), "ann@example.org") << ::testing::PrintToString(space);
    EXPECT_EQ(key(one + " ann@example.org"), "ann@example.org") << ::testing::PrintToString(space);
    EXPECT_EQ(key(one + one), "") << ::testing::PrintToString(space);
  }
  EXPECT_EQ(key("a\u2028b"), "a\u2028b") << "within a text it counts";
  EXPECT_EQ(key("a\u200Bb"), "a\u200Bb") << "and lower() takes this one out";
  EXPECT_EQ(lower("a\u200Bb"), "ab");
  EXPECT_EQ(key(" \xFF\u0085"), "\xFF") << "what is not UTF-8 stays";
  EXPECT_EQ(key("\xFF \x80 "), "\xFF \x80");
}

TEST(Key, NumbersCountByTheirValue) {
  EXPECT_EQ(key(Value::integer(5)), key(Value::number(5.0)));
  EXPECT_EQ(key(Value::unsigned_integer(5)), key(Value::number(5.0)));
  EXPECT_EQ(key(Value::number(-0.0)), key(Value::integer(0)));
  EXPECT_NE(key(Value::number(5.5)), key(Value::integer(5)));
}

TEST(Key, TextsInListsAndMapsAreNormalToo) {
  testing::Conditions conditions;
  const auto same = [&](std::string_view one, std::string_view other) {
    const auto key_of = [&](std::string_view expression) {
      const auto program = compile(expression, conditions.environment, Type::dyn());
      EXPECT_TRUE(program) << expression;
      return program ? key(*program->evaluate(conditions, conditions.scratch)) : std::string(expression);
    };
    return key_of(one) == key_of(other);
  };
  EXPECT_TRUE(same("['ann@x.org', 1]", "[' ann@X.org. ', 1.0]"));
  EXPECT_TRUE(same("{'a': ['e\u0301']}", "{'a ': ['\u00E9']}"));
  EXPECT_TRUE(same("[['a ']]", "[['a']]"));
  EXPECT_TRUE(same("{'a': 1, 'b': 2}", "{'b': 2, 'a': 1}"));
  for (const auto& [one, other] : {std::pair{"['a', 'b']", "['a,b']"},
                                   {"['a', 'b']", "['b', 'a']"},
                                   {"['1']", "[1]"},
                                   {"[['a'], 'b']", "[['a', 'b']]"},
                                   {"['a', '1\"b']", "['a1\"1\"b']"},
                                   {"[]", "{}"},
                                   {"{'a': 'b'}", "['a', 'b']"},
                                   {"['']", "[]"}}) {
    EXPECT_FALSE(same(one, other)) << one << ' ' << other;
  }
}

TEST(Lower, FoldsAsUnicodeDoes) {
  EXPECT_EQ(lower("ABC"), "abc");
  EXPECT_EQ(lower("\u00C9\u00DF\u03A3"), "\u00E9ss\u03C3");
  EXPECT_EQ(lower("E\u0301"), "\u00E9");
  EXPECT_EQ(lower("\xC3"), "\xC3");
  for (const std::string_view same :
       {"\uFF21nn", "\U0001D400nn", "a\u00ADnn", "a\u200Dn\uFE0Fn", "\u24B6NN", "an\u2060n"}) {
    EXPECT_EQ(lower(same), "ann") << same;
    EXPECT_EQ(lower(lower(same)), "ann");
  }
  EXPECT_EQ(lower("\uFB01"), "fi");
  EXPECT_EQ(lower("e\u200D\u0301"), "\u00E9") << "they join behind what is taken out";
  EXPECT_EQ(lower("\u017F\u212A"), "sk");
  testing::Conditions conditions;
  EXPECT_EQ(conditions.evaluate("lower('ABC\u00C9') == 'abc\u00E9' && 'X'.lower() == 'x'"), "true");
}

TEST(Lower, AndConversionsAreChargedByLength) {
  testing::Conditions conditions;
  // A text of 2^17 bytes, converted a thousand times: more work than an expression may use.
  std::string text = "'0123456789abcdef'";
  for (int i = 0; i < 13; ++i) text = "cel.bind(t, " + text + ", t + t)";
  for (const std::string_view convert :
       {"lower(t)", "int(t)", "uint(t)", "double(t)", "bool(t)", "timestamp(t)", "duration(t)", "ip(t)",
        "cidr(t)", "isIP(t)", "isCIDR(t)"}) {
    const std::string once = "cel.bind(t, " + text + ", lists.range(1000).all(i, " + std::string(convert) +
                             " == " + std::string(convert) + "))";
    const std::string ending = conditions.evaluate(once);
    EXPECT_TRUE(ending == "error: cost" || (ending == "error: memory" && convert == "lower(t)"))
        << convert << ending;
  }
}

}  // namespace
}  // namespace gatehouse::cel
