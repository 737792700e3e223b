#include "db/catalogue.h"

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <thread>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

#include "json/parser.h"
#include "json/writer.h"

namespace gatehouse::db {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class Statements : public ::testing::Test {
 protected:
  Statements() : connection_(*Connection::open({.path = ":memory:"})), catalogue_(connection_, {"gh_"}) {
    run("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL, price REAL, note TEXT, picture "
        "BLOB)");
    run("INSERT INTO orders VALUES (1, 'acme', 9.5, NULL, NULL), (2, 'O''Neill \"x\"', 1e300, 'a', NULL), "
        "(3, 'zoo', -0.25, '\xff', x'00ff')");
    run("CREATE VIRTUAL TABLE found USING fts5(title)");
    run("INSERT INTO found VALUES ('red apple'), ('green pear')");
    run("CREATE TABLE gh_keys (id TEXT, hash BLOB)");
    run("CREATE VIEW through AS SELECT * FROM gh_keys");
  }
  void run(Sql sql) {
    const auto done = connection_.execute(sql);
    if (!done) throw std::runtime_error(done.error().text);
  }
  const FixedStatement& add(std::string_view text) {
    auto added = catalogue_.add(text);
    if (!added) throw std::runtime_error(added.error().what);
    return **added;
  }
  std::string why_not(std::string_view text) {
    auto added = catalogue_.add(text);
    return added ? "accepted" : fmt::format("{}: {}", added.error().offset, added.error().what);
  }
  std::string list(const FixedStatement& statement, std::initializer_list<Parameter> values,
                   RunLimits limits = {}) {
    std::string out;
    auto result = run_list(connection_, statement, {values.begin(), values.size()}, limits, clock_, out);
    if (!result) {
      EXPECT_EQ(out, "");
      return fmt::format("fault {}", static_cast<int>(result.error().fault));
    }
    return out;
  }
  static std::string fault(RunFault fault) { return fmt::format("fault {}", static_cast<int>(fault)); }

  Connection connection_;
  StatementCatalogue catalogue_;
  SystemClock clock_;
};

TEST_F(Statements, NamesBecomeNumbersInTheOrderOfTheirFirstUse) {
  const auto& statement =
      add("SELECT :path.id, :query.q, :path.id AS again, :body.customer.name, :query.\"page-size\"  "
          ",:principal.id");
  std::vector<std::string> names;
  for (const auto& name : statement.parameters()) names.push_back(name.text());
  EXPECT_THAT(names, ::testing::ElementsAre("path.id", "query.q", "body.customer.name", "query.page-size",
                                            "principal.id"));
  EXPECT_EQ(statement.parameters()[1].offset, 17U);
}

TEST_F(Statements, ANameInAStringACommentOrAnIdentifierIsNotAParameter) {
  const auto& statement =
      add("SELECT ':a.b' AS \":c.d\", /* :e.f ' */ `id` AS [:g.h], 'it''s :i.j' -- :k.l '\n"
          " AS x FROM orders WHERE id = :path.id");
  ASSERT_EQ(statement.parameters().size(), 1U);
  EXPECT_EQ(list(statement, {1}), R"([{":c.d":":a.b",":g.h":1,"x":"it's :i.j"}])");
}

TEST_F(Statements, OtherParametersUnclosedTextAndSecondStatementsAreRefusedWithTheirPlace) {
  EXPECT_THAT(why_not("SELECT ?"), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT ?1"), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT @id"), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT $id"), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT :id"), StartsWith("7: `:id`"));
  EXPECT_THAT(why_not("SELECT :path."), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT : path.id"), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT :path.\"\""), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT 'x"), StartsWith("7: "));
  EXPECT_THAT(why_not("SELECT 1 /* x"), StartsWith("9: "));
  EXPECT_THAT(why_not("SELECT 1; DELETE FROM orders"), StartsWith("10: "));
  EXPECT_THAT(why_not("SELECT 1;;"), StartsWith("9: "));
  EXPECT_THAT(why_not(std::string_view("SELECT 1\0; DELETE FROM orders", 29)), StartsWith("8: "));
  EXPECT_THAT(why_not(std::string_view("SELECT 'a\0b'", 12)), StartsWith("7: "));
  EXPECT_THAT(why_not(""), HasSubstr("no statement"));
  EXPECT_THAT(why_not("-- nothing"), HasSubstr("no statement"));
  EXPECT_EQ(why_not("SELECT 1; -- the end"), "accepted");
}

