#include "policy/guard.h"

#include <optional>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "cel/compile.h"
#include "cel/split.h"
#include "db/catalogue.h"
#include "json/writer.h"
#include "policy/environment.h"

namespace gatehouse::policy {
namespace {

// One table whose columns convert values differently: affinity, collation, none.
constexpr const char* kColumns[] = {"owner", "label", "level", "weight", "loose", "odd \"name\""};

class Guards : public ::testing::Test {
 protected:
  Guards() {
    EXPECT_TRUE(database_.execute(
        "CREATE TABLE t(owner TEXT, label VARCHAR(9) COLLATE NOCASE, level INTEGER, weight REAL, loose, "
        "\"odd \"\"name\"\"\" TEXT COLLATE RTRIM)"));
    lookup_ = *catalogue_.add("SELECT * FROM t");
    resource_ = resource_type({lookup_, {}});
    environment_.declare("a", cel::Type::dyn());
    environment_.declare("text", cel::Type::string());
    environment_.declare("number", cel::Type::integer());
    environment_.declare("roles", cel::Type::list(cel::Type::string()));
    environment_.declare("resource", resource_);
  }

  struct Values {
    cel::Value a, text, number, roles;
  };
  struct Answers {
    std::string cel, sql;  // "true", "false", "error"; sql: "" where it cannot be said
    std::string row;       // for messages
  };

  void put(const std::vector<db::Parameter>& row) {
    ASSERT_TRUE(database_.execute("DELETE FROM t"));
    ASSERT_TRUE(database_.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)",
                                  {row[0], row[1], row[2], row[3], row[4], row[5]}));
  }

  // A condition as CEL, and as SQL where it can be said in it.
  struct Question {
    std::string condition;
    std::optional<cel::Program> program;
    std::string sql;
    const db::FixedStatement* statement = nullptr;
    std::vector<GuardProgram> values;  // that the statement is run with
  };

  // No program: its types never fit.
  Question question(const std::string& condition) {
    Question asked{.condition = condition, .program = {}, .sql = {}, .values = {}};
    auto program = cel::compile(condition, environment_, cel::Type::boolean());
    if (!program) return asked;
    asked.program = *std::move(program);
    auto split = cel::split(condition, environment_, "resource");
    if (!split) return asked;
    auto sql = guard_sql(*std::move(split), resource_, "o", asked.values);
    if (!sql) return asked;
    asked.sql = *std::move(sql);
    const auto fixed = catalogue_.add("SELECT " + asked.sql + " AS answer FROM (SELECT * FROM t) AS o");
    EXPECT_TRUE(fixed) << condition << "\n" << asked.sql << "\n" << (fixed ? "" : fixed.error().what);
    if (fixed) asked.statement = *fixed;
    return asked;
  }

  Answers ask(const Question& asked, const Values& values) {
    EXPECT_TRUE(asked.program) << asked.condition;
    if (!asked.program) return {};
    json::Document row;
    const auto looked_up = db::run_one(database_, *lookup_, {}, {}, clock_, row);
    EXPECT_TRUE(looked_up) << asked.condition;
    cel::Bindings bindings;
    const cel::Value bound[] = {values.a, values.text, values.number, values.roles,
                                cel::Value::json(row.root(), resource_)};
    for (cel::Slot i = 0; i < 5; ++i) bindings.set(i, bound[i]);
    const auto outcome = asked.program->evaluate(bindings, scratch_);
    Answers answers;
    answers.cel = !outcome ? "error" : outcome->is_true() ? "true" : outcome->is_false() ? "false" : "error";
    answers.row = json::to_text(row.root());

    if (asked.statement == nullptr) return answers;
    std::vector<GuardValue> kept;
    for (const db::ParameterName& name : asked.statement->parameters()) {
      const GuardProgram& value = asked.values.at(std::stoul(name.path.at(1).substr(1)));
      kept.push_back(guard_value(value.program.evaluate(bindings, scratch_), value.use));
    }
    std::vector<db::Parameter> parameters;
    for (const GuardValue& value : kept) {
      parameters.push_back(std::visit(
          [](const auto& one) -> db::Parameter {
            using T = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<T, std::monostate>) {
              return nullptr;
            } else if constexpr (std::is_same_v<T, GuardMark>) {
              return db::Blob{one.bytes};
            } else {
              return one;
            }
          },
          value));
    }
    std::string json;
    const auto ran = db::run_one(database_, *asked.statement, parameters, {}, clock_, json);
    EXPECT_TRUE(ran) << asked.condition << "\n" << asked.sql;
    answers.sql = json == R"({"answer":1})"      ? "true"
                  : json == R"({"answer":0})"    ? "false"
                  : json == R"({"answer":null})" ? "error"
                                                 : json;
    return answers;
  }
  Answers ask(const std::string& condition, const Values& values) { return ask(question(condition), values); }

  db::Connection database_ = *db::Connection::open({.path = ":memory:"});
  SystemClock clock_;
  db::StatementCatalogue catalogue_{database_};
  const db::FixedStatement* lookup_ = nullptr;
  cel::Type resource_;
  cel::Environment environment_;
  cel::Scratch scratch_;
};

