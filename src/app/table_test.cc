#include "app/table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::app {
namespace {

const Screen kFile{};
const Screen kTerminal{0, Colours::ansi};

Screen of_width(std::size_t width) { return {width, Colours::none}; }

TEST(Table, ColumnsAreAsWideAsTheirWidestTextAndTheLastIsNotPadded) {
  Table table({{"ID"}, {"PRINCIPAL"}, {"STATE"}});
  table.add({"1a2B3c", "ann", "active"});
  table.add({"x", "partner:acme", "-"});
  EXPECT_EQ(table.take(kFile),
            "ID      PRINCIPAL     STATE\n"
            "1a2B3c  ann           active\n"
            "x       partner:acme  -\n");
}

TEST(Table, NothingTrailsALineWhoseLastCellsAreEmpty) {
  Table table({{"GATE"}, {"DECISION"}, {""}});
  table.add({"route", "", "found"});
  table.add({"limit", "passed", ""});
  EXPECT_EQ(table.take(kFile),
            "GATE   DECISION\n"
            "route            found\n"
            "limit  passed\n");
}

TEST(Table, NumbersStandToTheRight) {
  Table table({{"MS", Column::Align::right}, {"WHAT"}});
  table.add({"7.001", "a"});
  table.add({"1234.5", "b"});
  EXPECT_EQ(table.take(kFile), "    MS  WHAT\n 7.001  a\n1234.5  b\n");
}

TEST(Table, WidthsAreCodePointsAndNotBytes) {
  Table table({{"A"}, {"B"}});
  table.add({"Zo\u00eb", "1"});
  table.add({"\u65e5\u672c", "2"});
  EXPECT_EQ(table.take(kFile), "A    B\nZo\u00eb  1\n\u65e5\u672c   2\n");
}

TEST(Table, OnATerminalTheWidestTextIsCutFirstAndIdsNever) {
  Table table({{"ID", Column::Align::left, Column::Fit::whole}, {"TEXT"}, {"REASON"}});
  table.add({"0123456789abcdef", std::string(40, 'x'), "condition_false"});
  EXPECT_EQ(table.take(of_width(46)),
            "ID                TEXT           REASON\n"
            "0123456789abcdef  xxxxxxxxxxxx\u2026  condition_fa\u2026\n");
}

TEST(Table, ACutNeverDividesACharacter) {
  Table table({{"TEXT"}});
  table.add({"\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9"});
  EXPECT_EQ(table.take(of_width(8)), "TEXT\n\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u2026\n");
}

TEST(Table, AScreenThatIsTooNarrowGetsLongLinesAndNoFragments) {
  Table table({{"ONE"}, {"TWO"}, {"THREE"}});
  table.add({"123456789", "123456789", "123456789"});
  EXPECT_EQ(table.take(of_width(1)),
            "ONE       TWO       THREE\n1234567\u2026  1234567\u2026  1234567\u2026\n");
}

TEST(Table, SpareColumnsGoBeforeALineIsLongerThanTheScreen) {
  const Column::Align left = Column::Align::left;
  Table table({{"ID", left, Column::Fit::whole},
               {"IP", left, Column::Fit::spare},
               {"TEXT"},
               {"BY", left, Column::Fit::spare}});
  table.add({"0123456789", "127.0.0.1", "condition_false", "ann"});
  EXPECT_EQ(table.take(of_width(30)),
            "ID          IP        TEXT\n0123456789  127.0.0\u2026  conditi\u2026\n");
  table.add({"0123456789", "127.0.0.1", "ok", "ann"});
  EXPECT_EQ(table.take(of_width(20)), "0123456789  ok\n");
  table.add({"0123456789", "127.0.0.1", "ok", "ann"});
  EXPECT_EQ(table.take(kFile), "0123456789  127.0.0.1  ok               ann\n");
}

TEST(Table, ContinuesWithoutASecondHeadingAndNeverNarrower) {
  Table table({{"A"}, {"B"}});
  EXPECT_EQ(table.take(kFile), "");
  table.add({"long one", "1"});
  EXPECT_EQ(table.take(kFile), "A         B\nlong one  1\n");
  table.add({"x", "2"});
  EXPECT_EQ(table.take(kFile), "x         2\n");
}

TEST(Table, ColourIsForTerminalsAndDoesNotCountAsWidth) {
  Table table({{"A"}, {"B"}});
  table.add({{"no", Paint::red}, "1"});
  EXPECT_EQ(table.take(kTerminal), "\x1b[1mA\x1b[0m   \x1b[1mB\x1b[0m\n\x1b[31mno\x1b[0m  1\n");
  table.add({{"no", Paint::red}, "1"});
  EXPECT_EQ(table.take(kFile), "no  1\n");
}

TEST(Table, NothingInACellIsObeyedByATerminal) {
  Table table({{"A"}, {"B"}});
  table.add({"\x1b[2J\x9b\x07", "a\r\nforged\t\u202e\u200b"});
  const std::string text = table.take(kTerminal);
  EXPECT_THAT(text, testing::HasSubstr("\\u001b[2J\ufffd\\u0007"));
  EXPECT_THAT(text, testing::HasSubstr("a\\u000d\\u000aforged\\u0009\\u202e\\u200b"));
  EXPECT_EQ(std::ranges::count(text, '\n'), 2);
}

}  // namespace
}  // namespace gatehouse::app