TEST_F(Statements, AWrongStatementIsReportedAtItsPlaceInTheConfiguredText) {
  EXPECT_EQ(why_not("SELECT id FROM orders WHERE :path.identifier = nowhere"), "47: no such column: nowhere");
  EXPECT_THAT(why_not("SELEKT 1"), StartsWith("0: "));
  EXPECT_THAT(why_not("SELECT id FROM nowhere"), HasSubstr("no such table"));
}

TEST_F(Statements, OnlyRowsCanBeReadAndWritten) {
  for (const std::string_view text : {"PRAGMA writable_schema = ON",
                                      "ATTACH 'x.db' AS x",
                                      "DETACH main",
                                      "BEGIN",
                                      "COMMIT",
                                      "SAVEPOINT a",
                                      "CREATE TABLE x (i)",
                                      "CREATE TEMP TABLE x (i)",
                                      "DROP TABLE orders",
                                      "ALTER TABLE orders ADD COLUMN x",
                                      "VACUUM",
                                      "VACUUM INTO 'x.db'",
                                      "REINDEX",
                                      "ANALYZE",
                                      "SELECT load_extension('x')",
                                      "SELECT * FROM pragma_table_info('orders')",
                                      "SELECT * FROM sqlite_schema",
                                      "SELECT * FROM SQLITE_MASTER",
                                      "SELECT * FROM sqlite_temp_schema",
                                      "EXPLAIN SELECT 1",
                                      "EXPLAIN QUERY PLAN SELECT 1",
                                      "DELETE FROM sqlite_schema"}) {
    EXPECT_NE(why_not(text), "accepted") << text;
  }
}

TEST_F(Statements, TheFirstWordDecidesWhereverItStands) {
  EXPECT_NE(why_not("/* SELECT */ VACUUM"), "accepted");
  EXPECT_NE(why_not("-- SELECT\nvacuum into 'x.db'"), "accepted");
  EXPECT_NE(why_not(";VACUUM"), "accepted");
  EXPECT_EQ(why_not("/* x */ select 1"), "accepted");
  EXPECT_EQ(why_not("VALUES (1, 2)"), "accepted");
  EXPECT_EQ(why_not("WITH a AS (SELECT 1 AS x) SELECT x FROM a"), "accepted");
}

TEST_F(Statements, ReservedTablesAreOutOfReachDirectlyAndThroughAView) {
  for (const std::string_view text :
       {"SELECT hash FROM gh_keys", "SELECT hash FROM GH_KEYS", "SELECT k.hash FROM main.gh_keys AS k",
        "SELECT hash FROM through", "SELECT (SELECT hash FROM gh_keys LIMIT 1)",
        "WITH k AS (SELECT * FROM gh_keys) SELECT * FROM k", "SELECT count(*) FROM gh_keys",
        "DELETE FROM gh_keys", "UPDATE gh_keys SET hash = NULL", "INSERT INTO gh_keys VALUES ('a', 'b')",
        "INSERT INTO found SELECT hash FROM gh_keys"}) {
    EXPECT_NE(why_not(text), "accepted") << text;
  }
  EXPECT_FALSE(connection_.execute("SELECT nothing FROM nowhere"));  // and the guard is gone afterwards
  EXPECT_TRUE(connection_.execute("SELECT hash FROM gh_keys"));
}

TEST_F(Statements, ColumnsEffectsAndTypesAreReported) {
  const auto& reading = add("SELECT id, price, count(*) AS n FROM orders GROUP BY id");
  ASSERT_EQ(reading.columns().size(), 3U);
  EXPECT_EQ(reading.columns()[0].name, "id");
  EXPECT_EQ(reading.columns()[1].declared_type, "REAL");
  EXPECT_EQ(reading.columns()[2].declared_type, "");
  EXPECT_EQ(reading.effect(), Effect::reads);
  EXPECT_EQ(add("DELETE FROM orders WHERE id = :path.id").effect(), Effect::writes);
  EXPECT_THAT(why_not("SELECT a.id, b.id FROM orders a, orders b"), HasSubstr("called id"));
}

