// The cost of an instance. Known ways to make one expensive, and a search for others: schemas and instances
// are grown from lists of numbers, and the lists with the highest cost per byte are changed and kept.
#include <algorithm>
#include <ctime>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parser.h"
#include "schema/compiler.h"

namespace gatehouse::schema {
namespace {

constexpr std::size_t kBytes = std::size_t{64} << 10U;
constexpr std::string_view kWorstUri = "https://test.invalid/schema.json";

// Milliseconds of this thread that 64 KiB may cost. Programs with sanitizers, and without optimisation, take
// longer.
#if defined(NDEBUG) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
constexpr double kMost = 10;
#else
constexpr double kMost = 150;
#endif

double milliseconds_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

std::shared_ptr<const Schema> compiled(std::string_view text, Sealing sealing = Sealing::open) {
  json::Parser parser;
  json::Document document;
  if (!parser.parse(text, document, {.depth = 500})) return nullptr;
  Compiler compiler({.formats = Formats::assert, .sealing = sealing});
  compiler.add(kWorstUri, document.root());
  auto schema = compiler.compile(kWorstUri, document.root());
  return schema ? *std::move(schema) : nullptr;
}

// The best of several, because other threads take their turns. The first, which fills the caches, does not
// count.
double cost(const Schema& schema, const json::Document& instance) {
  Findings findings;
  schema.check(instance.root(), findings);
  double best = 1e9;
  for (int round = 0; round < 3; ++round) {
    const double begin = milliseconds_now();
    schema.check(instance.root(), findings);
    const double between = milliseconds_now();
    schema.accepts(instance.root());
    best = std::min(best, std::max(between - begin, milliseconds_now() - between));
  }
  return best;
}

double cost(std::string_view schema_text, const std::string& instance_text, Sealing sealing = Sealing::open) {
  const auto schema = compiled(schema_text, sealing);
  json::Parser parser;
  json::Document instance;
  if (!schema || !parser.parse(instance_text, instance)) {
    ADD_FAILURE() << "not a schema or not JSON: " << schema_text << "\n" << instance_text.substr(0, 200);
    return 0;
  }
  return cost(*schema, instance);
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string all;
  while (all.size() + piece.size() <= bytes) all += piece;
  return all;
}
std::string array_of(std::string_view element) {
  std::string all = "[" + repeated(std::string(element) + ",", kBytes - element.size() - 2);
  all += element;
  return all + "]";
}

struct Expensive {
  std::string_view name;
  std::string schema;
  std::string instance;
};

std::string regex_of_names() {
  std::string text = "\"";
  for (int i = 0; text.size() < 15'900; ++i) text += "(?<n" + std::to_string(i) + ">)";
  return text + '"';
}

std::vector<Expensive> known() {
  std::string nested(kBytes - 4000, 'x');
  nested = '"' + nested + '"';
  for (int i = 0; i < 60; ++i) nested = R"({"a":)" + nested + "}";
  std::string reversed = "[{";
  for (int i = 0; i < 2500; ++i) reversed += "\"k" + std::to_string(i) + "\":1,";
  reversed += "\"z\":1},{\"z\":1";
  for (int i = 2500; i-- > 0;) reversed += ",\"k" + std::to_string(i) + "\":1";
  reversed += "}]";
  std::string branches;
  for (int i = 0; i < 200; ++i)
    branches += (i ? ",{\"required\":[\"r" : "{\"required\":[\"r") + std::to_string(i) + "\"]}";
  std::string doubling;
  for (int i = 0; i < 60; ++i) {
    const std::string next = "{\"$ref\":\"#/$defs/d" + std::to_string(i + 1) + "\"}";
    doubling += "\"d" + std::to_string(i) + R"(":{"anyOf":[{"properties":{"b":{}},"allOf":[)" + next + "]}," +
                next + "]},";
  }
  return {
      {"a recursive anyOf with patterns on long texts",
       R"({"$defs":{"n":{"anyOf":[{"type":"string","pattern":"^(x|y)*z$"},{"properties":{"a":{"$ref":"#/$defs/n"}},"required":["b"]},
        {"properties":{"a":{"$ref":"#/$defs/n"}},"required":["c"]},{"properties":{"a":{"$ref":"#/$defs/n"}},"minProperties":2}]}},
        "$ref":"#/$defs/n"})",
       nested},
      {"the same with what was not evaluated",
       R"({"$defs":{"n":{"oneOf":[{"type":"string","pattern":"(x|y)*z"},{"properties":{"a":{"$ref":"#/$defs/n"}},"required":["b"]},
        {"properties":{"a":{"$ref":"#/$defs/n"}},"required":["c"]}],"unevaluatedProperties":false}},"$ref":"#/$defs/n"})",
       nested},
      {"the same through a dynamic reference",
       R"({"$dynamicAnchor":"n","anyOf":[{"properties":{"a":{"$dynamicRef":"#n"}},"required":["b"]},
        {"properties":{"a":{"$dynamicRef":"#n"}},"required":["c"]},{"type":"string","pattern":"(x|y)*z"}]})",
       nested},
      {"branches that double at each of sixty levels",
       R"({"$ref":"#/$defs/d0","$defs":{)" + doubling +
           R"("d60":{"required":["q"]}},"unevaluatedProperties":false})",
       array_of("{}").replace(0, 1, "{\"a\":[") + "}"},
      {"two hundred branches for each element", R"({"items":{"not":{"anyOf":[)" + branches + "]}}}",
       array_of("{}")},
      {"the same with marks", R"({"anyOf":[{"type":"null"},)" + branches + R"(],"unevaluatedItems":false})",
       array_of("1")},
      {"objects that are equal in another order", R"({"uniqueItems":true})", reversed},
      {"objects whose hashes are easily equal", R"({"uniqueItems":true})",
       array_of(R"({"a":true,"b":false,"c":true,"d":[[],{}]})")},
      {"unique at each depth", R"({"uniqueItems":true,"items":{"$ref":"#"}})",
       std::string(60, '[') + array_of("1") + std::string(60, ']')},
      {"powers of ten and a divisor", R"({"items":{"not":{"multipleOf":0.7}}})",
       array_of("1e999999999999999999")},
      {"powers of ten and a long divisor", R"({"items":{"not":{"multipleOf":12345678901234567890123}}})",
       array_of("1e9999")},
      {"long numbers", R"({"items":{"not":{"enum":[1,2,3]},"minimum":0.5,"maximum":1e4000,"multipleOf":1}})",
       array_of(repeated("7", 3000))},
      {"an automaton of a million states", R"x({"pattern":"(a|b)*a(a|b){20}c"})x",
       [] {
         std::mt19937 random(1);
         std::string text = "\"";
         while (text.size() < kBytes) text += random() % 2 == 0 ? 'a' : 'b';
         return text + "\"";
       }()},
      {"an automaton that is simulated", R"x({"pattern":"((a{0,10}){0,10}){0,10}b"})x",
       '"' + repeated("a", kBytes) + '"'},
      {"the same for many short texts", R"x({"items":{"not":{"pattern":"((a{0,10}){0,10}){0,10}b"}}})x",
       array_of("\"aaaaaaaa\"")},
      {"names and patterns",
       R"x({"patternProperties":{"(a|b)*a(a|b){20}c":{},"(x?){50}x{50}y":{}},"propertyNames":{"pattern":"(a|b)*a(a|b){9}d"}})x",
       [] {
         std::mt19937 random(1);
         std::string text = "{";
         while (text.size() < kBytes) {
           text += text.size() > 1 ? ",\"" : "\"";
           for (int i = 0; i < 60; ++i) text += random() % 2 == 0 ? 'a' : 'b';
           text += "\":0";
         }
         return text + "}";
       }()},
      {"labels of hosts", R"({"format":"idn-hostname"})", '"' + repeated("a.", kBytes) + "a\""},
      {"a regular expression as a text", R"({"format":"regex"})", '"' + repeated("(a|b){2,3}", 16000) + '"'},
      {"regular expressions with scripts", R"({"items":{"format":"regex"}})",
       array_of('"' + repeated("\\\\p{sc=Zanb}", 16000) + '"')},
      {"regular expressions with names", R"({"items":{"format":"regex"}})", array_of(regex_of_names())},
      {"dependents",
       R"({"dependentSchemas":{"a":{"uniqueItems":true},"b":{"items":{}}},"dependentRequired":{"a":["b"],"b":["a"]},
        "contains":{"const":{"a":[1,2,3]}},"items":{"$ref":"#"}})",
       array_of(R"({"a":[1,2,{"b":{}}],"b":[]})")},
      {"many declared names and many objects",
       [] {
         std::string names = R"({"items":{"properties":{)";
         for (int i = 0; i < 20'000; ++i) names += "\"name" + std::to_string(i) + "\":{},";
         return names + R"("last":{}},"required":["last"]}})";
       }(),
       array_of("{}")},
  };
}

