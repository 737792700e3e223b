#include "doc/yaml_fault.h"

#include <string>

#include <gtest/gtest.h>

#include "doc/source.h"

namespace gatehouse::doc {
namespace {

std::string told(const std::string& text) {
  Problems problems;
  EXPECT_EQ(parse(text, "a.yaml", problems), nullptr) << text;
  return problems.text();
}

TEST(YamlFault, NamesTheLineThatIsWrongAndTheSignThatIsMissing) {
  EXPECT_EQ(told("a:\n\tb: 1\n"), "a.yaml:2:1: a tab stands in the indentation; use spaces only\n");
  EXPECT_EQ(told("a:\n  b: 1\n  - c: 2\n"),
            "a.yaml:3:3: a list entry (`- `) stands among the keys of a map; write `KEY: VALUE`, or move it "
            "below its key\n");
  EXPECT_EQ(told("a: 1\nb c\nd: 2\n"),
            "a.yaml:2:1: `b c` is not a key with a value; write `KEY: VALUE`, with a colon and a space\n");
  EXPECT_EQ(told("a: [1, 2\nb: 3\n"), "a.yaml:1:4: this `[` is not closed; close it at its end\n");
  EXPECT_EQ(told("a: {b: 1\nc: 2\n"), "a.yaml:1:4: this `{` is not closed; close it at its end\n");
  EXPECT_EQ(told("a: {b: \"c}\nd: 2\n"), "a.yaml:1:8: this `\"` is not closed in its line; close it\n");
  EXPECT_EQ(told("a: 1}\nb: }\n"),
            "a.yaml:2:4: this `}` closes nothing; remove it, or write what it closes\n");
  EXPECT_EQ(told("a: [*]\n"), "a.yaml:1:5: a text that begins with `*` needs quotes\n");
  EXPECT_EQ(told("a: @b\n"), "a.yaml:1:4: a text that begins with `@` needs quotes\n");
  EXPECT_EQ(told("a: b: c\n"), "a.yaml:1:5: a text with a colon and a space in it needs quotes\n");
  EXPECT_EQ(told("a:\n  b: 1\n c: 2\n"),
            "a.yaml:3:2: the indentation fits no line above; begin the keys of one map in one column\n");
}

// A quote within a word begins no text, and a comment says nothing.
TEST(YamlFault, IsNotMisledByApostrophesAndComments) {
  EXPECT_EQ(told("a: it's\nb: [1 # ]\nc: 2\n"), "a.yaml:2:4: this `[` is not closed; close it at its end\n");
  EXPECT_EQ(told("# it's \"so\na: {b: 1\nc: 2\n"),
            "a.yaml:2:4: this `{` is not closed; close it at its end\n");
}

TEST(YamlFault, IsFoundInAnyText) {
  for (const std::string text : {"", "\n", "\t", ":", "\"", "- - :\n-", "[", "]", "a: [\n\n\n", "%"}) {
    for (std::size_t offset = 0; offset <= text.size() + 1; ++offset) {
      const YamlFault fault = explain_yaml_fault(text, offset, "end of map flow not found");
      EXPECT_FALSE(fault.what.empty());
      EXPECT_LE(fault.offset, text.size());
    }
  }
}

}  // namespace
}  // namespace gatehouse::doc
