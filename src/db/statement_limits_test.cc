// What statements may not do, although they are valid: long inputs of functions, and modules of virtual
// tables.
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "db/catalogue.h"

namespace gatehouse::db {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// The inputs of functions are bounded in statements: SQLite does not interrupt a function.
TEST(LengthsOfStatements, BoundTheInputAndOutputOfAFunction) {
  Connection connection = *Connection::open({.path = ":memory:", .longest = kLongestOfStatements});
  StatementCatalogue catalogue(connection);
  SystemClock clock;
  const std::string longest(kLongestOfStatements.bytes, 'a');
  const auto fault_of = [&](std::string_view text, std::string_view value) -> std::optional<RunFault> {
    const auto added = catalogue.add(text);
    if (!added) throw std::runtime_error(added.error().what);
    std::string out;
    const Parameter values[] = {value};
    const auto result = run_list(connection, **added, values, {}, clock, out);
    return result ? std::nullopt : std::optional(result.error().fault);
  };
  EXPECT_EQ(fault_of("SELECT length(:q.x) AS n", longest), std::nullopt);
  EXPECT_EQ(fault_of("SELECT length(:q.x) AS n", longest + "a"), RunFault::value);
  for (const std::string_view text :
       {"SELECT length(:q.x || :q.x) AS n", "SELECT length(replace(:q.x, 'a', 'bb')) AS n",
        "SELECT length(hex(:q.x)) AS n",
        "SELECT length(group_concat(column1)) AS n FROM (VALUES (:q.x), (:q.x))",
        "SELECT length(json_array(:q.x)) AS n", "SELECT length(zeroblob(1048577)) AS n FROM (SELECT :q.x)",
        "SELECT 1 AS n WHERE 'a' LIKE :q.x", "SELECT 1 AS n WHERE 'a' GLOB :q.x",
        "SELECT length(randomblob(1048577)) AS n FROM (SELECT :q.x)"}) {
    EXPECT_EQ(fault_of(text, longest), RunFault::value) << text;
  }
  EXPECT_EQ(fault_of("SELECT json(iif(printf('%s!', :q.x) IS NULL, '1', 'not JSON')) AS n", longest),
            std::nullopt)
      << "SQLite gives NULL instead";
  // The most expensive texts that are known for each.
  const auto before = clock.monotonic();
  for (const std::string_view text :
       {"SELECT instr(:q.x, substr(:q.x, 1, 500000) || 'b') AS n",
        "SELECT :q.x LIKE '%' || substr(:q.x, 1, 250) || 'b' AS n",
        "SELECT :q.x GLOB '*' || replace(substr(:q.x, 1, 80), 'a', '[a]') || 'b' AS n",
        "SELECT length(replace(:q.x, substr(:q.x, 1, 500000) || 'b', '')) AS n",
        "SELECT length(trim(:q.x, replace(substr(:q.x, 1, 500000), 'a', 'b') || 'a')) AS n"}) {
    EXPECT_EQ(fault_of(text, longest), std::nullopt) << text;
  }
  EXPECT_LT(clock.monotonic() - before, std::chrono::seconds(10));
}

// Their searches have no bound, and R*Tree takes every text for a number.
TEST(VirtualTables, OnlyThoseThatAreKnown) {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("gatehouse-modules-{}.db", ::getpid());
  sqlite3* maker = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &maker), SQLITE_OK);
  for (const char* sql :
       {"CREATE TABLE plain (title TEXT)", "CREATE VIRTUAL TABLE a3 USING fts3(title)",
        "CREATE VIRTUAL TABLE \"using fts5(\" USING FTS4(title)",
        "CREATE VIRTUAL TABLE terms USING fts4aux(a3)",
        "CREATE VIRTUAL TABLE boxes USING rtree(id, least, most)",
        "CREATE VIRTUAL TABLE a5 USING fts5(title)", "CREATE VIEW seen AS SELECT title FROM a3",
        "INSERT INTO a3 VALUES ('red apple')"}) {
    ASSERT_EQ(sqlite3_exec(maker, sql, nullptr, nullptr, nullptr), SQLITE_OK) << sql;
  }
  sqlite3_close(maker);
  {
    auto database = *Connection::open({.path = path, .access = Access::read_write});
    StatementCatalogue catalogue(database);
    const auto problem_of = [&](std::string_view text) {
      const auto added = catalogue.add(text);
      return added ? std::string() : added.error().what;
    };
    for (const std::string_view text : {"SELECT title FROM a3 WHERE a3 MATCH :q.x", "SELECT title FROM a3",
                                        "SELECT title FROM \"using fts5(\" WHERE title MATCH :q.x",
                                        "SELECT term FROM terms", "SELECT id FROM boxes WHERE least >= :q.x",
                                        "SELECT title FROM seen", "INSERT INTO a3 (title) VALUES (:q.x)",
                                        "SELECT title FROM plain WHERE title IN (SELECT title FROM a3)"}) {
      EXPECT_THAT(problem_of(text), AllOf(StartsWith("no such module: "), HasSubstr("use FTS5"))) << text;
    }
    for (const std::string_view text : {"SELECT name FROM sqlite_stmt", "SELECT name FROM dbstat",
                                        "SELECT input FROM fts3tokenize('simple')"}) {
      EXPECT_NE(problem_of(text), "") << text;
    }
    EXPECT_EQ(problem_of("SELECT title FROM plain, json_each(title) AS j"), "");
    EXPECT_EQ(problem_of("SELECT title FROM a5 WHERE a5 MATCH :q.x"), "");
  }
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + end);
}

}  // namespace
}  // namespace gatehouse::db
