#include "doc/source.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "doc/load.h"
#include "doc/yaml.h"
#include "json/writer.h"

namespace gatehouse::doc {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string yaml(std::string text, const Limits& limits = {}) {
  Problems problems;
  const auto source = parse(std::move(text), "a.yaml", problems, limits);
  if (!source) return problems.text();
  return json::to_text(source->root());
}

TEST(Yaml, ScalarsFollowTheCoreSchemaOfYaml12) {
  EXPECT_EQ(yaml("[yes, no, on, off, y, n, 1_000, 2026-01-01, 1:30, 0b1, 0o8, ., '12', \"true\"]"),
            R"(["yes","no","on","off","y","n","1_000","2026-01-01","1:30","0b1","0o8",".","12","true"])");
  EXPECT_EQ(yaml("[12, -3, +4, 0, -0, 1.50, .5, 1., 1e3, 1E+3, 0o17, 0x1F]"),
            "[12,-3,4,0,-0,1.50,0.5,1,1e3,1e+3,15,31]");
  EXPECT_EQ(yaml("[true, True, FALSE, null, ~, ]"), "[true,true,false,null,null]");
  EXPECT_EQ(yaml("a:\nb: ''\nc: !!str\nd: !!str 12\ne: !!int \"12\"\nf: !!float 1"),
            R"({"a":null,"b":"","c":"","d":"12","e":12,"f":1})");
}

TEST(Yaml, AmbiguousTextsAreRefused) {
  EXPECT_THAT(yaml("a: 010"), StartsWith("a.yaml:1:4: `010` is octal in some"));
  EXPECT_THAT(yaml("a: .inf"), HasSubstr("JSON has no number"));
  EXPECT_THAT(yaml("a: -.INF"), HasSubstr("JSON has no number"));
  EXPECT_THAT(yaml("a: .nan"), HasSubstr("JSON has no number"));
  EXPECT_THAT(yaml("a: 1\nb: 2\na: 3"), StartsWith("a.yaml:3:1: the key `a` is twice in this map"));
  EXPECT_THAT(yaml("200: a\n'200': b"), StartsWith("a.yaml:2:1: the key `200` is twice in this map"));
  EXPECT_THAT(yaml("x: &x {a: 1}\ny:\n  <<: *x"), StartsWith("a.yaml:3:3: merge keys"));
  EXPECT_THAT(yaml("a: 1\n---\nb: 2"), HasSubstr("a second document begins here"));
  EXPECT_THAT(yaml("%YAML 1.1\n---\na: yes"), HasSubstr("directives"));
  EXPECT_THAT(yaml("# note\n%TAG ! tag:example.com,2000:\n---\na: 1"), HasSubstr("directives"));
  EXPECT_THAT(yaml("a: !ruby/object x"), HasSubstr("tag"));
  EXPECT_THAT(yaml("a: !!binary aGk="), HasSubstr("tag"));
  EXPECT_THAT(yaml("a: !!int x"), HasSubstr("tag"));
  EXPECT_THAT(yaml("a: !!set {x}"), HasSubstr("tag"));
  EXPECT_THAT(yaml("? [a, b]\n: 1"), HasSubstr("a key must be a text"));
  EXPECT_THAT(yaml("true: 1"), HasSubstr("quote it"));
  EXPECT_THAT(yaml("~: 1"), HasSubstr("quote it"));
  EXPECT_THAT(yaml("\xEF\xBB\xBF"
                   "a: 1"),
              HasSubstr("byte order mark"));
  EXPECT_THAT(yaml("a: \xC0\x80"), StartsWith("a.yaml:1:4: not UTF-8"));
  EXPECT_THAT(yaml(std::string("a: \0", 4)), HasSubstr("control character"));
  EXPECT_THAT(yaml(""), HasSubstr("empty"));
  EXPECT_THAT(yaml("# nothing"), HasSubstr("empty"));
  EXPECT_THAT(yaml("a: [1, 2"), HasSubstr("1:4: this `[` is not closed"));
}

TEST(Yaml, KeysMayBeNumbersAndStayAsWritten) {
  EXPECT_EQ(yaml("200: ok\n4XX: bad\n1.10: x"), R"({"200":"ok","4XX":"bad","1.10":"x"})");
}

TEST(Yaml, EveryProblemIsReportedAtOnce) {
  EXPECT_EQ(yaml("a: 01\na: 2\nb: .inf\n"),
            "a.yaml:1:4: `01` is octal in some parsers and decimal in others; write it without the leading "
            "zero, or quote it\n"
            "a.yaml:2:1: the key `a` is twice in this map; keep one\n"
            "a.yaml:3:4: JSON has no number for `.inf`; quote it if it is a text\n");
}

TEST(Yaml, AliasesAreExpanded) {
  EXPECT_EQ(yaml("a: &x {b: [1, &y two]}\nc: *x\nd: *y"),
            R"({"a":{"b":[1,"two"]},"c":{"b":[1,"two"]},"d":"two"})");
  EXPECT_EQ(yaml("a: &x 1\nb: *x\nc: &x 2\nd: *x"), R"({"a":1,"b":1,"c":2,"d":2})");
}

TEST(Yaml, AliasesCannotMultiplyWithoutEnd) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string one = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + one;
    for (int k = 1; k < 10; ++k) text += ", " + one;
    text += "]\n";
  }
  EXPECT_THAT(yaml(text), HasSubstr("with its aliases expanded"));
  EXPECT_THAT(yaml("a: &a [*a]"), HasSubstr("inside the value that it names"));
  std::string large = "a: &a " + std::string(1 << 20, 'x') + "\nb: [";
  for (int i = 0; i < 300; ++i) large += "*a, ";
  EXPECT_THAT(yaml(large + "1]"), HasSubstr("with its aliases expanded"));
}