TEST_F(Statements, RowsBecomeJson) {
  const auto& all = add("SELECT id, customer, price, note FROM orders WHERE id <= :query.most ORDER BY id");
  EXPECT_EQ(list(all, {3}),
            "[{\"id\":1,\"customer\":\"acme\",\"price\":9.5,\"note\":null},"
            "{\"id\":2,\"customer\":\"O'Neill \\\"x\\\"\",\"price\":1e+300,\"note\":\"a\"},"
            "{\"id\":3,\"customer\":\"zoo\",\"price\":-0.25,\"note\":\"\xef\xbf\xbd\"}]");
  EXPECT_EQ(list(all, {0}), "[]");
}

TEST_F(Statements, OneGivesTheFirstRowOrNothing) {
  const auto& one = add("SELECT customer, price FROM orders WHERE id >= :path.id ORDER BY id");
  std::string text = "kept";
  const Parameter first[] = {1};
  auto result = run_one(connection_, one, first, {}, clock_, text);
  ASSERT_TRUE(result) << result.error().text.view();
  EXPECT_EQ(result->rows, 1U);
  EXPECT_EQ(text, R"(kept{"customer":"acme","price":9.5})");
  const Parameter none[] = {77};
  EXPECT_EQ(run_one(connection_, one, none, {}, clock_, text)->rows, 0U);
  EXPECT_EQ(text, R"(kept{"customer":"acme","price":9.5})");
  json::Document document;
  ASSERT_TRUE(run_one(connection_, one, first, {}, clock_, document));
  EXPECT_EQ(json::to_text(document.root()), R"({"customer":"acme","price":9.5})");
  ASSERT_TRUE(run_one(connection_, one, none, {}, clock_, document));
  EXPECT_TRUE(document.empty());
}

TEST_F(Statements, AValueIsNeverPartOfTheText) {
  const auto& one = add("SELECT count(*) AS n FROM orders WHERE customer = :query.q");
  for (const char* attack :
       {"' OR 1=1 --", "'; DROP TABLE orders; --", "acme' UNION SELECT hash FROM gh_keys --"}) {
    EXPECT_EQ(list(one, {attack}), R"([{"n":0}])") << attack;
  }
  EXPECT_EQ(list(one, {"acme"}), R"([{"n":1}])");
}

TEST_F(Statements, AMalformedSearchIsTheValuesFaultAndLeavesEverythingUsable) {
  const auto& search = add("SELECT title FROM found WHERE found MATCH :query.q");
  for (const char* malformed : {"\"", "AND", "a AND", "(", "nocolumn:x", "NEAR(", "*", "^", "a b)", "-"}) {
    EXPECT_EQ(list(search, {malformed}), fault(RunFault::value)) << malformed;
  }
  EXPECT_EQ(list(search, {"apple"}), R"([{"title":"red apple"}])");
}

TEST_F(Statements, AConnectionThatHasNotMetTheSearchYetTakesItsStatements) {
  const auto path =
      std::filesystem::temp_directory_path() / fmt::format("gatehouse-search-{}.db", ::getpid());
  {
    auto maker = *Connection::open({.path = path.string()});
    ASSERT_TRUE(maker.execute("CREATE VIRTUAL TABLE found USING fts5(title)"));
  }
  {
    auto connection = *Connection::open({.path = path.string()});
    StatementCatalogue catalogue(connection);
    const auto added = catalogue.add("SELECT title FROM found WHERE found MATCH :query.q");
    EXPECT_TRUE(added) << added.error().what;
    EXPECT_FALSE(catalogue.add("UPDATE sqlite_master SET sql = '' WHERE name = :query.q"));
  }
  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + end);
}

TEST_F(Statements, ATriggerThatFillsASearchTableIsSaidToBeTheProblem) {
  run("CREATE TRIGGER filled AFTER INSERT ON orders BEGIN INSERT INTO found VALUES (new.note); END");
  run("CREATE VIEW seen AS SELECT title FROM found");
  for (const char* text :
       {"INSERT INTO orders (customer) VALUES (:body.customer)", "SELECT title FROM seen"}) {
    const auto refused = catalogue_.add(text);
    ASSERT_FALSE(refused) << text;
    EXPECT_THAT(refused.error().what, StartsWith("unsafe use of ")) << text;
    EXPECT_THAT(refused.error().what,
                HasSubstr("drop the trigger and fill the table by a statement of its own"));
  }
  EXPECT_EQ(list(add("INSERT INTO found (title) VALUES (:body.title)"), {"blue plum"}), "[]");
  EXPECT_EQ(list(add("SELECT title FROM found WHERE found MATCH :query.q"), {"plum"}),
            R"([{"title":"blue plum"}])");
}