const std::vector<db::Parameter>& odd_values() {
  static const std::vector<db::Parameter> values = {nullptr,
                                                    0,
                                                    1,
                                                    2,
                                                    -1,
                                                    5,
                                                    1.0,
                                                    0.5,
                                                    -0.0,
                                                    5.0,
                                                    1e300,
                                                    "",
                                                    "5",
                                                    "5.0",
                                                    "ann",
                                                    "ANN",
                                                    "ann ",
                                                    "Ann\xCC\x88",
                                                    "\xC3\xA4nn",
                                                    std::string_view("an\0n", 4),
                                                    std::string_view("\0", 1),
                                                    "6",
                                                    ",",
                                                    "616E6E",
                                                    "x' OR 1=1 --",
                                                    "NULL",
                                                    "\xF0\x9F\x98\x80",
                                                    "\xEF\xBF\xBF",
                                                    std::int64_t{9007199254740993},
                                                    9007199254740992.0,
                                                    std::numeric_limits<std::int64_t>::min(),
                                                    std::numeric_limits<std::int64_t>::max(),
                                                    9223372036854775808.0,
                                                    -9223372036854775808.0,
                                                    1e15,
                                                    123456789012.0};
  return values;
}

TEST_F(Guards, AnswerAsConditionsDoWhateverTheRowAndTheValues) {
  std::mt19937 random(20261125);
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  const auto& rows = odd_values();
  const std::string ann = "ann";
  const std::vector<std::string> roles[] = {
      {}, {""}, {"ann"}, {"auditor", "an", "n"}, {"", ","}, {std::string("an\0n", 4), "5", "ANN"}};
  const cel::Value loose[] = {cel::Value::null(),
                              cel::Value::boolean(true),
                              cel::Value::boolean(false),
                              cel::Value::integer(0),
                              cel::Value::integer(1),
                              cel::Value::integer(5),
                              cel::Value::number(5),
                              cel::Value::number(0.5),
                              cel::Value::number(std::nan("")),
                              cel::Value::number(INFINITY),
                              cel::Value::number(-INFINITY),
                              cel::Value::number(9007199254740992.0),
                              cel::Value::integer(9007199254740993),
                              cel::Value::integer(std::numeric_limits<std::int64_t>::max()),
                              cel::Value::unsigned_integer(5),
                              cel::Value::string("ann"),
                              cel::Value::string("5"),
                              cel::Value::string(""),
                              cel::Value::bytes("ann"),
                              cel::Value::strings(std::span(roles[3])),
                              cel::Value::timestamp(cel::Timestamp{}),
                              cel::Value::missing(),
                              cel::Value::error(cel::Fault::divide_by_zero, "/")};
  const char* texts[] = {"ann", "ANN", "", "5", "an\xCC\x88", "zz"};

  const auto member = [&] {
    const std::string name = kColumns[below(std::size(kColumns) - 1)];
    return "resource." + name;
  };
  const char* anything[] = {"a",
                            "null",
                            "5",
                            "5.0",
                            "-1",
                            "'ann'",
                            "''",
                            "a.b",
                            "1 / 0 == 1 ? 1 : 2",
                            "dyn(text)",
                            "dyn(number)",
                            "double(number)",
                            "9007199254740993",
                            "9007199254740992.0",
                            "dyn(true)",
                            "0.0 / 0.0"};
  const auto operand = [&]() -> std::string {
    if (below(3) == 0) return "dyn(" + std::string(anything[below(std::size(anything))]) + ")";
    return below(2) == 0 ? "a" : below(2) == 0 ? "text" : "number";
  };
  const auto leaf = [&]() -> std::string {
    switch (below(8)) {
      case 0: return "'auditor' in roles";
      case 1: return "a == true";
      case 2: return member() + (below(2) == 0 ? " in roles" : " in ['ann', text]");
      case 3: return member() + " in [dyn(1), 'ann', 5.0, null]";
      case 4: return member() + " == " + member();
      default: break;
    }
    const char* relations[] = {"==", "!=", "<", "<=", ">", ">="};
    const std::string left = member();
    return below(3) == 0 ? fmt::format("{} {} {}", operand(), relations[below(6)], left)
                         : fmt::format("{} {} {}", left, relations[below(6)], operand());
  };
  std::size_t said = 0;
  std::size_t counts[3] = {};
  Question asked;
  // Each condition of two rows: to check its statement takes far longer than to run it.
  for (int round = 0; round < 10'000; ++round) {
    if (round % 2 == 0) {
      std::string condition = leaf();
      for (std::size_t more = below(3); more > 0; --more) {
        if (below(4) == 0) condition = fmt::format("!({})", condition);
        condition = fmt::format("({}) {} ({})", condition, below(2) == 0 ? "&&" : "||", leaf());
      }
      asked = question(condition);
    }
    if (asked.statement == nullptr) continue;  // its types never fit, or it cannot be said
    std::vector<db::Parameter> row;
    for (std::size_t i = 0; i < std::size(kColumns); ++i) row.push_back(rows[below(rows.size())]);
    put(row);
    const Values values{loose[below(std::size(loose))], cel::Value::string(texts[below(std::size(texts))]),
                        cel::Value::integer(static_cast<std::int64_t>(below(7)) - 1),
                        cel::Value::strings(std::span(roles[below(std::size(roles))]))};
    const Answers answers = ask(asked, values);
    ++said;
    ++counts[answers.cel == "true" ? 0 : answers.cel == "false" ? 1 : 2];
    ASSERT_EQ(answers.cel, answers.sql)
        << asked.condition << "\n"
        << answers.row << "\na: " << cel::to_text(values.a) << "\ntext: " << values.text.text()
        << "\nnumber: " << values.number.integer();
  }
  EXPECT_GT(said, 4'000U);
  for (const std::size_t count : counts) EXPECT_GT(count, 300U);
}

TEST_F(Guards, SayWhatRulesAboutOwnersNeed) {
  put({"ann", "gold", 3, 0.5, nullptr, "x"});
  const std::vector<std::string> roles = {"clerk"};
  const Values values{cel::Value::null(), cel::Value::string("ann"), cel::Value::integer(3),
                      cel::Value::strings(std::span(roles))};
  for (const char* condition :
       {"resource.owner == text || 'auditor' in roles",
        "resource.level <= number && resource.label in ['gold', 'silver']", "resource.loose == null",
        "!(resource.owner in roles)", "resource.level in [1, 2, 3]",
        "resource.owner != null && resource.weight >= 0.5"}) {
    EXPECT_EQ(ask(condition, values).sql, "true") << condition;
  }
}

TEST_F(Guards, LeaveWhatTheyCannotSay) {
  put({"ann", "gold", 3, 0.5, nullptr, "x"});
  const Values values{cel::Value::null(), cel::Value::string("ann"), cel::Value::integer(3),
                      cel::Value::strings(std::span<const std::string>())};
  for (const char* condition :
       {"resource.owner.startsWith(text)", "resource.level + 1 == number", "has(resource.owner)",
        "[1, 2].exists(i, i == resource.level)", "cel.bind(r, resource.owner, r == text)",
        "resource.owner == text ? true : false", "resource['owner'] == text", "text in [resource.owner]",
        "resource.?owner.orValue('') == text"}) {
    EXPECT_EQ(ask(condition, values).sql, "") << condition;
  }
}

TEST_F(Guards, TakeNoTextFromAValue) {
  put({"ann", "gold", 3, 0.5, nullptr, "x"});
  for (const char* text : {"' OR 1=1 --", "ann' --", "\"owner\"", "o.owner", "1", ":guard.v0", "616E6E"}) {
    const std::vector<std::string> roles = {text, ",", "616E6E"};
    const Values values{cel::Value::string(text), cel::Value::string(text), cel::Value::integer(3),
                        cel::Value::strings(std::span(roles))};
    for (const char* condition :
         {"resource.owner == text", "resource.owner == a", "resource.owner in roles"}) {
      EXPECT_EQ(ask(condition, values).sql, "false") << condition << " " << text;
    }
  }
}

TEST(GuardedStatements, CloseBehindACommentAndBeforeASemicolon) {
  auto database = *db::Connection::open({.path = ":memory:"});
  db::StatementCatalogue catalogue(database);
  for (const char* statement :
       {"SELECT 1 AS a -- the end", "SELECT 1 AS a ; ", "SELECT 1 AS a /* ; */",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x;", "VALUES (1)", "SELECT ')' AS a -- )"}) {
    EXPECT_TRUE(catalogue.add(guarded_statement(statement, "SELECT 2 AS b -- )", "1"))) << statement;
  }
}

}  // namespace
}  // namespace gatehouse::policy
