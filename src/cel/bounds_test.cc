// Hostile expressions cannot recurse without end, run without end, take memory without end, or crash.
#include <array>
#include <chrono>
#include <ctime>
#include <optional>
#include <random>
#include <stdexcept>

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

TEST(Bounds, PatternsAreChargedForTheirExpansion) {
  Conditions conditions;
  // Each takes milliseconds to compile, though it has no more bytes than others.
  const std::string classes = "principal.id + '" + repeated("\\\\pL", 160) + "'";
  EXPECT_EQ(conditions.evaluate("'a'.matches(" + classes + ")"), "error: invalid_argument");
  EXPECT_EQ(conditions.evaluate("[1,2,3,4,5].exists(x, 'a'.matches(" + classes + "))"), "error: cost");
  EXPECT_EQ(conditions.evaluate("[1,2,3,4,5].exists(x, 'a'.matches(principal.id + '" + repeated("abc", 160) +
                                "'))"),
            "false");
  // A large program over a text.
  const std::string large = ".matches(principal.id + '(a{31}){31}')";
  const std::string text = "'" + repeated("a", 1000) + "'" + large;
  EXPECT_EQ(conditions.evaluate(text), "false");
  EXPECT_EQ(conditions.evaluate("[1,2,3,4,5].exists(x, " + text + ")"), "error: cost");
  EXPECT_EQ(conditions.evaluate("'" + repeated("a", 30'000) + "'" + large), "error: cost");
}

// An expression over two texts that a caller sends.
class OverTexts {
 public:
  explicit OverTexts(std::string_view expression) {
    Environment environment;
    const Slot one = environment.declare("a", Type::string());
    const Slot other = environment.declare("b", Type::string());
    slots_ = {one, other};
    auto compiled = compile(expression, environment, Type::dyn());
    if (!compiled) throw std::logic_error(compiled.error().front().message);
    program_.emplace(*std::move(compiled));
  }
  // "true", "error: cost"; and how long it took.
  std::string evaluate(std::string_view a, std::string_view b = {}) {
    Bindings bindings;
    bindings.set(slots_[0], Value::string(a));
    bindings.set(slots_[1], Value::string(b));
    const double before = cpu_seconds();
    const Evaluated outcome = program_->evaluate(bindings, scratch_);
    seconds = cpu_seconds() - before;
    return outcome ? to_text(*outcome) : "error: " + std::string(name(outcome.error().fault));
  }
  double seconds = 0;

 private:
  static double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
  }
  std::array<Slot, 2> slots_{};
  std::optional<Program> program_;
  Scratch scratch_;
};

// Far above the bound of tens of milliseconds: without the bound these take seconds.
constexpr double kMostSeconds = 0.5;

TEST(Bounds, NoTextMakesALiteralPatternExpensive) {
  std::mt19937 random(7);
  std::string letters(900'000, 'a');
  for (char& c : letters) c = "ab"[random() % 2];
  const std::string texts[] = {letters, std::string(900'000, 'a'),
                               repeated("\xc3\xa9x\xe4\xb8\xad", 150'000)};
  for (const std::string_view pattern :
       {"(a|b)*a(a|b){5}c", "(a|b)*a(a|b){9}c", "(a|b)*a(a|b){12}c", "(a|b)*a(a|b){30}c",
        "(a|b)*a(a|b){120}c", "(a|b)*a(a|b){1000}c", "(a{31}){31}b", "(.{1,100}a){5}c",
        "[ab]{1,500}[ab]{1,500}c", "(\\\\pL|\\\\d){100}x", "((a|b){0,9}){0,9}((a|b){0,9}){0,9}c",
        "[^x]*a[^x]{40}y", "(a|ab|b|ba)*(a|b){20}z"}) {
    OverTexts matching("a.matches('" + std::string(pattern) + "')");
    for (const std::string& text : texts) {
      std::size_t taken = 0;
      // The largest that is not refused is the most expensive.
      for (std::size_t size = text.size(); size > 0 && taken == 0; size = size * 2 / 3) {
        if (matching.evaluate(std::string_view(text).substr(0, size)) != "error: cost") taken = size;
        EXPECT_LT(matching.seconds, kMostSeconds) << pattern << " over " << size;
      }
      EXPECT_GT(taken, 100U) << pattern;
    }
  }
}

TEST(Bounds, PatternsThatRecordsAndFormsHaveAreCheap) {
  for (const auto& [pattern, text] : std::vector<std::pair<std::string, std::string>>{
           {"^[a-z0-9-]+$", std::string(900'000, 'a')},
           {"^[\\\\pL\\\\pN .,-]*$", repeated("\xc3\xa9x ", 200'000)},
           {"^[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+[.][a-zA-Z]{2,}$", std::string(500'000, 'a') + "@b.example"},
           {"foo.*bar", std::string(900'000, 'f') + "foobar"},
           {"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
            "01234567-89ab-cdef-0123-456789abcdef"},
           {"^(draft|open|closed|archived)$", "archived"},
           {"^\\\\+?[0-9]{1,3}[ -]?[0-9]{4,14}$", "+49 1234567"}}) {
    OverTexts matching("a.matches('" + pattern + "')");
    EXPECT_EQ(matching.evaluate(text), "true") << pattern;
    EXPECT_LT(matching.seconds, kMostSeconds) << pattern;
  }
}

TEST(Bounds, NoTextMakesLowerExpensive) {
  OverTexts folding("lower(a) == 'x'");
  for (const char* character :
       {"\xef\xb7\xba", "\xc3\x89", "\xf0\x9d\x90\x80", "a\xcc\x81\xcc\xa3", "\xc2\xad", "A"}) {
    for (const int times : {250'000, 60'000, 15'000}) {
      folding.evaluate(repeated(character, times));
      EXPECT_LT(folding.seconds, kMostSeconds) << character << " " << times;
    }
  }
}

TEST(Bounds, NoTwoTextsMakeASearchExpensive) {
  const std::string haystack(900'000, 'a');
  const std::string needle = std::string(400'000, 'a') + "b";
  for (const char* expression :
       {"a.contains(b)", "a.indexOf(b) < 0", "a.lastIndexOf(b) < 0", "a.split(b).size() == 1",
        "a.split(b, 3).size() == 1", "a.replace(b, 'x') == a", "a.replace(b, '', 2) == a",
        "lists.range(1000).exists(i, a.startsWith(b + 'x'))", "lists.range(1000).exists(i, a.startsWith(b))",
        "lists.range(1000).exists(i, a.endsWith(b))"}) {
    OverTexts searching(expression);
    EXPECT_TRUE(searching.evaluate(haystack, needle).starts_with("error: ")) << expression;
    EXPECT_LT(searching.seconds, kMostSeconds) << expression;
    EXPECT_FALSE(searching.evaluate("a,b", ",").starts_with("error: ")) << expression;
  }
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
  const Evaluated outcome = program->evaluate(conditions, small);
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

// Pieces of real expressions put together at random, with changed bytes: each is refused or evaluated, never
// crashes, and is never slow.
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
