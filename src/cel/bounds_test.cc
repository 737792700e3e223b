// What a hostile expression cannot do: recurse without end, run without end, take memory without end, crash.
#include <chrono>
#include <random>

#include <gtest/gtest.h>

#include "cel/compile.h"
#include "cel/test_support.h"

namespace gatehouse::cel {
namespace {

using testing::Conditions;

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(Bounds, NestingIsRefusedByTheParser) {
  Conditions conditions;
  for (const auto& [open, close] : std::vector<std::pair<std::string, std::string>>{{"(", ")"},
                                                                                    {"[", "]"},
                                                                                    {"{1:", "}"},
                                                                                    {"!", ""},
                                                                                    {"-", ""},
                                                                                    {"true ? 1 : ", ""},
                                                                                    {"[1].map(x, ", ")"},
                                                                                    {"cel.bind(a, 1, ", ")"},
                                                                                    {"size(", ")"},
                                                                                    {"1 + ", ""},
                                                                                    {"true ? (", ") : 1"}}) {
    const std::string text = repeated(open, 10'000 / static_cast<int>(open.size())) + "1" +
                             repeated(close, 10'000 / static_cast<int>(open.size()));
    EXPECT_TRUE(conditions.evaluate(text).starts_with("problem: ")) << open;
  }
  EXPECT_TRUE(conditions.evaluate("principal.claims" + repeated(".a", 5000)).starts_with("problem: "));
  EXPECT_TRUE(conditions.evaluate("principal.claims" + repeated("[0]", 5000)).starts_with("problem: "));
  EXPECT_EQ(conditions.evaluate(repeated("true && ", 5000) + "true"), "true");
}

TEST(Bounds, WorkIsBoundedAndTheBoundIsNotAbsorbed) {
  Conditions conditions;
  const std::string list = "[0,1,2,3,4,5,6,7,8,9]";
  std::string nested = "true";
  for (int i = 0; i < 12; ++i) nested = list + ".all(x" + std::to_string(i) + ", " + nested + ")";
  EXPECT_EQ(conditions.evaluate(nested), "error: cost");
  EXPECT_EQ(conditions.evaluate("(" + nested + ") || true"), "error: cost");
  EXPECT_EQ(conditions.evaluate("!(" + nested + " && false)"), "error: cost");
  EXPECT_EQ(conditions.evaluate("lists.range(1000000000).size()"), "error: memory");
}

TEST(Bounds, PatternsAreChargedForWhatTheyBecome) {
  Conditions conditions;
  // Each takes milliseconds to compile, though it has no more bytes than others.
  const std::string classes = "principal.id + '" + repeated("\\\\pL", 160) + "'";
  EXPECT_EQ(conditions.evaluate("'a'.matches(" + classes + ")"), "error: invalid_argument");
  EXPECT_EQ(conditions.evaluate("[1,2,3,4,5].exists(x, 'a'.matches(" + classes + "))"), "error: cost");
  EXPECT_EQ(conditions.evaluate("[1,2,3,4,5].exists(x, 'a'.matches(principal.id + '" + repeated("abc", 160) +
                                "'))"),
            "false");
  // A large program over a long text.
  const std::string text = "'" + repeated("a", 30'000) + "'";
  const std::string large = text + ".matches(principal.id + '(a{31}){31}')";
  EXPECT_EQ(conditions.evaluate(large), "false");
  EXPECT_EQ(conditions.evaluate("[1,2,3].exists(x, " + large + ")"), "error: cost");
}

TEST(Bounds, ValuesThatShareTheirPartsDoNotBlowUp) {
  Conditions conditions;
  std::string doubled = "size(a60) + size(principal.id)";
  std::string texts = "a60";
  std::string lists = "a60 == a60";
  std::string formatted = "'%s'.format([a60])";
  for (int i = 60; i > 0; --i) {
    const std::string name = "a" + std::to_string(i);
    const std::string before = "a" + std::to_string(i - 1);
    doubled = "cel.bind(" + name + ", " + before + " + " + before + ", " + doubled + ")";
    lists = "cel.bind(" + name + ", [" + before + ", " + before + "], " + lists + ")";
    formatted = "cel.bind(" + name + ", [" + before + ", " + before + "], " + formatted + ")";
  }
  EXPECT_TRUE(conditions.evaluate("cel.bind(a0, principal.id, " + doubled + ")").starts_with("error: "));
  EXPECT_EQ(conditions.evaluate("cel.bind(a0, [principal.id], " + lists + ")"), "error: cost");
  EXPECT_EQ(conditions.evaluate("cel.bind(a0, [principal.id], " + formatted + ")"), "error: cost");
  std::string types = "a60";
  for (int i = 60; i > 0; --i) {
    types = "cel.bind(a" + std::to_string(i) + ", {'k': a" + std::to_string(i - 1) + ", 'l': a" +
            std::to_string(i - 1) + "}, " + types + ")";
  }
  EXPECT_TRUE(conditions.problem("cel.bind(a0, 1, " + types + ") == 1") != "none");
}

TEST(Bounds, MemoryIsBounded) {
  Conditions conditions;
  Scratch small(Limits{.cost = 100'000'000, .memory = 64 << 10});
  const auto program =
      compile("lists.range(100000).map(x, x + 1).size() > 0 || true", conditions.environment);
  ASSERT_TRUE(program);
  const Outcome outcome = program->evaluate(conditions, small);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().fault, Fault::memory);
}

TEST(Bounds, APatternThatIsNotALiteralIsSmall) {
  Conditions conditions;
  EXPECT_EQ(conditions.evaluate("'aaa'.matches(principal.id + 'x*')"), "false");
  EXPECT_EQ(conditions.evaluate("'aaa'.matches(principal.id + '(')"), "error: invalid_argument");
  EXPECT_EQ(conditions.evaluate("'aaa'.matches(principal.id + '" + repeated("a", 600) + "')"),
            "error: invalid_argument");
  EXPECT_EQ(conditions.evaluate("'aaa'.matches(principal.id + '((a{1000}){1000}){1000}')"),
            "error: invalid_argument");
}

// Pieces of real expressions put together at random, and bytes changed in them: whatever comes out is refused
// or evaluated, never a crash, and never slow.
TEST(Bounds, ThousandsOfMutatedExpressionsEndQuickly) {
  Conditions conditions;
  const std::vector<std::string> seeds = {
      R"(resource.customer_id == principal.id || "auditor" in principal.roles)",
      "request.body.tags.filter(t, t.matches('^x')).map(t, t.upperAscii()).join('-')",
      "cel.bind(x, principal.claims.?realm_access[?'roles'].orValue([]), x.exists(r, r == 'admin'))",
      "{'a': [1, 2u, 3.5], 2: b'\\x00'}.transformMap(k, v, type(v) == list, size(v))",
      "[?optional.of(1), ?optional.none()].map(x, x > 0, x * -9223372036854775808)",
      "timestamp('2026-01-01T00:00:00.5Z').getHours('Europe/Berlin') + duration('1h').getMinutes()",
      "'%s %d %.3f %x'.format([principal.roles, 5, 2.0, 255]) + strings.quote(\"\\u00e9'\")",
      "cidr('10.0.0.0/8').containsIP(request.ip) ? math.greatest(1, 2.0, 3u) : -1 % 0",
      "cel.block([1, cel.index(0) + 1], cel.index(1)) in [1, 2] && has(resource.status) && !has({}.a)",
      "r'''raw''' + \"\"\"x\"\"\" + string(b'\\377') + 'a'.replace('', 'b').substring(0, 1) // end",
  };
  const std::vector<std::string> pieces = {"(",         ")",       "[",
                                           "]",         "{",       "}",
                                           "?",         ":",       ",",
                                           ".",         "&&",      "||",
                                           "!",         "-",       "0",
                                           "1u",        "1e9",     "'",
                                           "\"",        "\\",      "in",
                                           "x",         ".map(x,", ".all(i,v,",
                                           "has(",      "dyn(",    "null",
                                           "[?",        ".?",      "b'",
                                           "r\"",       "\xff",    "9223372036854775807",
                                           "principal", "type(",   " ",
                                           "//",        "`a-b`",   "@"};
  std::mt19937 random(20'261'124);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto start = std::chrono::steady_clock::now();
  int evaluated = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seeds[below(seeds.size())];
    for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
      const std::size_t at = below(text.size() + 1);
      switch (below(5)) {
        case 0: text.insert(at, pieces[below(pieces.size())]); break;
        case 1: text.erase(at, 1 + below(4)); break;
        case 2: text.insert(at, seeds[below(seeds.size())]); break;
        case 3:
          if (at < text.size()) text[at] = static_cast<char>(random());
          break;
        default: text.insert(at, text.substr(below(text.size() + 1), below(12))); break;
      }
    }
    for (const Checking checking : {Checking::strict, Checking::skipped}) {
      const std::string answer = conditions.evaluate(text, checking);
      evaluated += answer.starts_with("problem: ") ? 0 : 1;
    }
  }
  EXPECT_GT(evaluated, 1000);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(60));
}

}  // namespace
}  // namespace gatehouse::cel
