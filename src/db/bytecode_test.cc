// Which parameters SQLite takes for numbers.
#include <stdexcept>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/catalogue.h"

namespace gatehouse::db {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class TakenForNumbers : public ::testing::Test {
 protected:
  TakenForNumbers() : connection_(*Connection::open({.path = ":memory:"})), catalogue_(connection_) {
    run("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT NOT NULL)");
    run("CREATE VIRTUAL TABLE found USING fts5(title)");
    run("CREATE TABLE numbers (id INTEGER PRIMARY KEY, n INT, k INTEGER, r REAL, d NUMERIC, t TEXT, b, u "
        "INTEGER)");
    run("CREATE INDEX numbers_k ON numbers (k, t)");
    run("CREATE INDEX numbers_t ON numbers (t)");
    run("CREATE TABLE pairs (a INTEGER, b TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID");
    run("CREATE TABLE strict (id INTEGER PRIMARY KEY, n INT UNIQUE, t TEXT, a ANY) STRICT");
    run("CREATE TABLE named (name TEXT PRIMARY KEY, t TEXT, n INTEGER)");
    run("CREATE TABLE uniques (n INTEGER UNIQUE, t TEXT)");
    run("CREATE TABLE parts (id INTEGER PRIMARY KEY, number INTEGER REFERENCES numbers (id), t TEXT)");
  }
  void run(Sql sql) {
    const auto done = connection_.execute(sql);
    if (!done) throw std::runtime_error(done.error().text);
  }
  std::string taken(std::string_view text) {
    const auto added = catalogue_.add(text);
    if (!added) return added.error().what;
    const FixedStatement& statement = **added;
    std::string found;
    for (std::size_t i = 0; i < statement.parameters().size(); ++i) {
      if (statement.use_of(i) != ParameterUse::as_written) found += statement.parameters()[i].text() + " ";
    }
    return found;
  }

