// The service of instructions, and a server that follows it, on every database.
#include "store/instruction_service.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "store/databases_testing.h"
#include "store/testing.h"

namespace gatehouse::store {
namespace {

using Kind = Instruction::Kind;
using std::chrono::hours;
using testing::kPostgres;
using testing::kSqlite;
using testing::kSuspending;
using testing::kSystemClock;
using testing::name_of_database;

Instruction instruction(Kind kind, std::string subject, std::string text = {}) {
  Instruction one;
  one.kind = kind;
  one.subject = std::move(subject);
  one.text = std::move(text);
  return one;
}

class InstructionServiceTest : public ::testing::TestWithParam<testing::Database> {
 protected:
  InstructionServiceTest()
      : open_(GetParam().make(folder_)),
        store_(open_()),
        keys_(store_, hasher_, clock_),
        recorder_(*store_, entropy_, clock_, ChangeActor{.record = nullptr, .id = "uid:7"}),
        service_(*store_, clock_, recorder_) {}

  MonotonicTime soon() const { return kSystemClock.monotonic() + hours{1}; }
  Result<Recorded> give(Instruction one) {
    return net::finish(loop_, service_.give(loop_, soon(), std::move(one)));
  }
  Result<Recorded> take_back(Kind kind, std::string subject) {
    return net::finish(loop_, service_.take_back(loop_, soon(), kind, std::move(subject)));
  }
  std::vector<std::string> listed() {
    std::vector<std::string> subjects;
    const auto all = net::finish(loop_, service_.list(loop_, soon()));
    if (!all) return {all.error().text};
    for (const Instruction& one : *all) subjects.push_back(one.subject);
    return subjects;
  }

  const testing::TestFolder folder_;
  ManualClock clock_;
  SystemEntropy entropy_;
  net::Loop loop_{kSystemClock};
  const crypto::KeyHasher hasher_ =
      *crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')));
  const testing::OpenStore open_;
  const std::shared_ptr<db::Store> store_;
  testing::BlockingKeys keys_;
  ChangeRecorder recorder_;
  InstructionService service_;
};

TEST_P(InstructionServiceTest, AnInstructionIsListedAsItWasGiven) {
  Instruction one = instruction(Kind::maintenance, "get*", "Back at six.");
  one.until = clock_.wall() + hours(1);
  ASSERT_TRUE(give(one));
  const auto all = net::finish(loop_, service_.list(loop_, soon()));
  ASSERT_EQ(all->size(), 1U);
  one.given = clock_.wall();
  one.actor = "uid:7";
  EXPECT_EQ(all->front(), one);
}

TEST_P(InstructionServiceTest, OneOfTheSameKindAndSubjectIsReplaced) {
  ASSERT_TRUE(give(instruction(Kind::block_principal, "a")));
  ASSERT_TRUE(give(instruction(Kind::block_principal, "a")));
  ASSERT_TRUE(give(instruction(Kind::block_address, "10.0.0.1")));
  EXPECT_THAT(listed(), ::testing::ElementsAre("10.0.0.1", "a"));
  ASSERT_TRUE(take_back(Kind::block_principal, "a"));
  EXPECT_EQ(take_back(Kind::block_principal, "a").error().code, ErrorCode::not_found);
  EXPECT_EQ(take_back(Kind::block_principal, "10.0.0.1").error().code, ErrorCode::not_found);
  EXPECT_THAT(listed(), ::testing::ElementsAre("10.0.0.1"));
}

TEST_P(InstructionServiceTest, TheirNumberIsBoundedAndOneThatIsGivenAgainCountsOnce) {
  db::Work<void> fill = [](db::Session& session) -> net::Task<Result<>> {
    auto rows = co_await session.run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) "
        "INSERT INTO gatehouse_instructions (kind, subject, until, text, given, actor) "
        "SELECT 'block.principal', 'p' || i, NULL, '', 0, '' FROM n",
        {});
    GATEHOUSE_CO_CHECK(rows);
    co_return Result<>{};
  };
  ASSERT_TRUE(
      net::finish(loop_, store_->transact<void>(loop_, db::Store::Mode::write, soon(), std::move(fill))));
  EXPECT_EQ(give(instruction(Kind::block_principal, "one more")).error().code, ErrorCode::conflict);
  EXPECT_TRUE(give(instruction(Kind::block_principal, "p7")));
}

