// The service of keys, and a server that follows it, on every database.
#include "store/key_service.h"

#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "core/audit_sink.h"
#include "db/testing.h"
#include "store/databases_testing.h"
#include "store/key_maker.h"
#include "store/testing.h"

namespace gatehouse::store {
namespace {

using std::chrono::hours;

using testing::Database;
using testing::kPostgres;
using testing::kSqlite;
using testing::kSuspending;
using testing::kSystemClock;
using testing::name_of_database;
using testing::OpenStore;

class KeyServiceTest : public ::testing::TestWithParam<Database> {
 protected:
  KeyServiceTest() : open_(GetParam().make(folder_)), keys_(open_(), hasher_, clock_) {}

  const testing::TestFolder folder_;
  ManualClock clock_;
  const crypto::KeyHasher hasher_ =
      *crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')));
  const OpenStore open_;
  testing::BlockingKeys keys_;
};

TEST_P(KeyServiceTest, AKeyIsListedAsItWasMade) {
  const auto created =
      keys_.create({.principal = "partner:acme",
                    .tenant = "t1",
                    .roles = {"partner", "quote\"d"},
                    .scopes = {"orders:read"},
                    .authenticators = {"a", "b"},
                    .lifetime = hours{1},
                    .addresses = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("2001:db8::/32")}});
  ASSERT_TRUE(created) << created.error().text;
  const auto listed = keys_.list();
  ASSERT_TRUE(listed) << listed.error().text;
  ASSERT_EQ(listed->size(), 1U);
  const StoredKey& key = listed->front().record;
  EXPECT_EQ(key.id, created->id);
  EXPECT_EQ(key.principal, "partner:acme");
  EXPECT_EQ(key.tenant, "t1");
  EXPECT_THAT(key.roles, ::testing::ElementsAre("partner", "quote\"d"));
  EXPECT_THAT(key.scopes, ::testing::ElementsAre("orders:read"));
  EXPECT_THAT(key.authenticators, ::testing::ElementsAre("a", "b"));
  EXPECT_EQ(key.created, clock_.wall());
  EXPECT_EQ(key.expires, clock_.wall() + hours{1});
  EXPECT_EQ(key.overlap_ends, WallTime::max());
  EXPECT_EQ(key.revoked, std::nullopt);
  EXPECT_EQ(key.addresses.size(), 2U);
  EXPECT_EQ(listed->front().last_used, std::nullopt);
  const auto parsed = crypto::ApiKey::parse(created->text.reveal());
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(hasher_.matches(*parsed, key.hash));
}

TEST_P(KeyServiceTest, AKeyTakesOverFromAnotherOnce) {
  const auto old = keys_.create({.principal = "p", .roles = {"r"}, .lifetime = hours{100}});
  clock_.advance(hours{50});
  const auto fresh = keys_.rotate(old->id, hours{1});
  ASSERT_TRUE(fresh) << fresh.error().text;
  const auto listed = keys_.list();
  ASSERT_EQ(listed->size(), 2U);
  EXPECT_EQ((*listed)[0].rotated_to, fresh->id);
  EXPECT_EQ((*listed)[1].rotated_from, old->id);
  EXPECT_EQ((*listed)[0].record.overlap_ends, clock_.wall() + hours{1});
  EXPECT_EQ((*listed)[1].record.expires, clock_.wall() + hours{100});
  EXPECT_THAT((*listed)[1].record.roles, ::testing::ElementsAre("r"));
  EXPECT_EQ(keys_.rotate(old->id, hours{1}).error().code, ErrorCode::conflict);
  EXPECT_EQ(keys_.rotate("nobodynobody", hours{1}).error().code, ErrorCode::not_found);
  EXPECT_EQ(keys_.list()->size(), 2U) << "a key that could not take over was not made";
}

TEST_P(KeyServiceTest, RevokingTwiceKeepsTheFirstTime) {
  const auto key = keys_.create({.principal = "p"});
  const WallTime first = clock_.wall();
  ASSERT_TRUE(keys_.revoke(key->id));
  clock_.advance(hours{1});
  ASSERT_TRUE(keys_.revoke(key->id));
  EXPECT_EQ(keys_.list()->at(0).record.revoked, first);
  EXPECT_EQ(keys_.revoke("nobodynobody").error().code, ErrorCode::not_found);
}

TEST_P(KeyServiceTest, EveryChangeIsTheNextInTheHistory) {
  KeyChange last = *keys_.last_change();
  const auto expect_next = [&](const char* what) {
    const KeyChange now = *keys_.last_change();
    EXPECT_EQ(now.number, last.number + 1) << what;
    EXPECT_NE(now.value, last.value) << what;
    last = now;
  };
  const auto key = keys_.create({.principal = "p"});
  expect_next("created");
  ASSERT_TRUE(keys_.revoke(key->id));
  expect_next("revoked");
  EXPECT_FALSE(keys_.revoke("nobodynobody"));
  EXPECT_FALSE(keys_.rotate(key->id, hours{1}));
  EXPECT_EQ(*keys_.last_change(), last) << "what failed is no change";
}

// Keeps the event as one line, or refuses it.
class Record final : public AuditSink {
 public:
  bool accepting() const override { return true; }
  void record(const Event&) override {}
  net::Task<Result<>> record_durably(const Event& event, MonotonicTime) override {
    std::string line(event.name);
    line += ' ';
    line += event.operation;
    for (const Attribute& one : event.resource) {
      line += ' ';
      line += one.value;
    }
    line += ' ';
    line += event.user_id;
    lines.push_back(std::move(line));
    ids.emplace_back(event.request_id);
    times.push_back(event.time);
    if (fails) co_return failure(ErrorCode::unavailable, "the disk is full");
    co_return Result<>{};
  }
  void keep_original(std::string_view, unsigned, std::string_view, std::string_view,
                     std::span<const std::string_view>) override {}
  std::vector<std::string> lines, ids;
  std::vector<WallTime> times;
  bool fails = false;
};

// A file on which processes that change keys are known.
std::string locked_file(const testing::TestFolder& folder) {
  const std::string path = (folder.path() / "locks").string();
  std::ofstream(path) << "x";
  return path;
}

TEST_P(KeyServiceTest, AChangeLeavesAnEventWithItsActor) {
  Record record;
  testing::BlockingKeys keys(open_(), hasher_, clock_, {&record, "uid:7", "command"});
  const auto made = keys.create({.principal = "p"});
  ASSERT_TRUE(made);
  EXPECT_TRUE(made->event);
  const auto next = keys.rotate(made->id, hours{1});
  ASSERT_TRUE(keys.revoke(made->id));
  EXPECT_THAT(record.lines, ::testing::ElementsAre("key key.create " + made->id + " p uid:7",
                                                   "key key.rotate " + next->id + " p uid:7",
                                                   "key key.revoke " + made->id + " p uid:7"));
  EXPECT_FALSE(keys.revoke("nobodynobody"));
  EXPECT_FALSE(keys.rotate(made->id, hours{1}));
  EXPECT_FALSE(keys.create({.principal = "a b"}));
  EXPECT_EQ(record.lines.size(), 3U) << "what was not changed leaves none";
  record.fails = true;
  const auto unrecorded = keys.revoke(next->id);
  ASSERT_TRUE(unrecorded) << "the change is made";
  EXPECT_FALSE(unrecorded->event);
}

// A record that keeps nothing is what kill -9 leaves between the commit of the change and that of its event.
TEST_P(KeyServiceTest, AChangeWhoseProcessEndsBeforeItsEventIsRecordedByTheNext) {
  const std::string locks = locked_file(folder_);
  const auto store = open_();
  SystemEntropy entropy;
  Record lost, record;
  lost.fails = true;
  std::string first, second;
  const WallTime then = clock_.wall();
  auto next = *KeyMaker::hold(locks, entropy);
  testing::BlockingKeys keys(store, hasher_, clock_, {&record, "uid:0", "command", &next});
  {
    const auto ends = KeyMaker::hold(locks, entropy);
    ASSERT_TRUE(ends);
    testing::BlockingKeys killed(store, hasher_, clock_, {&lost, "uid:7", "command", &*ends});
    const auto made = killed.create({.principal = "p"});
    ASSERT_TRUE(made);
    EXPECT_FALSE(made->event);
    first = made->id;
    second = killed.rotate(first, hours{1})->id;
    ASSERT_TRUE(killed.revoke(first));
    EXPECT_EQ(keys.record_left(), 0U) << "it may still record them itself";
    EXPECT_TRUE(record.lines.empty());
  }
  clock_.advance(hours{5});
  EXPECT_EQ(keys.record_left(), 3U);
  EXPECT_THAT(record.lines, ::testing::UnorderedElementsAre("key key.create " + first + " p uid:7",
                                                            "key key.rotate " + second + " p uid:7",
                                                            "key key.revoke " + first + " p uid:7"));
  EXPECT_THAT(record.ids, ::testing::UnorderedElementsAreArray(lost.ids));
  EXPECT_THAT(record.times, ::testing::Each(then)) << "of the change";
  EXPECT_EQ(keys.record_left(), 0U);
  ASSERT_TRUE(keys.revoke(second));
  EXPECT_EQ(keys.record_left(), 0U) << "what is recorded is not noted";
  EXPECT_EQ(record.lines.size(), 4U);
}

TEST_P(KeyServiceTest, AnEventThatTheRecordHasIsNotRecordedAgain) {
  const std::string locks = locked_file(folder_);
  const auto store = open_();
  SystemEntropy entropy;
  Record lost, record;
  lost.fails = true;
  {
    const auto ends = KeyMaker::hold(locks, entropy);
    testing::BlockingKeys killed(store, hasher_, clock_, {&lost, "uid:7", "command", &*ends});
    ASSERT_TRUE(killed.create({.principal = "p"}));
    clock_.advance(hours{1});
    ASSERT_TRUE(killed.create({.principal = "q"}));
  }
  const auto next = KeyMaker::hold(locks, entropy);
  ChangeActor actor{&record, "uid:0", "command", &*next};
  bool knows = false;
  actor.has_event = [&](std::string_view id) -> Result<bool> {
    if (!knows) return failure(ErrorCode::unavailable, "the log cannot be read");
    return id == lost.ids[0];
  };
  testing::BlockingKeys keys(store, hasher_, clock_, actor);
  EXPECT_FALSE(keys.record_left());
  EXPECT_TRUE(record.lines.empty());
  knows = true;
  record.fails = true;
  EXPECT_FALSE(keys.record_left()) << "the second stays noted";
  record.fails = false;
  EXPECT_EQ(keys.record_left(), 1U);
  EXPECT_EQ(record.ids, (std::vector<std::string>{lost.ids[1], lost.ids[1]}));
}

INSTANTIATE_TEST_SUITE_P(Databases, KeyServiceTest, ::testing::Values(kSqlite, kPostgres, kSuspending),
                         name_of_database);

// ---- a store that fails, or runs a work again

TEST(KeyServiceOnAStore, ThatFailsAnywhereChangesNothing) {
  const auto hasher = *crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')));
  const ManualClock clock;
  const auto store = std::make_shared<db::testing::SuspendingStore>();
  testing::BlockingKeys keys(store, hasher, clock);
  const auto key = keys.create({.principal = "p"});
  ASSERT_TRUE(key);
  const KeyChange before = *keys.last_change();
  const std::function<bool()> changes[] = {
      [&] { return keys.create({.principal = "q"}).has_value(); },
      [&] { return keys.rotate(key->id, hours{1}).has_value(); },
      [&] { return keys.revoke(key->id).has_value(); },
  };
  for (const auto& change : changes) {
    // Each statement fails once, and then the commit.
    for (std::size_t statement = 0;; ++statement) {
      store->fail_at = store->statements + statement;
      const std::size_t first = store->statements;
      store->fail_commit = true;
      ASSERT_FALSE(change());
      store->fail_at.reset();
      const bool all_have_failed = !std::exchange(store->fail_commit, false);
      EXPECT_EQ(*keys.last_change(), before) << statement;
      ASSERT_LT(store->statements - first, 10U);
      if (all_have_failed) break;
    }
  }
  const auto listed = keys.list();
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().record.revoked, std::nullopt);
  EXPECT_EQ(listed->front().rotated_to, "");
}