TEST(WorstCase, NoKnownWayToMakeAnInstanceExpensiveCostsMoreThanTenMillisecondsFor64KiB) {
  for (const Expensive& one : known()) {
    const double spent = cost(one.schema, one.instance);
    EXPECT_LT(spent, kMost) << one.name;
    RecordProperty(std::string(one.name).substr(0, 20), std::to_string(spent));
    if (std::getenv("GATEHOUSE_SHOW_COSTS") != nullptr) std::printf("%8.3f ms  %s\n", spent, one.name.data());
  }
}

TEST(WorstCase, AnExpensiveInstanceIsLeftUnfinishedOnALoopThatOthersWaitFor) {
  std::string branches;
  for (int i = 0; i < 200; ++i) branches += ",{\"required\":[\"r" + std::to_string(i) + "\"]}";
  const auto schema =
      compiled(R"({"items":{"not":{"anyOf":[{"minProperties":9})" + branches + R"(]},"minProperties":1}})");
  json::Parser parser;
  json::Document instance;
  Findings findings;
  ASSERT_TRUE(parser.parse(array_of("{}"), instance));
  EXPECT_EQ(schema->check_briefly(instance.root(), findings), Checked::invalid);
  EXPECT_EQ(findings[0].rule, "minProperties");
  ASSERT_TRUE(parser.parse(array_of(R"({"a":1})"), instance));
  const double begin = milliseconds_now();
  EXPECT_EQ(schema->check_briefly(instance.root(), findings), Checked::unfinished);
  EXPECT_LT(milliseconds_now() - begin, kMost / 2);
  ASSERT_TRUE(parser.parse(R"([{"a":1},{"b":2}])", instance));
  EXPECT_EQ(schema->check_briefly(instance.root(), findings), Checked::valid);
}