TEST_P(InstructionServiceTest, TextsThatWouldForgeALineAreRefused) {
  for (const std::string& text : {std::string("a\nb"), std::string("\x1b[2J"), std::string("\xff"),
                                  std::string(1001, 'a'), std::string()}) {
    const auto refused = give(instruction(Kind::block_principal, text));
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::invalid);
  }
  EXPECT_FALSE(give(instruction(Kind::maintenance, "*", "a\nb")));
  EXPECT_FALSE(give(instruction(Kind::block_address, "10.0.0.1/8")));
  EXPECT_THAT(listed(), ::testing::IsEmpty());
}

TEST_P(InstructionServiceTest, OutcomesAreThoseOfTheLastReload) {
  using enum ReloadOutcome::Done;
  const auto report = [&](std::string reload, std::string server, ReloadOutcome::Done done) {
    return net::finish(
        loop_, service_.report(loop_, soon(), {std::move(reload), std::move(server), "c", done, "t"}));
  };
  ASSERT_TRUE(report("one", "s", reloaded));
  ASSERT_TRUE(report("two", "s", refused));
  ASSERT_TRUE(report("two", "t", reloaded));
  ASSERT_TRUE(report("two", "t", refused)) << "the first counts";
  const auto outcomes = [&](std::string reload) {
    std::string all;
    for (const ReloadOutcome& one : *net::finish(loop_, service_.outcomes(loop_, soon(), std::move(reload))))
      all += one.server + (one.done == reloaded ? " reloaded " : " refused ") + one.configuration + one.text +
             ";";
    return all;
  };
  EXPECT_EQ(outcomes("one"), "");
  EXPECT_EQ(outcomes("two"), "s refused ct;t reloaded ct;");
}

INSTANTIATE_TEST_SUITE_P(Databases, InstructionServiceTest,
                         ::testing::Values(kSqlite, kPostgres, kSuspending), name_of_database);

class FollowedInstructions : public InstructionServiceTest {
 protected:
  std::unique_ptr<KeyStore> serve() {
    auto served = KeyStore::open(open_(), clock_, {.instructions = board_});
    if (!served) throw std::runtime_error(served.error().text);
    return *std::move(served);
  }
  const std::shared_ptr<InstructionBoard> board_ = std::make_shared<InstructionBoard>();
};

TEST_P(FollowedInstructions, ChangesAreReadWithTheHistoryOfKeys) {
  ASSERT_TRUE(give(instruction(Kind::block_principal, "before")));
  const auto served = serve();
  EXPECT_TRUE(board_->current()->block_principal("before"));
  const auto generation = served->snapshot()->generation();
  ASSERT_TRUE(give(instruction(Kind::block_principal, "after")));
  ASSERT_TRUE(served->refresh());
  EXPECT_TRUE(board_->current()->block_principal("after"));
  EXPECT_EQ(served->snapshot()->generation(), generation) << "no key has changed";
  ASSERT_TRUE(take_back(Kind::block_principal, "before"));
  const auto key = keys_.create({.principal = "p"});
  ASSERT_TRUE(served->refresh());
  EXPECT_FALSE(board_->current()->block_principal("before"));
  EXPECT_NE(served->snapshot()->find(key->id), nullptr) << "of both kinds in one look";
  const auto same = board_->current();
  ASSERT_TRUE(keys_.revoke(key->id));
  ASSERT_TRUE(served->refresh());
  EXPECT_EQ(board_->current(), same) << "they were not read again";
}

TEST_P(FollowedInstructions, WhatIsReadIsConfirmed) {
  std::string seen;
  auto board = board_;
  auto served = *KeyStore::open(open_(), clock_,
                                {.confirm = [&](const KeyChange&) -> Result<> {
                                   seen += board->current()->block_principal("p") ? '+' : '-';
                                   return {};
                                 },
                                 .instructions = board_});
  ASSERT_TRUE(give(instruction(Kind::block_principal, "p")));
  ASSERT_TRUE(served->refresh());
  served.reset();
  EXPECT_TRUE(seen.starts_with('-') && seen.ends_with('+')) << seen;
}

INSTANTIATE_TEST_SUITE_P(Databases, FollowedInstructions, ::testing::Values(kSqlite, kPostgres),
                         name_of_database);

}  // namespace
}  // namespace gatehouse::store