TEST(KeyServiceOnAStore, ThatRunsAWorkAgainMakesOneKey) {
  const auto hasher = *crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')));
  const ManualClock clock;
  const auto store = std::make_shared<db::testing::SuspendingStore>();
  testing::BlockingKeys keys(store, hasher, clock);
  store->repeat = 1;
  const auto made = keys.create({.principal = "p"});
  ASSERT_TRUE(made);
  store->repeat = 1;
  const auto next = keys.rotate(made->id, hours{1});
  ASSERT_TRUE(next) << next.error().text;
  const auto listed = keys.list();
  ASSERT_EQ(listed->size(), 2U);
  for (const ListedKey& one : *listed) {
    const auto& shown = one.record.id == made->id ? made : next;
    EXPECT_EQ(one.record.id, shown->id);
    const auto parsed = crypto::ApiKey::parse(shown->text.reveal());
    EXPECT_TRUE(hasher.matches(*parsed, one.record.hash)) << "what was shown is what is stored";
  }
}

// ---- a server that follows

class FollowedKeys : public KeyServiceTest {
 protected:
  std::unique_ptr<KeyStore> serve(KeyStoreOptions options = {}) {
    auto served = KeyStore::open(open_(), clock_, std::move(options));
    if (!served) throw std::runtime_error(served.error().text);
    return *std::move(served);
  }
  // In one transaction: a server that looks meanwhile sees all of it, or nothing.
  Result<> run_all(std::vector<db::Statement> statements) {
    const auto store = open_();
    net::Loop loop(kSystemClock);
    db::Work<void> work = [statements](db::Session& session) -> net::Task<Result<>> {
      for (const db::Statement& statement : statements) {
        auto rows = co_await session.run(statement, {});
        GATEHOUSE_CO_CHECK(rows);
      }
      co_return Result<>{};
    };
    return net::finish(loop, store->transact<void>(loop, db::Store::Mode::write,
                                                   kSystemClock.monotonic() + hours{1}, std::move(work)));
  }
  Result<> run(db::Statement statement) { return run_all({statement}); }
};