  Connection connection_;
  StatementCatalogue catalogue_;
};

TEST_F(TakenForNumbers, WhereTheyAreCompared) {
  for (const std::string_view text :
       {"SELECT t FROM numbers WHERE id = :q.x", "SELECT t FROM numbers WHERE id > :q.x",
        "SELECT t FROM numbers WHERE n = :q.x", "SELECT t FROM numbers WHERE k = :q.x",
        "SELECT t FROM numbers WHERE k = :q.x AND t = :q.t", "SELECT t FROM numbers WHERE k < :q.x",
        "SELECT t FROM numbers WHERE r = :q.x", "SELECT t FROM numbers WHERE d <> :q.x",
        "SELECT t FROM numbers WHERE k IN (:q.x, 7)", "SELECT t FROM numbers WHERE n BETWEEN 1 AND :q.x",
        "SELECT t FROM numbers WHERE coalesce(:q.x, 1) = n",
        "SELECT t FROM numbers WHERE :q.x = n OR t = :q.t",
        "SELECT t FROM numbers WHERE :q.x IN (SELECT k FROM numbers)", "SELECT b FROM pairs WHERE a = :q.x",
        "SELECT CASE n WHEN :q.x THEN 1 END AS c FROM numbers", "UPDATE numbers SET t = :q.t WHERE id = :q.x",
        "DELETE FROM numbers WHERE n = :q.x",
        "SELECT x.t FROM numbers x JOIN orders o ON o.id = x.k WHERE o.id = :q.x",
        "WITH one AS (SELECT k FROM numbers WHERE t = :q.t) SELECT k FROM one WHERE k = :q.x"}) {
    EXPECT_EQ(taken(text), "q.x ") << text;
  }
}

TEST_F(TakenForNumbers, AfterAnyOperationOnThem) {
  for (const std::string_view text :
       {"SELECT t FROM numbers WHERE n = nullif(:q.x, '')",
        "SELECT t FROM numbers WHERE id = trim(:q.x)",
        "SELECT t FROM numbers WHERE n = :q.x || ''",
        "SELECT t FROM numbers WHERE n = '' || :q.x",
        "SELECT t FROM numbers WHERE n = max(:q.x, 'a')",
        "SELECT t FROM numbers WHERE n = coalesce(NULL, :q.x, t)",
        "SELECT t FROM numbers WHERE n = iif(t = 'a', :q.x, 5)",
        "SELECT t FROM numbers WHERE n = ifnull(t, :q.x)",
        "SELECT t FROM numbers WHERE n = CASE WHEN t = 'a' THEN :q.x ELSE 5 END",
        "SELECT t FROM numbers WHERE n = CASE WHEN t = 'a' THEN 5 ELSE :q.x END",
        "SELECT t FROM numbers WHERE n = (SELECT :q.x)",
        "SELECT t FROM numbers WHERE n = CAST(:q.x AS TEXT)",
        "SELECT t FROM numbers WHERE n = CAST(:q.x AS INTEGER)",
        "SELECT t FROM numbers WHERE id = :q.x + 0",
        "SELECT t FROM numbers WHERE n IN (SELECT :q.x UNION SELECT 5)",
        "SELECT t FROM numbers WHERE n = printf('%s', :q.x)",
        "SELECT t FROM numbers WHERE n = abs(:q.x)",
        "WITH one AS (SELECT :q.x AS v) SELECT t FROM numbers, one WHERE n = v",
        "WITH one AS MATERIALIZED (SELECT :q.x AS v UNION SELECT 'x') SELECT t FROM numbers, one WHERE n = v",
        "WITH one(v) AS (VALUES (:q.x), ('b')) SELECT t FROM numbers WHERE n IN (SELECT v FROM one)",
        "WITH RECURSIVE one(v, i) AS (SELECT :q.x, 0 UNION ALL SELECT v, i + 1 FROM one WHERE i < 2) SELECT "
        "t FROM "
        "numbers JOIN one ON n = v",
        "SELECT t FROM numbers JOIN (SELECT :q.x AS v ORDER BY 1 LIMIT 1) ON k = v",
        "SELECT t FROM numbers WHERE n = (SELECT max(v) FROM (SELECT :q.x AS v UNION ALL SELECT 'z'))",
        "SELECT t FROM numbers WHERE n = (SELECT group_concat(v) FROM (SELECT :q.x AS v))",
        "SELECT t, max(n) FROM numbers GROUP BY t HAVING max(n) = lower(:q.x) OR n = :q.x",
        "SELECT t FROM numbers WHERE (n, t) = (:q.x, 'a')",
        "SELECT t FROM numbers WHERE (n, t) IN (SELECT :q.x, 'a')",
        "SELECT t FROM numbers WHERE EXISTS (SELECT 1 FROM orders WHERE orders.id = substr(:q.x, 1))",
        "UPDATE numbers SET t = 'a' WHERE id = lower(:q.x)",
        "DELETE FROM numbers WHERE n = lower(:q.x)",
        "SELECT t FROM numbers WHERE n = json_extract(:q.x, '$.n')",
        "SELECT x.value AS v FROM numbers, (SELECT :q.x AS value) AS x WHERE n BETWEEN 0 AND x.value"}) {
    EXPECT_EQ(taken(text), "q.x ") << text;
  }
}

TEST_F(TakenForNumbers, AsKeysOfRowsAndConflictsAndInColumnsOfNumbers) {
  for (const std::string_view text :
       {"INSERT INTO numbers (id, t) VALUES (:q.x, :q.t)",
        "INSERT INTO numbers (id, t) VALUES (:q.x, 'a') ON CONFLICT (id) DO UPDATE SET t = excluded.t",
        "INSERT OR IGNORE INTO numbers (id) SELECT trim(:q.x)",
        "REPLACE INTO numbers (id, t) VALUES (:q.x, :q.t)",
        "UPDATE OR REPLACE numbers SET id = :q.x WHERE t = :q.t",
        "INSERT INTO uniques VALUES (:q.x, 'a') ON CONFLICT (n) DO UPDATE SET t = excluded.t",
        "REPLACE INTO uniques VALUES (:q.x, :q.t)",
        "UPDATE OR REPLACE uniques SET n = :q.x",
        "INSERT INTO pairs VALUES (:q.x, :q.t) ON CONFLICT DO UPDATE SET b = :q.y",
        "REPLACE INTO pairs VALUES (:q.x, :q.t)",
        "INSERT INTO named VALUES ('a', 'a', 1) ON CONFLICT DO UPDATE SET n = :q.x",
        "INSERT INTO numbers (n, t) VALUES (:q.x, :q.t)",
        "UPDATE numbers SET u = :q.x WHERE t = :q.t",
        "INSERT INTO strict (n, t) VALUES (:q.x, :q.t)",
        "INSERT INTO parts (number, t) VALUES (:q.x, :q.t)",
        "INSERT INTO found (rowid, title) VALUES (:q.x, 'a')",
        "REPLACE INTO found (rowid, title) VALUES (:q.x, :q.t)",
        "UPDATE found SET rowid = :q.x WHERE title = 'a'",
        "DELETE FROM found WHERE rowid = :q.x",
        "SELECT rowid AS id FROM found WHERE rowid = :q.x",
        "SELECT title FROM found WHERE rowid > :q.x",
        "SELECT title FROM found WHERE found MATCH 'a' AND rowid = :q.x"}) {
    const std::string found = taken(text);
    EXPECT_THAT(found, StartsWith("q.x ")) << text;
    EXPECT_THAT(found, Not(HasSubstr("q.t"))) << text;
  }
}

TEST_F(TakenForNumbers, ThroughTableValuedFunctions) {
  for (const std::string_view text :
       {"SELECT t FROM numbers WHERE id IN (SELECT value FROM json_each(:q.x))",
        "SELECT t FROM numbers JOIN json_each(:q.x) AS j ON numbers.id = j.value",
        "SELECT t FROM numbers JOIN json_each(json_array(:q.x)) AS j ON n = j.value",
        "SELECT t FROM numbers WHERE k IN (SELECT value FROM json_each(json_array(:q.x)))",
        "SELECT t FROM numbers WHERE EXISTS (SELECT 1 FROM json_each(:q.x) WHERE r = value)",
        "SELECT t FROM numbers WHERE id IN (SELECT atom FROM json_tree(:q.x))",
        "SELECT t FROM json_each('[1]') AS a, json_each(:q.x, '$') AS b, numbers WHERE n = b.value",
        "SELECT t FROM numbers WHERE n IN (SELECT value FROM json_each('{}', :q.x))",
        "UPDATE numbers SET t = 'a' FROM json_each(:q.x) AS j WHERE numbers.id = j.value"}) {
    EXPECT_EQ(taken(text), "q.x ") << text;
  }
}

// 5e1, 50.0 and 50 are one number there, which a condition over the text does not know.
TEST_F(TakenForNumbers, ReadOutOfJsonAndCompared) {
  for (const std::string_view text :
       {"SELECT t FROM numbers WHERE json_extract(t, '$.id') = json_extract(:q.x, '$')",
        "SELECT t FROM numbers WHERE t ->> '$.id' = :q.x ->> '$'",
        "SELECT t FROM numbers WHERE t ->> 'id' IS :q.x ->> 'id'",
        "SELECT t FROM numbers WHERE json_extract(t, '$.id') <> json_extract(:q.x, '$')",
        "SELECT t FROM numbers WHERE json_extract(:q.x, '$') BETWEEN 49 AND 51",
        "SELECT t FROM numbers WHERE json_extract(:q.x, '$') = 50",
        "SELECT t FROM numbers WHERE json_extract(:q.x, '$') IN (49, 50, 51, json_extract(t, '$.id'))",
        "SELECT t FROM numbers WHERE json_extract(t, '$.id') IN (SELECT value FROM json_each(:q.x))",
        "SELECT t FROM numbers WHERE json_extract(t, '$.id') IN (SELECT atom FROM json_tree(:q.x))",
        "SELECT t FROM numbers WHERE (json_extract(t, '$.id'), 1) IN (SELECT value, 1 FROM json_each(:q.x))",
        "SELECT t FROM numbers WHERE :q.x ->> '$' IN (SELECT json_extract(t, '$.id') FROM numbers)",
        "SELECT t FROM numbers, json_each(:q.x) AS j WHERE json_extract(t, '$.id') = j.value",
        "SELECT t FROM numbers, json_each(numbers.t) AS j WHERE j.value = json_extract(:q.x, '$')",
        "SELECT t FROM json_each(:q.x) AS a JOIN json_each('[50]') AS b ON a.value = b.value, numbers",
        "SELECT t FROM numbers WHERE CASE json_extract(t, '$.id') WHEN json_extract(:q.x, '$') THEN 1 END",
        "SELECT t FROM numbers WHERE nullif(json_extract(t, '$.id'), json_extract(:q.x, '$')) IS NULL",
        "SELECT typeof(max(json_extract(:q.x, '$'), 49)) AS t",
        "SELECT json_extract(:q.x, '$') AS v INTERSECT SELECT json_extract(t, '$.id') FROM numbers",
        "SELECT json_extract(t, '$.id') AS v FROM numbers EXCEPT SELECT :q.x ->> '$' ORDER BY 1",
        // By way of other values.
        "SELECT t FROM numbers WHERE json_extract(t, '$.id') = (SELECT json_extract(:q.x, '$'))",
        "WITH one AS (SELECT json_extract(:q.x, '$') AS v) SELECT t FROM numbers, one WHERE t ->> 'id' = v",
        "WITH one AS MATERIALIZED (SELECT :q.x ->> '$' AS v UNION ALL SELECT 1) SELECT t FROM numbers, one "
        "WHERE t ->> 'id' = v",
        "SELECT t FROM numbers WHERE b = coalesce(NULL, json_extract(:q.x, '$'), b)",
        "SELECT t FROM numbers WHERE b = iif(t = 'a', json_extract(:q.x, '$'), 5)",
        "SELECT t FROM numbers WHERE b = json_extract(json_array(json(:q.x)), '$[0]')",
        "SELECT t FROM numbers WHERE b = json_extract(json_set('{}', '$.a', json(:q.x)), '$.a')",
        "SELECT t FROM numbers WHERE b = json_extract('[' || :q.x || ']', '$[0]')",
        "SELECT t FROM numbers WHERE b = (SELECT max(value) FROM json_each(:q.x))",
        // Made a text again, 5e1 is 50.0.
        "SELECT t FROM numbers WHERE t = json_extract(:q.x, '$')",
        "SELECT t FROM numbers WHERE t = json_extract(:q.x, '$') || ''",
        "SELECT t FROM numbers WHERE t = CAST(json_extract(:q.x, '$') AS TEXT)",
        "SELECT t FROM numbers WHERE t = lower(:q.x ->> '$')",
        "SELECT t FROM numbers WHERE t LIKE json_extract(:q.x, '$')",
        "SELECT t FROM numbers WHERE instr(t, :q.x ->> '$') = 1",
        "UPDATE numbers SET t = 'a' WHERE b = json_extract(:q.x, '$')",
        "DELETE FROM numbers WHERE b IN (SELECT value FROM json_each(:q.x))"}) {
    EXPECT_EQ(taken(text), "q.x ") << text;
  }
}

// '0', '00' and 'x' are false.
TEST_F(TakenForNumbers, ForTrueOrFalse) {
  for (const std::string_view text :
       {"SELECT t FROM numbers WHERE :q.x", "SELECT t FROM numbers WHERE NOT :q.x",
        "SELECT t FROM numbers WHERE :q.x OR t = 'a'", "SELECT t FROM numbers WHERE t = 'a' AND trim(:q.x)",
        "SELECT (:q.x AND n) AS both FROM numbers", "SELECT t FROM numbers WHERE (:q.x IS TRUE) = n",
        "SELECT iif(:q.x, t, 'a') AS v FROM numbers",
        "SELECT CASE WHEN :q.x || '' THEN t END AS v FROM numbers"}) {
    EXPECT_EQ(taken(text), "q.x ") << text;
  }
}

// $[1] and $[01] are one path, `1 day` and `+01 days` one modifier: a text means its parsed value.
TEST_F(TakenForNumbers, AsPathsInJsonColumnsOfHighlightAndModifiers) {
  for (const std::string_view text :
       {"SELECT t ->> :q.x AS v FROM numbers",
        "SELECT t -> :q.x AS v FROM numbers",
        "SELECT t -> '$.a' ->> trim(:q.x) AS v FROM numbers",
        "SELECT json_extract(t, :q.x) AS v FROM numbers",
        "SELECT json_extract(t, '$[' || :q.x || ']') AS v FROM numbers",
        "SELECT JSON_EXTRACT(t, '$.a', '$.b', :q.x) AS v FROM numbers",
        "SELECT json_extract(t, (SELECT :q.x)) AS v FROM numbers",
        "SELECT json_extract(t, json_extract(b, :q.x)) AS v FROM numbers",
        "SELECT json_extract(t, CASE WHEN n > 1 THEN :q.x ELSE '$' END) AS v FROM numbers",
        "WITH p AS MATERIALIZED (SELECT :q.x AS v) SELECT json_extract(t, p.v) AS v FROM numbers, p",
        "SELECT n FROM numbers WHERE json_extract(t, :q.x) = 5",
        "SELECT json_remove(t, '$.a', :q.x) AS v FROM numbers",
        "SELECT json_type(t, :q.x) AS v FROM numbers",
        "SELECT json_array_length(t, :q.x) AS v FROM numbers",
        "SELECT json_set(t, :q.x, :q.t) AS v FROM numbers",
        "SELECT json_set(t, '$.a', :q.t, :q.x, 1) AS v FROM numbers",
        "SELECT json_insert(t, '$.' || :q.x, :q.t) AS v FROM numbers",
        "SELECT json_replace(t, :q.x, :q.t) AS v FROM numbers",
        "UPDATE numbers SET t = json_set(t, '$[' || :q.x || ']', :q.t)",
        "SELECT key FROM json_each('[1]', :q.x)",
        "SELECT key FROM numbers, json_each(numbers.t, '$[' || :q.x || ']')",
        "SELECT key FROM json_tree WHERE json = '[1]' AND root = :q.x",
        "SELECT key FROM json_each(:q.t, :q.x)",
        "SELECT highlight(found, :q.x, '<', '>') AS h FROM found WHERE found MATCH 'a'",
        "SELECT highlight(found, trim(:q.x), '<', :q.t) AS h FROM found WHERE found MATCH :q.t",
        "SELECT bm25(found, :q.x) AS h FROM found WHERE found MATCH 'a'",
        "SELECT date('now', :q.x) AS d",
        "SELECT time(t, '+1 hour', :q.x) AS d FROM numbers",
        "SELECT datetime(t, '+' || :q.x || ' days') AS d FROM numbers",
        "SELECT strftime(:q.t, 'now', :q.x) AS d",
        "SELECT printf('%*d', :q.x, n) AS p FROM numbers",
        "SELECT round(r, :q.x) AS p FROM numbers",
        "SELECT char(:q.x) AS p",
        "SELECT hex(zeroblob(:q.x)) AS p",
        "SELECT lag(t, :q.x) OVER (ORDER BY id) AS p FROM numbers",
        "SELECT lead(t, :q.x, :q.t) OVER (ORDER BY id) AS p FROM numbers",
        "SELECT nth_value(t, :q.x) OVER (ORDER BY id) AS p FROM numbers",
        "SELECT ntile(:q.x) OVER (ORDER BY id) AS p FROM numbers"}) {
    const std::string found = taken(text);
    EXPECT_THAT(found, HasSubstr("q.x ")) << text;
    EXPECT_THAT(found, Not(HasSubstr("q.t"))) << text;
  }
}

// The function that `rank` names may be snippet, or highlight with a column that the statement does not name.
TEST_F(TakenForNumbers, NoneRanksOrCommandsASearchTable) {
  for (const std::string_view text :
       {"SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank MATCH :q.x ORDER BY rank",
        "SELECT rowid AS id FROM found WHERE rank MATCH :q.x AND found MATCH 'a' AND title MATCH 'b'",
        "SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank = :q.x",
        "SELECT rank AS r FROM found WHERE found MATCH 'a' AND rank = 'bm25(' || :q.x || ')'",
        "SELECT rank AS r FROM found WHERE found MATCH 'a' AND rank = (SELECT lower(:q.x))",
        "SELECT rank AS r FROM found WHERE found MATCH 'a' AND rank IN (:q.x, 'bm25(1)')",
        "SELECT f.rank AS r FROM found AS f, (SELECT :q.x AS v) AS o WHERE f.found MATCH 'a' AND f.rank = "
        "o.v",
        "SELECT rowid AS id FROM found('a', :q.x)",
        "DELETE FROM found WHERE found MATCH 'a' AND rank MATCH :q.x",
        "INSERT INTO found (found, rank) VALUES ('rank', :q.x)", "INSERT INTO found (found) VALUES (:q.x)",
        "INSERT INTO found (found, rowid, title) SELECT :q.x, id, t FROM numbers",
        "UPDATE found SET rank = :q.x WHERE title = 'a'",
        // A stored value may have been sent by a caller before.
        "SELECT f.rowid AS id FROM numbers AS n, found AS f WHERE f.found MATCH 'a' AND f.rank = n.t",
        "SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank MATCH (SELECT t FROM numbers)",
        "SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank = (SELECT max(t) FROM numbers)",
        "SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank = (SELECT printf('%s', t) FROM "
        "numbers)",
        "SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank = (SELECT 'bm25(' || n || ')' FROM "
        "numbers ORDER BY t)",
        "SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank = (SELECT value FROM json_each((SELECT "
        "t FROM numbers)))",
        "WITH w AS MATERIALIZED (SELECT t FROM numbers) SELECT rowid AS id FROM found WHERE found MATCH 'a' "
        "AND rank = (SELECT t FROM w)",
        "INSERT INTO found (found, rank) SELECT 'rank', t FROM numbers",
        "INSERT INTO found (found) SELECT t FROM numbers ORDER BY t",
        "INSERT INTO found (found) SELECT title FROM found",
        "UPDATE found SET rank = (SELECT t FROM numbers)"}) {
    EXPECT_THAT(taken(text), HasSubstr("rank of a search table")) << text;
  }
  for (const std::string_view text :
       {"SELECT rowid AS id FROM found WHERE found MATCH :q.x AND rank MATCH 'bm25(10.0)' ORDER BY rank",
        "SELECT rowid AS id FROM found WHERE rank MATCH 'bm25(10.0)' AND title MATCH :q.x",
        "SELECT rank AS r FROM found(:q.x, 'bm25(2.0)') ORDER BY rank LIMIT 5",
        "INSERT INTO found (found, title) VALUES ('delete-all', :q.x)",
        "UPDATE found SET title = :q.x WHERE found MATCH :q.y",
        "INSERT INTO found (rowid, title) SELECT id, t FROM numbers",
        "INSERT INTO found (rowid, title) SELECT id, t FROM numbers ORDER BY t",
        "UPDATE found SET title = (SELECT t FROM numbers WHERE id = 1) WHERE rowid = 1",
        "UPDATE found SET title = title || 'x' WHERE rowid IN (SELECT id FROM numbers)",
        "DELETE FROM found WHERE title IN (SELECT t FROM numbers)",
        "SELECT f.title, n.t FROM numbers AS n, found AS f WHERE f.found MATCH n.t AND f.rank MATCH "
        "'bm25(1.0)'",
        "SELECT rowid AS id FROM found WHERE found MATCH 'a' AND rank MATCH CASE (SELECT t FROM numbers) "
        "WHEN 'x' THEN 'bm25(1.0)' ELSE 'bm25(2.0)' END"}) {
    EXPECT_EQ(taken(text), "") << text;
  }
}

// With any comparison of the result.
TEST_F(TakenForNumbers, ByFunctionsThatCalculate) {
  for (const std::string_view text :
       {"SELECT n FROM numbers LIMIT :q.x",
        "SELECT n FROM numbers LIMIT 1 OFFSET :q.x",
        "SELECT n + :q.x AS s FROM numbers",
        "SELECT t FROM numbers WHERE id + 0 = :q.x + 0",
        "SELECT t FROM numbers WHERE NOT (n - :q.x)",
        "SELECT t FROM numbers WHERE (b & :q.x) = b",
        "SELECT t FROM numbers WHERE b = ~:q.x",
        "SELECT t FROM numbers WHERE b = -:q.x",
        "SELECT t FROM numbers WHERE b = CAST(:q.x AS REAL)",
        "SELECT t FROM numbers WHERE json_extract(t, '$.id') = abs(:q.x)",
        "SELECT t FROM numbers WHERE json_extract(t, '$.id') = round(trim(:q.x))",
        "SELECT t FROM numbers WHERE json_extract(t, '$.id') = coalesce(CAST(:q.x AS INTEGER), 0)",
        "SELECT t FROM numbers WHERE b BETWEEN :q.x + 0 AND 5",
        "SELECT id FROM numbers INTERSECT SELECT :q.x + 0",
        "SELECT t FROM numbers WHERE printf('%d', :q.x) = CAST(id AS TEXT)",
        "SELECT t FROM numbers WHERE CAST(CAST(:q.x AS INTEGER) AS TEXT) = CAST(id AS TEXT)",
        "SELECT t FROM numbers WHERE b = (SELECT sum(v) FROM (SELECT :q.x AS v))",
        "SELECT t FROM numbers WHERE t = substr('5e1 50', :q.x, 3)",
        "SELECT t FROM numbers WHERE b = printf('%d', t || :q.x)",
        "SELECT t FROM numbers WHERE b = printf('%d%d%s', 1, n || :q.x, t)",
        "SELECT t FROM numbers WHERE b = printf('%d%d', n, iif(n > 5, :q.x, t))",
        "SELECT t FROM numbers WHERE b = printf('%d%d', n, (SELECT :q.x || t FROM orders))",
        "SELECT t FROM numbers WHERE b = julianday(t, b, b, coalesce(t, :q.x))",
        "SELECT t FROM numbers WHERE b = printf('%d', id, :q.x || t, b, t, d, r, k, n, u)",
        "SELECT t FROM numbers WHERE b = printf(u, t, :q.x || t, n, k, r, d, t, b)",
        "SELECT t FROM numbers WHERE b = printf('', t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, t, "
        "t, t, t, "
        "t, t, t, t, t, t, t, t, t, t, :q.x)",
        "SELECT a.v AS v FROM (SELECT :q.x AS v, t FROM numbers ORDER BY 2 LIMIT 3) AS a WHERE "
        "printf('%d%d', t, v) "
        "= t",
        "SELECT t FROM numbers WHERE u >= unixepoch(:q.x)",
        "SELECT t FROM numbers WHERE b = julianday(:q.x)"}) {
    EXPECT_EQ(taken(text), "q.x ") << text;
  }
}

TEST_F(TakenForNumbers, NotWhereTheyStayTexts) {
  for (const std::string_view text :
       {"SELECT n FROM numbers WHERE n = length(:q.x)",
        // Beside a function that takes any number of arguments.
        "SELECT julianday(t) AS j FROM numbers WHERE b = :q.x AND t > :q.y",
        "SELECT printf('%.2f', r) AS p FROM numbers WHERE t = :q.x AND b > :q.y",
        "SELECT printf('%.2f %s', r, t || t) AS p, :q.z AS z FROM numbers WHERE t = :q.x AND b > :q.y",
        "SELECT json_object('n', n) AS o FROM numbers WHERE t = :q.x AND n > max(1, k) AND b > :q.y",
        "INSERT INTO numbers (t, u, b) VALUES (:q.x, unixepoch(), :q.y)",
        "INSERT INTO uniques (t, n) VALUES (:q.x, unixepoch())",
        "INSERT INTO numbers (u, t) VALUES (unixepoch('now'), :q.x)",
        "UPDATE numbers SET u = unixepoch('now'), t = :q.x WHERE t = :q.y",
        "SELECT max(n, 5) AS m FROM numbers WHERE t = :q.x AND b > :q.y",
        "SELECT n FROM numbers WHERE t = trim(:q.x) AND n = 5 AND id > 3",
        "SELECT n FROM numbers WHERE t = lower(:q.x) || 'a' ORDER BY n LIMIT 5",
        "WITH one AS (SELECT k, :q.x AS t FROM numbers) SELECT k FROM one WHERE k = 5 AND t = 'a'",
        "SELECT n, count(*) AS c FROM numbers WHERE t = :q.x GROUP BY n HAVING n > 5 ORDER BY n DESC",
        "SELECT t FROM numbers WHERE instr(t, :q.x) > 0 AND k BETWEEN 1 AND 5",
        "SELECT CASE WHEN t = :q.x THEN n ELSE 0 END AS v FROM numbers WHERE n > 5",
        "SELECT n FROM numbers WHERE :q.x IS NULL OR t = :q.x",
        "SELECT n FROM numbers AS a WHERE t = :q.x AND EXISTS (SELECT 1 FROM numbers AS b WHERE b.k = a.k)",
        "SELECT n FROM numbers WHERE CAST(id AS TEXT) = trim(:q.x)",
        "SELECT o.id AS i FROM orders AS o JOIN numbers AS m ON m.id = o.id WHERE o.customer = nullif(:q.x, "
        "'')",
        "SELECT n FROM numbers WHERE t = :q.x UNION SELECT k FROM numbers WHERE b = :q.x ORDER BY 1",
        "SELECT n, row_number() OVER (ORDER BY n) AS r FROM numbers WHERE t = :q.x",
        "INSERT INTO numbers (n, t) SELECT n, :q.x FROM numbers WHERE t = :q.x",
        "UPDATE numbers SET t = trim(:q.x) WHERE n = 5 RETURNING id", "SELECT n FROM numbers WHERE t = :q.x",
        "SELECT n FROM numbers WHERE b = :q.x", "SELECT n FROM numbers WHERE CAST(n AS TEXT) = :q.x",
        "SELECT n FROM numbers WHERE +n = :q.x", "SELECT n FROM numbers WHERE t LIKE :q.x",
        "INSERT INTO numbers (t, b) VALUES (:q.x, :q.y) ON CONFLICT DO NOTHING",
        "INSERT INTO strict (t, a) VALUES (:q.x, :q.y)", "REPLACE INTO named VALUES (:q.x, :q.y, 5)",
        "INSERT INTO found (title) VALUES (:q.x)",
        "SELECT n FROM numbers WHERE t IN (SELECT key FROM json_each(:q.x)) AND n = 5",
        "INSERT INTO named (name, t) SELECT :q.x, value FROM json_each(:q.y) WHERE true",
        "SELECT n FROM numbers JOIN found ON numbers.n = found.title WHERE found MATCH :q.x",
        "SELECT n FROM numbers WHERE datetime(u, 'unixepoch') >= datetime(:q.x)",
        // JSON out of which no number of the caller's is read.
        "SELECT n FROM numbers WHERE json_extract(t, '$.owner') = :q.x",
        "SELECT n FROM numbers WHERE t ->> 'owner' = :q.x AND t ->> 'n' > 5",
        "SELECT n FROM numbers WHERE t -> '$.id' = :q.x -> '$'",
        "SELECT n FROM numbers WHERE EXISTS (SELECT 1 FROM json_each(t) WHERE value = :q.x)",
        "SELECT n FROM numbers WHERE json_extract(t, '$.a', '$[0]') = 5 AND b = :q.x",
        "SELECT json_set(t, '$.a', :q.x, '$.b', :q.y) AS j FROM numbers",
        "SELECT json_insert(t, '$[0]', :q.x) AS j, json_replace(t, '$[0]', :q.y) AS k FROM numbers",
        "SELECT json_patch(t, :q.x) AS j, json_quote(:q.y) AS k, json_object(:q.x, :q.y) AS o FROM numbers",
        "SELECT json_remove(:q.x, '$.a') AS j, json_type(:q.y, '$.a') AS k FROM numbers",
        "SELECT key FROM json_tree(:q.x, '$.a')",
        "INSERT INTO numbers (t, b) VALUES (json_extract(:q.x, '$.a'), :q.y)",
        "INSERT INTO numbers (t, b) VALUES (json_set(:q.x, '$.a', :q.y), :q.z)",
        "SELECT json_extract(:q.x, '$.a') AS a, json_extract(:q.y, '$.b', '$.c') AS b, :q.z AS z FROM "
        "numbers",
        "SELECT json_extract(t, '$.a') || :q.x AS a, datetime(t, '+1 day') || :q.y AS b FROM numbers",
        "UPDATE numbers SET t = json_remove(json_set(t, '$.a', :q.x), '$.b'), b = :q.y WHERE b = :q.z",
        "SELECT json_extract(t, CASE WHEN :q.x = 'a' THEN '$.a' ELSE '$.b' END) AS j FROM numbers",
        "SELECT t ->> CASE :q.x WHEN 'first' THEN 0 ELSE 1 END AS j FROM numbers",
        "SELECT highlight(found, 0, :q.x, :q.y) AS h FROM found WHERE found MATCH 'a'",
        "SELECT date(:q.x, '+1 day') AS d, strftime(:q.y, t, 'utc') AS s FROM numbers",
        "SELECT lag(:q.x, 1, :q.y) OVER (ORDER BY id) AS l FROM numbers",
        "SELECT n FROM numbers WHERE json_array_length(:q.x) < n",
        "SELECT n FROM numbers WHERE json_valid(:q.x) AND json_type(:q.x) = 'object'",
        "SELECT json_extract(:q.x, '$.a') AS a, :q.x ->> 'b' AS b FROM numbers ORDER BY n",
        "SELECT value FROM json_each(:q.x)", "UPDATE numbers SET t = json_set(t, '$.note', :q.x) WHERE n = 5",
        "SELECT n FROM numbers WHERE (:q.x IS NULL OR t = :q.x) AND (:q.y IS NOT NULL OR n)",
        "SELECT b FROM pairs WHERE b = :q.x", "SELECT title FROM found WHERE found MATCH :q.x",
        "SELECT n FROM numbers WHERE t IN (:q.x, 'a')", "UPDATE pairs SET b = :q.z"}) {
    EXPECT_EQ(taken(text), "") << text;
  }
}

}  // namespace
}  // namespace gatehouse::db
