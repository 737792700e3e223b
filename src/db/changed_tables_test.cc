// Tables that change while the server runs: a statement runs only while it means the same as when it was
// checked.
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "db/catalogue.h"

namespace gatehouse::db {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// One program changes the tables, the server reads them through another connection.
class ChangedTables : public ::testing::Test {
 protected:
  ChangedTables()
      : owner_(*Connection::open({.path = path_})),
        server_(*Connection::open({.path = path_})),
        catalogue_(server_, {"gh_"}) {
    run("CREATE TABLE docs (owner TEXT, secret TEXT, n INTEGER)");
    run("CREATE TABLE other (a TEXT)");
    run("INSERT INTO docs VALUES ('ann', 's3cr3t', 1)");
    run("CREATE VIEW mine AS SELECT secret FROM docs WHERE owner = 'ann'");
  }
  ~ChangedTables() override {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + end);
  }
  void run(Sql sql) {
    const auto done = owner_.execute(sql);
    if (!done) throw std::runtime_error(done.error().text);
  }
  const FixedStatement& add(std::string_view text) {
    auto added = catalogue_.add(text);
    if (!added) throw std::runtime_error(added.error().what);
    return **added;
  }
  std::string list(const FixedStatement& statement, std::initializer_list<Parameter> values = {}) {
    return list(server_, statement, values);
  }
  std::string list(Connection& connection, const FixedStatement& statement,
                   std::initializer_list<Parameter> values) {
    std::string out;
    const auto result = run_list(connection, statement, {values.begin(), values.size()}, {}, clock_, out);
    if (result) return out;
    EXPECT_EQ(out, "");
    said_ = std::string(result.error().text.view());
    return result.error().fault == RunFault::changed
               ? "changed"
               : fmt::format("{}", static_cast<int>(result.error().fault));
  }

  std::string path_ =
      (std::filesystem::temp_directory_path() / fmt::format("gatehouse-changed-{}.db", ::getpid())).string();
  Connection owner_, server_;
  StatementCatalogue catalogue_;
  SystemClock clock_;
  std::string said_;
};

TEST_F(ChangedTables, ColumnsInAnotherOrderAreNotGivenUnderEachOthersNames) {
  const auto& all = add("SELECT * FROM docs");
  EXPECT_EQ(list(all), R"([{"owner":"ann","secret":"s3cr3t","n":1}])");
  run("DROP TABLE docs");
  run("CREATE TABLE docs (secret TEXT, owner TEXT, n INTEGER)");
  run("INSERT INTO docs VALUES ('s3cr3t', 'ann', 1)");
  EXPECT_EQ(list(all), "changed");
  EXPECT_THAT(said_, HasSubstr("reload"));
  EXPECT_EQ(list(all), "changed") << "and not only the first time";

  Connection fresh = *Connection::open({.path = path_});
  EXPECT_EQ(list(fresh, all, {}), "changed") << "on a connection that never saw the old ones";

  json::Document row;
  const auto one = run_one(server_, all, {}, {}, clock_, row);
  ASSERT_FALSE(one);
  EXPECT_EQ(one.error().fault, RunFault::changed);
  EXPECT_TRUE(row.empty());
}

TEST_F(ChangedTables, AReloadChecksTheStatementAgainOnTheSameConnections) {
  const auto& before = add("SELECT * FROM docs");
  list(before);
  run("DROP TABLE docs");
  run("CREATE TABLE docs (secret TEXT, owner TEXT, n INTEGER)");
  run("INSERT INTO docs VALUES ('s3cr3t', 'ann', 1)");
  EXPECT_EQ(list(before), "changed");
  StatementCatalogue reloaded(server_, {"gh_"});
  const auto after = reloaded.add("SELECT * FROM docs");
  ASSERT_TRUE(after);
  EXPECT_EQ(list(**after), R"([{"secret":"s3cr3t","owner":"ann","n":1}])");
  EXPECT_EQ(list(before), "changed") << "requests that began under the old configuration";
}

TEST_F(ChangedTables, AnInsertByPositionWritesNothing) {
  const auto& insert = add("INSERT INTO docs VALUES (:body.owner, :body.secret, 2)");
  EXPECT_EQ(list(insert, {"bob", "x"}), "[]");
  run("DROP TABLE docs");
  run("CREATE TABLE docs (secret TEXT, owner TEXT, n INTEGER)");
  EXPECT_EQ(list(insert, {"bob", "x"}), "changed");
  EXPECT_EQ(list(add("SELECT count(*) AS c FROM docs")), R"([{"c":0}])");
}

TEST_F(ChangedTables, InATransactionTooAndItIsUndone) {
  const auto& insert = add("INSERT INTO docs VALUES (:body.owner, :body.secret, 2)");
  list(insert, {"bob", "x"});
  run("DROP TABLE docs");
  run("CREATE TABLE docs (secret TEXT, owner TEXT, n INTEGER)");
  {
    auto transaction = begin_runs(server_, Effect::writes, {}, clock_);
    ASSERT_TRUE(transaction);
    EXPECT_EQ(list(insert, {"bob", "x"}), "changed");
  }
  EXPECT_EQ(list(add("SELECT count(*) AS c FROM docs")), R"([{"c":0}])");
}