TEST_P(FollowedKeys, ChangesAreReadWithoutReadingAllKeys) {
  const auto kept = keys_.create({.principal = "kept"});
  const auto served = serve();
  const auto before = served->snapshot();
  const StoredKey* const same = before->find(kept->id);
  ASSERT_NE(same, nullptr);
  const auto made = keys_.create({.principal = "made"});
  const auto gone = keys_.create({.principal = "gone"});
  ASSERT_TRUE(served->refresh());
  EXPECT_NE(served->snapshot()->find(made->id), nullptr);
  ASSERT_TRUE(keys_.revoke(made->id));
  ASSERT_TRUE(run({"DELETE FROM gatehouse_keys WHERE principal = 'gone'"}));
  ASSERT_TRUE(served->refresh());
  const auto now = served->snapshot();
  EXPECT_TRUE(now->find(made->id)->revoked);
  EXPECT_EQ(now->find(gone->id), nullptr);
  EXPECT_EQ(now->find(kept->id), same) << "it was not read again";
  EXPECT_EQ(before->find(made->id), nullptr) << "a snapshot is of its moment";
}

TEST_P(FollowedKeys, AnotherHistoryIsReadFromItsBeginning) {
  const auto kept = keys_.create({.principal = "kept"});
  const auto served = serve();
  const auto before = served->snapshot();
  // As after a backup was restored: the last change has the number that is known, and is another one.
  ASSERT_TRUE(run_all({"UPDATE gatehouse_keys SET tenant = 'restored'",
                       "DELETE FROM gatehouse_key_changes WHERE number = 2",
                       "UPDATE gatehouse_key_changes SET number = number - 1 WHERE number > 2",
                       "UPDATE gatehouse_key_version SET version = version - 1",
                       "UPDATE gatehouse_key_changes SET value = (SELECT value FROM gatehouse_key_version) "
                       "WHERE number = (SELECT version FROM gatehouse_key_version)"}));
  ASSERT_TRUE(served->refresh());
  const auto after = served->snapshot();
  EXPECT_EQ(before->find(kept->id)->tenant, "");
  EXPECT_EQ(after->find(kept->id)->tenant, "restored");
}