TEST_F(Statements, ATableThatIsGoneIsNotTheValuesFault) {
  const auto& statement = add("SELECT id FROM orders WHERE id = :path.id");
  const auto& never_run = add("SELECT note FROM orders WHERE id = :path.id");
  EXPECT_EQ(list(statement, {1}), R"([{"id":1}])");
  run("DROP TABLE orders");
  EXPECT_EQ(list(statement, {1}), fault(RunFault::changed));
  EXPECT_EQ(list(never_run, {1}), fault(RunFault::changed));
}

TEST_F(Statements, RowsBytesAndTimeAreBounded) {
  const auto& counting = add(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :query.n) SELECT i FROM n");
  RunLimits limits;
  limits.rows = 10;
  EXPECT_EQ(list(counting, {11}, limits), fault(RunFault::too_large));
  EXPECT_THAT(list(counting, {10}, limits), StartsWith("[{"));
  limits.rows = 1'000'000;
  limits.bytes = kibibytes(1);
  EXPECT_EQ(list(counting, {1'000'000}, limits), fault(RunFault::too_large));

  const auto& wide = add("SELECT hex(zeroblob(:query.n)) AS x");
  EXPECT_EQ(list(wide, {4096}, limits), fault(RunFault::too_large));

  const auto& endless =
      add("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n");
  limits.deadline = clock_.monotonic() + std::chrono::milliseconds{20};
  EXPECT_EQ(list(endless, {}, limits), fault(RunFault::late));
  EXPECT_EQ(list(counting, {3}), R"([{"i":1},{"i":2},{"i":3}])");  // the deadline went with its run
}

TEST_F(Statements, ABlobIsRefusedOrBase64) {
  const auto& picture = add("SELECT picture FROM orders WHERE id = 3");
  EXPECT_EQ(list(picture, {}), fault(RunFault::unreadable));
  RunLimits limits;
  limits.blobs = Blobs::base64;
  EXPECT_EQ(list(picture, {}, limits), R"([{"picture":"AP8="}])");
}

TEST_F(Statements, AnInfiniteNumberIsRefused) {
  const auto& overflow = add("SELECT 1e308 * :query.q AS x");
  EXPECT_EQ(list(overflow, {100}), fault(RunFault::value));
}

TEST_F(Statements, AWriteSaysHowManyRowsItChangedAndAFailedOneChangesNothing) {
  const auto& raise = add("UPDATE orders SET price = price + 1 WHERE id <= :query.n RETURNING id");
  std::string out;
  const Parameter two[] = {2};
  RunLimits limits;
  limits.rows = 1;
  EXPECT_EQ(run_list(connection_, raise, two, limits, clock_, out).error().fault, RunFault::too_large);
  const auto& price = add("SELECT price FROM orders WHERE id = 1");
  EXPECT_EQ(list(price, {}), R"([{"price":9.5}])");
  limits.rows = 2;
  auto done = run_list(connection_, raise, two, limits, clock_, out);
  ASSERT_TRUE(done);
  EXPECT_EQ(done->changed, 2);
  EXPECT_EQ(out, R"([{"id":1},{"id":2}])");
  EXPECT_EQ(list(price, {}), R"([{"price":10.5}])");

  const auto& insert = add("INSERT INTO orders (id, customer) VALUES (:body.id, :body.customer)");
  EXPECT_EQ(list(insert, {1, "twice"}), fault(RunFault::conflict));
  EXPECT_EQ(list(insert, {"not a number", "x"}), fault(RunFault::value));
  EXPECT_EQ(list(insert, {9, "new"}), "[]");
}

TEST_F(Statements, JsonValuesAreBoundByTheirTypes) {
  json::Document document;
  json::Parser parser;
  ASSERT_TRUE(parser.parse(
      R"([null, true, 9007199254740993, 1.5, 1e2, "x", 99999999999999999999, {}, [], 1e400])", document));
  const auto at = [&](std::size_t i) { return as_parameter(*document.root().at(i)); };
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(at(0)->value()));
  EXPECT_EQ(std::get<std::int64_t>(at(1)->value()), 1);
  EXPECT_EQ(std::get<std::int64_t>(at(2)->value()), 9007199254740993);
  EXPECT_EQ(std::get<double>(at(3)->value()), 1.5);
  EXPECT_EQ(std::get<std::int64_t>(at(4)->value()), 100);
  EXPECT_EQ(std::get<std::string_view>(at(5)->value()), "x");
  for (const std::size_t refused : {6U, 7U, 8U, 9U}) EXPECT_FALSE(at(refused)) << refused;
}