// The parameters of one request: each is small, and together they are as large as one may be.
TEST(WorstCase, SeveralChecksForOneRequestShareWhatTheyMayCost) {
  std::string branches;
  for (int i = 0; i < 200; ++i) branches += ",{\"required\":[\"r" + std::to_string(i) + "\"]}";
  const auto schema = compiled(R"({"anyOf":[{"minProperties":9})" + branches + "]}");
  json::Parser parser;
  json::Document instance;
  ASSERT_TRUE(parser.parse("{}", instance));
  Allowance allowance;
  Findings findings;
  int answered = 0;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(schema->check(instance.root(), findings, allowance));
    answered += findings[0].rule == "anyOf" ? 1 : 0;
  }
  EXPECT_GT(answered, 50);
  EXPECT_LT(answered, 500) << "and then nothing is left";
  const auto cheap = compiled(R"({"maxProperties":5})");
  EXPECT_TRUE(cheap->check(instance.root(), findings, allowance)) << "but for what costs nothing";
}

// The budget must not refuse large instances.
TEST(WorstCase, LargeInstancesOfOrdinarySchemasAreAccepted) {
  const auto accepts = [](std::string_view schema, const std::string& instance) {
    json::Parser parser;
    json::Document document;
    return parser.parse(instance, document).has_value() && compiled(schema)->accepts(document.root());
  };
  constexpr std::string_view kOrder =
      R"x({"$defs":{"money":{"type":"object","required":["amount","currency"],"additionalProperties":false,"properties":{
      "amount":{"type":"number","multipleOf":0.01,"minimum":0},"currency":{"enum":["EUR","USD","GBP"]}}}},
      "type":"array","uniqueItems":true,"items":{"type":"object","properties":{"id":{"format":"uuid"},"host":{"type":"string",
      "pattern":"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$"},"name":{"pattern":"^\\S(.{0,998}\\S)?$"},
      "mail":{"format":"email"},"price":{"$ref":"#/$defs/money"}},"unevaluatedProperties":false,
      "oneOf":[{"properties":{"kind":{"const":"a"}}},{"properties":{"kind":{"const":"b"}}},{"properties":{"kind":{"const":"c"}}}]}})x";
  std::string many = "[";
  for (int i = 0; i < 5000; ++i) {
    many +=
        R"({"id":"0b0f4f1e-5c3d-4e0a-9d57-6a2f1f0c7e21","host":"www.shop-number-)" + std::to_string(i) +
        R"(.example.org","name":"An ordinary name, of ordinary length","mail":"a@example.org","price":{"amount":12.34,"currency":"EUR"},"kind":"b"},)";
  }
  many.back() = ']';
  EXPECT_TRUE(accepts(kOrder, many)) << many.size();
  EXPECT_TRUE(accepts(
      R"x({"items":{"anyOf":[{"type":"null"},{"type":"integer","minimum":0},{"pattern":"^[a-z]+(-[a-z]+)*$"}]}})x",
      array_of("1,null,\"a-b\"")));
  EXPECT_TRUE(accepts(R"x({"pattern":"^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"})x",
                      '"' + repeated("QUJD", kBytes) + '"'));
}