TEST_P(FollowedKeys, AGapInTheHistoryIsNotPassedOver) {
  const auto served = serve();
  const auto one = keys_.create({.principal = "one"});
  const auto other = keys_.create({.principal = "other"});
  ASSERT_TRUE(run({"DELETE FROM gatehouse_key_changes WHERE number = 2"}));
  ASSERT_TRUE(served->refresh());
  EXPECT_NE(served->snapshot()->find(one->id), nullptr) << "the change that is missing made it";
  EXPECT_NE(served->snapshot()->find(other->id), nullptr);
}

TEST_P(FollowedKeys, ReadChangesAreConfirmed) {
  std::vector<KeyChange> confirmed;
  std::vector<bool> said;
  bool works = true;
  auto served = serve({.confirm = [&](const KeyChange& change) -> Result<> {
                         if (!works) return failure(ErrorCode::denied, "no");
                         confirmed.push_back(change);
                         return {};
                       },
                       .report = [&](const Result<>& can) { said.push_back(can.has_value()); }});
  ASSERT_TRUE(keys_.create({.principal = "p"}));
  const KeyChange last = *keys_.last_change();
  ASSERT_TRUE(served->refresh());
  served.reset();
  ASSERT_FALSE(confirmed.empty());
  EXPECT_EQ(confirmed.back(), last);
  EXPECT_TRUE(said.empty());
}

