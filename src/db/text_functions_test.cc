#include "db/text_functions.h"

#include <chrono>
#include <random>
#include <string>

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace gatehouse::db {
namespace {

class BesideSqlites : public ::testing::Test {
 protected:
  BesideSqlites() {
    sqlite3_open(":memory:", &own_);
    sqlite3_open(":memory:", &sqlites_);
    use_linear_text_functions(own_);
  }
  ~BesideSqlites() override {
    sqlite3_close(own_);
    sqlite3_close(sqlites_);
  }
  static std::string answer(sqlite3* database, const std::string& expression) {
    sqlite3_stmt* statement = nullptr;
    std::string text =
        "SELECT typeof(x) || ':' || coalesce(hex(x), 'NULL') FROM (SELECT " + expression + " AS x)";
    if (sqlite3_prepare_v2(database, text.c_str(), -1, &statement, nullptr) != SQLITE_OK)
      return std::string("wrong: ") + sqlite3_errmsg(database);
    std::string result = "failed";
    if (sqlite3_step(statement) == SQLITE_ROW)
      result = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return result;
  }
  void expect_same(const std::string& expression) {
    EXPECT_EQ(answer(own_, expression), answer(sqlites_, expression)) << expression;
  }

  sqlite3* own_ = nullptr;
  sqlite3* sqlites_ = nullptr;
};

TEST_F(BesideSqlites, TheFunctionsGiveTheSameForRandomTexts) {
  std::mt19937 random(20'261'128);
  const char* const parts[] = {"a", "b", "ab", "é", "中", "aé", "", " ", "𝄞", "aa"};
  const auto text = [&](std::size_t most) {
    std::string out = "'";
    for (std::size_t i = random() % (most + 1); i > 0; --i) out += parts[random() % std::size(parts)];
    return out + "'";
  };
  for (int i = 0; i < 1500; ++i) {
    const std::string x = text(8), y = text(2), z = text(2);
    for (const char* name : {"instr", "trim", "ltrim", "rtrim"})
      expect_same(std::string(name) + "(" + x + ", " + y + ")");
    expect_same("replace(" + x + ", " + y + ", " + z + ")");
    expect_same("instr(CAST(" + x + " AS BLOB), CAST(" + y + " AS BLOB))");
    expect_same("instr(" + x + ", CAST(" + y + " AS BLOB))");
    expect_same("replace(CAST(" + x + " AS BLOB), " + y + ", CAST(" + z + " AS BLOB))");
  }
}

TEST_F(BesideSqlites, TheFunctionsGiveTheSameForOtherValues) {
  for (const char* x : {"NULL", "''", "x''", "12", "1.5", "-0.0", "'12'", "x'31'", "x'80'", "x'8080c3'",
                        "x'c38080'", "x'618080'", "x'0061'", "'a'"}) {
    for (const char* y :
         {"NULL", "''", "x''", "2", "1", "'2'", "x'31'", "x'80'", "x'c380'", "x'00'", "'.'"}) {
      const std::string pair = std::string(x) + ", " + y;
      for (const char* name : {"instr", "trim", "ltrim", "rtrim"}) expect_same(name + ("(" + pair + ")"));
      for (const char* z : {"NULL", "''", "'zz'", "7"}) expect_same("replace(" + pair + ", " + z + ")");
    }
  }
  for (const char* one : {"trim('  a ')", "ltrim('  a ')", "rtrim('  a ')", "trim(NULL)"}) expect_same(one);
}

TEST_F(BesideSqlites, AResultThatIsTooLongIsRefused) {
  for (sqlite3* database : {own_, sqlites_}) {
    sqlite3_limit(database, SQLITE_LIMIT_LENGTH, 1000);
    EXPECT_EQ(answer(database, "length(replace(hex(zeroblob(200)), '0', 'abc'))"), "failed");
    EXPECT_EQ(answer(database, "length(replace(hex(zeroblob(200)), '0', 'ab'))"), answer(own_, "800"));
  }
}

TEST_F(BesideSqlites, TimeGrowsWithTheTextsAndNotWithTheirProduct) {
  const std::string text = "substr(hex(zeroblob(500000)), 1, 1000000)";
  const std::string half = "substr(hex(zeroblob(250000)), 1, 500000)";
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(answer(own_, "instr(" + text + ", " + half + " || 'x')"), answer(own_, "0"));
  EXPECT_EQ(answer(own_, "length(replace(" + text + ", " + half + " || 'x', 'y'))"), answer(own_, "1000000"));
  EXPECT_EQ(answer(own_, "length(trim(" + text + ", replace(" + half + ", '0', 'é') || '0'))"),
            answer(own_, "0"));
  EXPECT_EQ(answer(own_, "length(rtrim(" + text + ", replace(" + half + ", '0', 'é') || '0'))"),
            answer(own_, "0"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

}  // namespace
}  // namespace gatehouse::db