// ---- the search ---------------------------------------------------------------------------------------

using Genome = std::vector<std::uint32_t>;

// Grows texts from a genome: each choice takes the next number, and a choice without a number is small.
class Grower {
 public:
  explicit Grower(const Genome& genome) : genome_(genome) {}

  std::string schema() {
    std::string defs;
    for (int i = 0; i < kDefs; ++i) defs += "\"d" + std::to_string(i) + "\":" + rules(3) + ",";
    return R"({"$dynamicAnchor":"n","$defs":{)" + defs + "\"end\":{}}," + rules(3).substr(1);
  }

  std::string instance() {
    const std::string piece = value(4);
    std::string all;
    if (choose(2) == 0) {
      all = "[" + piece;
      while (all.size() + piece.size() + 2 < kBytes) all += "," + (choose(8) == 0 ? value(3) : piece);
      return all + "]";
    }
    all = piece;
    for (int depth = 0; depth < 58 && all.size() < kBytes / 2; ++depth)
      all = choose(2) == 0 ? "{\"" + name() + "\":" + all + "}" : "[" + all + "," + all + "]";
    return all;
  }

 private:
  static constexpr int kDefs = 4;

  std::uint32_t choose(std::uint32_t many) { return at_ < genome_.size() ? genome_[at_++] % many : 0; }
  template <std::size_t count>
  std::string_view one_of(const std::string_view (&list)[count]) {
    return list[choose(count)];
  }

  std::string name() { return std::string(one_of({"a", "b", "c", "aab", "abab"})); }
  std::string text() {
    return repeated(one_of({"a", "ab", "x", "aab", "1", "."}), 1 + choose(4) * choose(200)) +
           std::string(one_of({"", "b", "y"}));
  }
  std::string value(int depth) {
    switch (choose(depth > 0 ? 8 : 4)) {
      case 0:
        return std::string(one_of({"1", "0", "1e400", "0.70", "123456789012345678901", "true", "null"}));
      case 1:
      case 2: return '"' + text() + '"';
      case 3: return std::string(one_of({"[]", "{}", "\"\"", "-1"}));
      case 4:
      case 5: {
        std::string all = "[" + value(depth - 1);
        for (std::uint32_t i = choose(6); i-- > 0;) all += "," + value(depth - 1);
        return all + "]";
      }
      default: {
        std::string all = "{\"a\":" + value(depth - 1);
        if (choose(2) == 1) all += ",\"b\":" + value(depth - 1);
        if (choose(2) == 1) all += ",\"c\":" + value(depth - 1);
        return all + "}";
      }
    }
  }