TEST_P(FollowedKeys, LastUsesAreWrittenAndOnlyGrow) {
  const auto a = keys_.create({.principal = "a"});
  const auto b = keys_.create({.principal = "b"});
  const auto one = serve();
  const auto other = serve();
  const WallTime first = clock_.wall();
  const auto use = [&](const KeyStore& served, WallTime when) {
    const auto snapshot = served.snapshot();
    snapshot->used(*snapshot->find(a->id), when);
  };
  use(*one, first + hours{1});
  use(*other, first);
  ASSERT_TRUE(one->write_uses());
  ASSERT_TRUE(other->write_uses()) << "which is older";
  const auto listed = keys_.list();
  ASSERT_TRUE(listed);
  for (const ListedKey& key : *listed) {
    EXPECT_EQ(key.last_used.has_value(), key.record.id == a->id);
    if (key.last_used) {
      EXPECT_EQ(*key.last_used, std::chrono::floor<std::chrono::seconds>(first + hours{1}));
    }
  }
  const auto generation = one->snapshot()->generation();
  ASSERT_TRUE(one->refresh());
  EXPECT_EQ(one->snapshot()->generation(), generation) << "a use is no change";
}

TEST_P(FollowedKeys, TheIdOfAKeyNeverChanges) {
  const auto key = keys_.create({.principal = "p"});
  EXPECT_FALSE(run({"UPDATE gatehouse_keys SET id = 'another'"}));
  EXPECT_EQ((*keys_.list())[0].record.id, key->id);
}

INSTANTIATE_TEST_SUITE_P(Databases, FollowedKeys, ::testing::Values(kSqlite, kPostgres), name_of_database);

}  // namespace
}  // namespace gatehouse::store