TEST(Yaml, DepthAndSizeAreBounded) {
  EXPECT_THAT(yaml(std::string(200, '[') + std::string(200, ']')), HasSubstr("deeper than 128"));
  EXPECT_THAT(yaml(std::string(100'000, '[')), HasSubstr("deeper"));
  EXPECT_THAT(yaml("a: " + std::string(100, 'x'), {.bytes = 50}), HasSubstr("more than 50 bytes"));
  EXPECT_THAT(yaml("[1, 2, 3, 4, 5]", {.values = 4}), HasSubstr("too large"));
}

TEST(Source, APlaceIsLineAndColumnOfTheValueInYamlAndJson) {
  Problems problems;
  const auto from_yaml = parse("a: 1\r\nb:\r\n  - \xC3\xA9\r\n  - x: yes\r\n", "a.yaml", problems);
  ASSERT_TRUE(from_yaml) << problems.text();
  const Place place = from_yaml->place(*from_yaml->root().pointer("/b/1/x"));
  EXPECT_EQ(place.file, "a.yaml");
  EXPECT_EQ(place.line, 4U);
  EXPECT_EQ(place.column, 8U);

  const auto from_json = parse("{\n  \"a\": [1,\n 22]}", "noextension", problems);
  ASSERT_TRUE(from_json) << problems.text();
  EXPECT_EQ(from_json->place(*from_json->root().pointer("/a/1")).line, 3U);
  EXPECT_EQ(from_json->place(*from_json->root().pointer("/a/1")).column, 2U);
  EXPECT_TRUE(from_json->owns(*from_json->root().pointer("/a/1")));
  EXPECT_FALSE(from_json->owns(from_yaml->root()));
}

TEST(Source, JsonIsReadStrictlyAndItsFaultsHaveAPlace) {
  Problems problems;
  EXPECT_FALSE(parse("{\"a\": 1,\n \"a\": 2}", "x.json", problems));
  EXPECT_THAT(problems.text(), StartsWith("x.json:2:2: this key is twice in the object"));
  Problems more;
  EXPECT_FALSE(parse("a: 1", "x.json", more));
  EXPECT_THAT(more.text(), StartsWith("x.json:1:1: not valid JSON"));
}

TEST(Source, AFileThatIsNotThereIsAProblem) {
  Problems problems;
  EXPECT_FALSE(load("no/such.yaml", disk_files(), problems));
  EXPECT_EQ(problems.text(), "no/such.yaml: no such file\n");
  Problems directory;
  EXPECT_FALSE(load("/tmp", disk_files(), directory));
  EXPECT_THAT(directory.text(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace gatehouse::doc