TEST_F(Statements, ADatabaseThatIsHeldByAnotherWriterIsBusyNoLongerThanTheDeadline) {
  std::string pattern = "/tmp/gatehouse-db-XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  {
    auto holder = Connection::open({.path = folder + "/a.db"});
    auto other = Connection::open({.path = folder + "/a.db"});
    ASSERT_TRUE(holder->execute("CREATE TABLE t (i INTEGER)"));
    StatementCatalogue catalogue(*other);
    const auto insert = catalogue.add("INSERT INTO t VALUES (:body.i)");
    ASSERT_TRUE(insert);
    auto transaction = Transaction::begin(*holder, Transaction::Kind::write);
    const Parameter values[] = {1};
    std::string out;
    const auto start = clock_.monotonic();
    RunLimits limits;
    limits.deadline = start + std::chrono::milliseconds{30};
    EXPECT_EQ(run_list(*other, **insert, values, limits, clock_, out).error().fault, RunFault::busy);
    EXPECT_LT(clock_.monotonic() - start, std::chrono::seconds{3});
  }
  std::filesystem::remove_all(folder);
}

TEST_F(Statements, AnotherThreadEndsARunAndNoneThatComesAfterIt) {
  const auto& endless =
      add("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS c FROM n");
  RunHandle handle;
  RunLimits limits;
  limits.handle = &handle;
  std::thread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));  // so that it runs; early would do too
    EXPECT_TRUE(handle.interrupt());
  });
  EXPECT_EQ(list(endless, {}, limits), fault(RunFault::late));
  other.join();
  EXPECT_EQ(list(endless, {}, limits), fault(RunFault::late)) << "it was interrupted before it began";
  const auto& insert = add("INSERT INTO orders (id, customer) VALUES (:body.id, 'x')");
  EXPECT_EQ(list(insert, {77}, limits), fault(RunFault::late)) << "too short to be stopped before its commit";
  EXPECT_EQ(list(add("SELECT 1 AS i FROM orders WHERE id = 77"), {}), "[]");
}

TEST_F(Statements, AChangeThatIsCommittedIsNotInterrupted) {
  RunHandle handle;
  RunLimits limits;
  limits.handle = &handle;
  EXPECT_EQ(list(add("INSERT INTO orders (id, customer) VALUES (:body.id, 'x')"), {77}, limits), "[]");
  EXPECT_FALSE(handle.interrupt());
  EXPECT_TRUE(handle.is_committed());
}

TEST_F(Statements, AWaitForAnotherWriterIsInterrupted) {
  std::string pattern = "/tmp/gatehouse-db-XXXXXX";
  const std::string folder = ::mkdtemp(pattern.data());
  {
    auto holder = Connection::open({.path = folder + "/a.db"});
    auto other = Connection::open({.path = folder + "/a.db"});
    auto transaction = Transaction::begin(*holder, Transaction::Kind::write);
    RunHandle handle;
    RunLimits limits;
    limits.handle = &handle;
    std::thread interrupter([&] { handle.interrupt(); });
    const auto start = clock_.monotonic();
    EXPECT_FALSE(begin_runs(*other, Effect::writes, limits, clock_));
    EXPECT_LT(clock_.monotonic() - start, std::chrono::seconds{3});
    interrupter.join();
  }
  std::filesystem::remove_all(folder);
}

TEST_F(Statements, ColumnsWhoseNamesDifferInCaseOnlyAreOneName) {
  EXPECT_THAT(why_not("SELECT customer, id AS Customer FROM orders"),
              HasSubstr("the columns customer and Customer have the same name"));
  EXPECT_EQ(why_not("SELECT customer, id AS customers FROM orders"), "accepted");
}

TEST_F(Statements, AFunctionWhoseTimeIsTheTextSquaredIsRefused) {
  EXPECT_THAT(why_not("SELECT snippet(found, 0, '', '', '', 8) AS s FROM found WHERE found MATCH :query.q"),
              HasSubstr("use highlight"));
  EXPECT_EQ(why_not("SELECT highlight(found, 0, '', '') AS s FROM found WHERE found MATCH :query.q"),
            "accepted");
}