  std::string rules(int depth) {
    if (depth == 0 || choose(5) == 0) return R"({"$ref":"#/$defs/d)" + std::to_string(choose(kDefs)) + "\"}";
    std::string all = "{";
    for (std::uint32_t i = 1 + choose(3); i-- > 0;) {
      const std::string keyword = this->keyword(depth - 1);
      if (all.find(keyword.substr(0, keyword.find(':'))) != all.npos) continue;
      all += (all.size() > 1 ? "," : "") + keyword;
    }
    return all + "}";
  }
  std::string list(int depth) {
    std::string all = "[" + rules(depth);
    for (std::uint32_t i = choose(4); i-- > 0;) all += "," + rules(depth);
    return all + "]";
  }
  // A branch that consumes: references under these can come back without going round in circles.
  std::string keyword(int depth) {
    switch (choose(24)) {
      case 0: return R"("anyOf":)" + list(depth);
      case 1: return R"("oneOf":)" + list(depth);
      case 2: return R"("allOf":)" + list(depth);
      case 3: return R"("not":)" + rules(depth);
      case 4: return R"("if":)" + rules(depth) + R"(,"then":)" + rules(depth) + R"(,"else":)" + rules(depth);
      case 5: return R"("items":)" + rules(depth);
      case 6: return R"("contains":)" + rules(depth);
      case 7: return R"("prefixItems":)" + list(depth);
      case 8:
      case 9:
        return R"("properties":{"a":)" + rules(depth) + R"(,"b":)" + rules(depth) + R"(,"c":)" +
               rules(depth) + "}";
      case 10:
        return R"x("patternProperties":{"a+b?":)x" + rules(depth) + R"x(,"(a|b)*b":)x" + rules(depth) + "}";
      case 11: return R"("additionalProperties":)" + rules(depth);
      case 12: return R"("propertyNames":)" + rules(depth);
      case 13: return R"("unevaluatedProperties":)" + rules(depth);
      case 14: return R"("unevaluatedItems":)" + rules(depth);
      case 15: return R"("dependentSchemas":{"a":)" + rules(depth) + R"(,"b":)" + rules(depth) + "}";
      case 16: return R"("uniqueItems":true)";
      case 17:
        return std::string(one_of({R"("enum":[1,"a",[1],{"a":1}])", R"("const":{"a":[1,2]})",
                                   R"("required":["b"])", R"("minProperties":2)"}));
      case 18:
        return std::string(
            one_of({R"x("pattern":"(a|b)*a(a|b){12}c")x", R"x("pattern":"^(a+)+$")x",
                    R"x("pattern":"(a{0,9}){0,9}b")x", R"x("pattern":"^[a-z]{1,50}-?[a-z]{1,50}$")x",
                    R"x("pattern":"[\\p{L}]{30}7")x"}));
      case 19:
        return std::string(one_of({R"("format":"email")", R"("format":"idn-hostname")", R"("format":"regex")",
                                   R"("format":"uri")", R"("format":"duration")",
                                   R"("format":"uri-template")", R"("format":"ipv6")"}));
      case 20:
        return std::string(one_of({R"("multipleOf":0.7)", R"("multipleOf":1234567890123456789012)",
                                   R"("minimum":0.5)", R"("maximum":1e300)"}));
      case 21: return R"("$dynamicRef":"#n")";
      case 22: return R"("minLength":3)";
      default:
        return R"("type":)" + std::string(one_of({"\"object\"", "\"array\"", "\"string\"", "\"number\""}));
    }
  }

  const Genome& genome_;
  std::size_t at_ = 0;
};

struct Grown {
  Genome schema, instance;
  double per_byte = 0;
};

TEST(WorstCase, ASearchFindsNoneThatCostsMoreThanTenMillisecondsFor64KiB) {
  std::mt19937 random(20261128);
  const char* const wanted = std::getenv("GATEHOUSE_SEARCH_ROUNDS");
  const int rounds = wanted != nullptr ? std::atoi(wanted) : 200;
  const auto fresh = [&](std::size_t size) {
    Genome genome(size);
    for (auto& number : genome) number = static_cast<std::uint32_t>(random());
    return genome;
  };
  const auto change = [&](Genome genome) {
    for (unsigned i = 1 + random() % 6; i-- > 0;)
      genome[random() % genome.size()] = static_cast<std::uint32_t>(random());
    return genome;
  };
  constexpr std::size_t kKept = 12;
  std::vector<Grown> best;
  int counted = 0;
  for (int round = 0; round < rounds; ++round) {
    Grown next;
    if (best.size() < kKept || round % 8 == 0) {
      next = {fresh(300), fresh(200)};
    } else {
      const Grown& parent = best[random() % best.size()];
      next = {random() % 2 == 0 ? change(parent.schema) : parent.schema, change(parent.instance)};
    }
    const std::string schema_text = Grower(next.schema).schema();
    const auto schema = compiled(schema_text, random() % 2 == 0 ? Sealing::open : Sealing::sealed);
    if (!schema) continue;  // it goes round in circles, for example
    const std::string text = Grower(next.instance).instance();
    json::Parser parser;
    json::Document instance;
    ASSERT_TRUE(parser.parse(text, instance, {.depth = 200})) << text;
    const double spent = cost(*schema, instance);
    ++counted;
    ASSERT_LT(spent, kMost) << schema_text << "\n" << text.size() << ": " << text.substr(0, 500);
    next.per_byte = spent / static_cast<double>(std::max(text.size(), kBytes / 2));
    best.push_back(std::move(next));
    std::sort(best.begin(), best.end(),
              [](const Grown& a, const Grown& b) { return a.per_byte > b.per_byte; });
    if (best.size() > kKept) best.pop_back();
  }
  EXPECT_GT(counted, rounds / 10) << "too few of the schemas are good to search with";
  if (wanted != nullptr) {
    std::printf("%d tried; worst %.3f ms for 64 KiB\n%s\n%.300s\n", counted, best[0].per_byte * kBytes,
                Grower(best[0].schema).schema().c_str(), Grower(best[0].instance).instance().c_str());
  }
}

}  // namespace
}  // namespace gatehouse::schema