TEST_F(ChangedTables, UnusedTablesMayChange) {
  const auto& named = add("SELECT secret, owner FROM docs WHERE owner = :query.q");
  const auto& insert = add("INSERT INTO docs (owner) VALUES (:body.owner)");
  const auto& counting = add("SELECT count(*) AS c FROM docs WHERE owner LIKE :query.q");
  const std::string rows = R"([{"secret":"s3cr3t","owner":"ann"}])";
  EXPECT_EQ(list(named, {"ann"}), rows);
  run("CREATE INDEX docs_owner ON docs (owner)");
  EXPECT_EQ(list(named, {"ann"}), rows);
  EXPECT_EQ(list(insert, {"bob"}), "[]");
  run("ALTER TABLE other ADD COLUMN b");
  run("DROP TABLE other");
  run("CREATE TABLE new (a)");
  run("CREATE TRIGGER afterwards AFTER DELETE ON docs BEGIN INSERT INTO new VALUES (1); END");
  EXPECT_EQ(list(named, {"ann"}), rows);
  EXPECT_EQ(list(insert, {"bob"}), "[]");
  EXPECT_EQ(list(counting, {"bo%"}), R"([{"c":2}])");
  EXPECT_EQ(list(counting, {"ann"}), R"([{"c":1}])") << "SQLite compiles it anew for another pattern";
}

// The statement gives nothing before, and is refused after the changes.
struct Change {
  std::string_view statement;
  std::vector<Sql> changes;
};

TEST_F(ChangedTables, UsedTablesMayNot) {
  const Change all[] = {
      {"INSERT INTO docs (secret) VALUES (:query.q)",
       {"DROP TABLE docs", "CREATE TABLE docs (owner TEXT DEFAULT 'ann', secret TEXT, n INTEGER)"}},
      {"INSERT INTO docs (secret) VALUES (:query.q)",
       {"DROP TABLE docs", "CREATE TABLE docs (owner TEXT NOT NULL DEFAULT '', secret TEXT, n INTEGER)"}},
      {"INSERT INTO docs (secret) VALUES (:query.q)",
       {"DROP TABLE docs",
        "CREATE TABLE docs (owner TEXT, secret TEXT UNIQUE ON CONFLICT REPLACE, n INTEGER)"}},
      {"INSERT OR REPLACE INTO docs (secret) VALUES (:query.q)",
       {"DELETE FROM docs", "CREATE UNIQUE INDEX one_secret ON docs (secret)"}},
      {"SELECT shown FROM generated",
       {"DROP TABLE generated",
        "CREATE TABLE generated (pub TEXT, secret TEXT, shown TEXT AS (secret) VIRTUAL)"}},
      {"SELECT secret FROM docs WHERE owner = :query.q", {"ALTER TABLE docs ADD COLUMN more TEXT"}},
      // A new column that `*` takes up.
      {"SELECT * FROM other", {"ALTER TABLE other ADD COLUMN more TEXT"}},
      {"SELECT secret FROM nobodys",
       {"DROP VIEW nobodys", "CREATE VIEW nobodys AS SELECT secret FROM docs WHERE n > 0"}},
      {"SELECT secret AS s FROM docs WHERE owner = :query.q",
       {"DROP TABLE docs", "CREATE TABLE docs (owner TEXT COLLATE NOCASE, secret TEXT, n INTEGER)"}},
      {"SELECT secret FROM docs WHERE owner = :query.q",
       {"DROP TABLE docs", "CREATE TABLE docs (owner INTEGER, secret TEXT, n INTEGER)"}},
      {"DELETE FROM docs WHERE owner = :query.q",
       {"CREATE TABLE seen (a)",
        "CREATE TRIGGER t AFTER DELETE ON docs BEGIN INSERT INTO seen VALUES (1); END"}},
      {"SELECT a FROM other WHERE EXISTS (SELECT 1 FROM docs WHERE a = :query.q)",
       {"ALTER TABLE docs ADD COLUMN a TEXT"}},
      {"SELECT d.secret FROM docs AS d NATURAL JOIN other WHERE d.owner = :query.q",
       {"ALTER TABLE other ADD COLUMN owner TEXT"}},
  };
  for (const Change& one : all) {
    for (const Sql clean :
         {Sql("DROP VIEW IF EXISTS mine"), Sql("DROP VIEW IF EXISTS nobodys"),
          Sql("DROP TABLE IF EXISTS docs"), Sql("DROP TABLE IF EXISTS other"),
          Sql("DROP TABLE IF EXISTS generated"),
          Sql("CREATE TABLE generated (pub TEXT, secret TEXT, shown TEXT AS (pub) VIRTUAL)"),
          Sql("CREATE TABLE docs (owner TEXT, secret TEXT, n INTEGER)"), Sql("CREATE TABLE other (a TEXT)"),
          Sql("CREATE VIEW nobodys AS SELECT secret FROM docs WHERE n < 0")}) {
      run(clean);
    }
    const auto& statement = add(one.statement);
    const auto once = [&] {
      return statement.parameters().empty() ? list(statement) : list(statement, {"x"});
    };
    EXPECT_EQ(once(), "[]") << one.statement;
    for (const Sql change : one.changes) run(change);
    EXPECT_EQ(once(), "changed") << one.statement;
    EXPECT_THAT(said_, Not(HasSubstr("no such"))) << "SQLite's own words";
  }
}

TEST_F(ChangedTables, AReservedTableIsNotReachedByAViewThatWasMadeLater) {
  run("CREATE TABLE gh_keys (secret TEXT)");
  run("INSERT INTO gh_keys VALUES ('k')");
  const auto& seen = add("SELECT secret FROM mine");
  EXPECT_EQ(list(seen), R"([{"secret":"s3cr3t"}])");
  run("DROP VIEW mine");
  run("CREATE VIEW mine AS SELECT secret FROM gh_keys");
  EXPECT_EQ(list(seen), "changed");
}

}  // namespace
}  // namespace gatehouse::db