TEST_F(Statements, ThoseThatLookThroughTextsAreKnown) {
  for (const std::string_view text :
       {"SELECT id FROM orders WHERE customer LIKE :q.x", "SELECT id FROM orders WHERE customer GLOB :q.x",
        "SELECT id FROM orders WHERE instr(customer, :q.x)", "SELECT title FROM found WHERE found MATCH :q.x",
        "SELECT title FROM found(:q.x)"}) {
    EXPECT_TRUE(add(text).searches()) << text;
  }
  EXPECT_FALSE(add("SELECT id FROM orders WHERE customer = :q.x").searches());
}

// Values and rows may be secrets: SQLite's sentences quote them.
TEST_F(Statements, NoValueIsInTheTextOfAFailure) {
  run("CREATE TABLE strict_ones (i INTEGER UNIQUE CHECK (i < 100)) STRICT");
  const std::pair<std::string_view, Parameter> attempts[] = {
      {"SELECT title FROM found WHERE found MATCH :query.q", "s3cr3t:\""},
      {"SELECT title FROM found WHERE found MATCH :query.q", "\"s3cr3t"},
      {"SELECT title FROM found WHERE found MATCH :query.q", "s3cr3t : x"},
      {"SELECT json_extract('{}', :query.q) AS x", "s3cr3t"},
      {"SELECT json(:query.q) AS x", "s3cr3t"},
      {"INSERT INTO strict_ones VALUES (:query.q)", "s3cr3t"},
      {"INSERT INTO orders (id, customer) VALUES (1, :query.q)", "s3cr3t"},
      {"INSERT INTO orders (id, customer) VALUES (:query.q, 'x')", "s3cr3t"},
      {"SELECT 1 AS x FROM orders WHERE 's3cr3t' LIKE printf('%.500c', 'a') || :query.q", "s3cr3t"},
  };
  for (const auto& [text, value] : attempts) {
    std::string out;
    const Parameter values[] = {value};
    const auto result = run_list(connection_, add(text), values, {}, clock_, out);
    ASSERT_FALSE(result) << text;
    EXPECT_THAT(std::string(result.error().text.view()), ::testing::Not(HasSubstr("s3cr3t"))) << text;
    EXPECT_THAT(std::string(result.error().text.view()), HasSubstr("(SQLite ")) << text;
  }
}

// SQLite does not interrupt a search: so it is refused before it begins.
TEST_F(Statements, ATextOfASearchHasABound) {
  const auto words = [](std::size_t count, std::string_view word) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i) all += word;
    return all;
  };
  const std::string refused = fault(RunFault::value);
  for (const std::string_view text :
       {"SELECT title FROM found WHERE found MATCH :q.x", "SELECT title FROM found WHERE found = trim(:q.x)",
        "SELECT title FROM found(:q.x)", "SELECT title FROM found WHERE found MATCH 'title:' || :q.x",
        "SELECT title FROM orders, found WHERE found MATCH (SELECT :q.x) AND orders.id = 1"}) {
    const auto& search = add(text);
    EXPECT_EQ(list(search, {"red"}), R"([{"title":"red apple"}])") << text;
    EXPECT_EQ(list(search, {words(32, "x ")}), "[]") << text;
    for (const std::string& long_text :
         {words(33, "x "), words(33, "\u00e9 "), "NEAR(" + words(32, "x ") + ",100000)", words(17, "\"x\"y"),
          words(65, "\"\" "), words(65, "\""), "\"" + words(33, "x.") + "\"", words(33, "_+"),
          words(257, "x"), "x" + words(256, " ")}) {
      EXPECT_EQ(list(search, {long_text}), refused) << text << long_text;
    }
  }
  EXPECT_EQ(
      list(add("SELECT title FROM found WHERE found MATCH 'red' AND title <> :q.x"), {words(300, "x ")}),
      R"([{"title":"red apple"}])");
  EXPECT_EQ(list(add("INSERT INTO found (title) VALUES (:q.x)"), {words(300, "x ")}), "[]");
  EXPECT_EQ(list(add("SELECT count(*) AS c FROM json_each(:q.x)"), {"[" + words(300, "1,") + "1]"}),
            R"([{"c":301}])");
}

}  // namespace
}  // namespace gatehouse::db
