#include "store/key_store.h"

#include <atomic>
#include <filesystem>
#include <initializer_list>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/manual_clock.h"
#include "store/testing.h"

namespace gatehouse::store {
namespace {

using std::chrono::hours;
using std::chrono::seconds;

class Keys : public ::testing::Test {
 protected:
  Keys() : hasher_(*crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')))) { reopen(); }
  void reopen() {
    admin_.emplace(path(), hasher_, clock_);
    connection_.emplace(open());
  }
  std::string path() const { return (folder_ / "keys.db").string(); }
  db::OpenOptions options() const {
    return {.path = (folder_ / "keys.db").string(),
            .access = db::Access::create,
            .durability = db::Durability::normal};
  }
  db::Connection open() const { return *db::Connection::open(options()); }
  std::unique_ptr<KeyStore> serve() { return testing::serve_keys(path(), clock_); }

  const testing::TestFolder files_;
  const std::filesystem::path folder_ = files_.path();
  ManualClock clock_;
  crypto::KeyHasher hasher_;
  std::optional<db::Connection> connection_;
  std::optional<testing::KeyCommands> admin_;
};

TEST_F(Keys, AKeyIsFoundByItsIdWithAllThatWasSaidAboutIt) {
  const auto created =
      admin_->create({.principal = "partner:acme",
                      .tenant = "t1",
                      .roles = {"partner", "quote\"d"},
                      .scopes = {"orders:read"},
                      .lifetime = hours{1},
                      .addresses = {*IpNetwork::parse("10.0.0.0/8"), *IpNetwork::parse("2001:db8::/32")}});
  ASSERT_TRUE(created) << created.error().text;
  auto store = serve();
  const auto snapshot = store->snapshot();
  const StoredKey* found = snapshot->find(created->id);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->principal, "partner:acme");
  EXPECT_EQ(found->tenant, "t1");
  EXPECT_THAT(found->roles, ::testing::ElementsAre("partner", "quote\"d"));
  EXPECT_EQ(found->expires, clock_.wall() + hours{1});
  EXPECT_EQ(found->revoked, std::nullopt);
  EXPECT_EQ(found->overlap_ends, WallTime::max());
  EXPECT_TRUE(found->addresses.at(0).contains(*IpAddress::parse("10.1.2.3")));
  EXPECT_EQ(found->addresses.size(), 2U);
  EXPECT_THAT(found->scopes, ::testing::ElementsAre("orders:read"));
  const auto parsed = crypto::ApiKey::parse(created->text.reveal());
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->id(), created->id);
  EXPECT_TRUE(hasher_.matches(*parsed, found->hash));
  EXPECT_EQ(store->snapshot()->find("nobodynobody"), nullptr);
  EXPECT_EQ(store->snapshot()->find("' OR 1=1 --"), nullptr);
}

TEST_F(Keys, TheStoreHoldsNothingThatAKeyCouldBeMadeFrom) {
  const auto created = admin_->create({.principal = "p"});
  ASSERT_TRUE(connection_->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  std::string all;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) {
    FILE* in = std::fopen(file.path().c_str(), "rb");
    char buffer[4096];
    for (std::size_t n = 0; (n = std::fread(buffer, 1, sizeof buffer, in)) > 0;) all.append(buffer, n);
    std::fclose(in);
  }
  const std::string text(created->text.reveal());
  EXPECT_NE(all.find(created->id), std::string::npos);
  EXPECT_EQ(all.find(text.substr(16, 12)), std::string::npos);
}

TEST_F(Keys, ARevocationByAnotherProcessHoldsOnEveryWorker) {
  const auto created = admin_->create({.principal = "p"});
  auto store = serve();
  const auto before = store->snapshot();
  ASSERT_FALSE(before->find(created->id)->revoked);
  const std::string id = created->id;
  const pid_t child = ::fork();
  if (child == 0) {
    db::Connection other = open();
    const auto revoked = other.execute("UPDATE gatehouse_keys SET revoked_at = ? WHERE id = ?",
                                       {nanoseconds_of(clock_.wall()), id});
    ::_exit(revoked ? 0 : 1);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  const auto start = std::chrono::steady_clock::now();
  while (store->snapshot()->generation() == before->generation() &&
         std::chrono::steady_clock::now() - start < seconds{10})
    std::this_thread::yield();
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds{2});
  EXPECT_EQ(store->snapshot()->find(id)->revoked, clock_.wall());
  EXPECT_FALSE(before->find(id)->revoked);  // a snapshot is of its moment
}

TEST_F(Keys, RefreshMakesAChangeHoldAtOnce) {
  auto store = serve();
  const auto created = admin_->create({.principal = "p"});
  ASSERT_TRUE(store->refresh());
  EXPECT_NE(store->snapshot()->find(created->id), nullptr);
  ASSERT_TRUE(admin_->revoke(created->id));
  ASSERT_TRUE(store->refresh());
  EXPECT_EQ(store->snapshot()->find(created->id)->revoked, clock_.wall());
}

TEST_F(Keys, WritesThatAreNotAboutKeysDoNotMakeANewSnapshot) {
  auto store = serve();
  const auto generation = store->snapshot()->generation();
  ASSERT_TRUE(connection_->execute("CREATE TABLE events (i INTEGER)"));
  ASSERT_TRUE(connection_->execute("INSERT INTO events VALUES (1)"));
  ASSERT_TRUE(store->refresh());
  EXPECT_EQ(store->snapshot()->generation(), generation);
}

TEST_F(Keys, LastUsesAreWrittenInBatchesAndSurviveANewSnapshot) {
  const auto a = admin_->create({.principal = "a"});
  const auto b = admin_->create({.principal = "b"});
  auto store = serve();
  const auto use = [&] {
    const auto snapshot = store->snapshot();
    snapshot->used(*snapshot->find(a->id), clock_.wall());
  };
  use();
  use();
  ASSERT_TRUE(admin_->create({.principal = "c"}));
  ASSERT_TRUE(store->refresh());
  ASSERT_TRUE(store->write_uses());
  auto listed = admin_->list();
  ASSERT_TRUE(listed);
  for (const ListedKey& key : *listed) {
    EXPECT_EQ(key.last_used.has_value(), key.record.id == a->id);
    if (key.last_used) {
      EXPECT_EQ(*key.last_used, std::chrono::floor<seconds>(clock_.wall()));
    }
  }
  const auto generation = store->snapshot()->generation();
  ASSERT_TRUE(store->refresh());
  EXPECT_EQ(store->snapshot()->generation(), generation);
}

TEST_F(Keys, ARotatedKeyIsValidOnlyDuringTheOverlap) {
  const auto old = admin_->create({.principal = "p", .roles = {"r"}, .lifetime = hours{100}});
  clock_.advance(hours{50});
  const auto fresh = admin_->rotate(old->id, hours{1});
  ASSERT_TRUE(fresh) << fresh.error().text;
  auto store = serve();
  EXPECT_EQ(store->snapshot()->find(old->id)->overlap_ends, clock_.wall() + hours{1});
  EXPECT_EQ(store->snapshot()->find(fresh->id)->expires, clock_.wall() + hours{100});
  EXPECT_THAT(store->snapshot()->find(fresh->id)->roles, ::testing::ElementsAre("r"));
  const auto listed = admin_->list();
  EXPECT_EQ((*listed)[0].rotated_to, fresh->id);
  EXPECT_EQ((*listed)[1].rotated_from, old->id);
}

TEST_F(Keys, AnOverlapNeverMakesAKeyLiveLonger) {
  const auto old = admin_->create({.principal = "p", .lifetime = hours{1}});
  ASSERT_TRUE(admin_->rotate(old->id, hours{24}));
  auto store = serve();
  EXPECT_EQ(store->snapshot()->find(old->id)->expires, clock_.wall() + hours{1});
}

TEST_F(Keys, OnlyAKeyInForceIsRotatedAndOnlyOnce) {
  const auto key = admin_->create({.principal = "p", .lifetime = hours{1}});
  EXPECT_EQ(admin_->rotate("nobodynobody", hours{1}).error().code, ErrorCode::not_found);
  ASSERT_TRUE(admin_->rotate(key->id, hours{1}));
  EXPECT_EQ(admin_->rotate(key->id, hours{1}).error().code, ErrorCode::conflict);
  const auto revoked = admin_->create({.principal = "p"});
  ASSERT_TRUE(admin_->revoke(revoked->id));
  EXPECT_EQ(admin_->rotate(revoked->id, hours{1}).error().code, ErrorCode::conflict);
  const auto expired = admin_->create({.principal = "p", .lifetime = seconds{1}});
  clock_.advance(seconds{1});
  EXPECT_EQ(admin_->rotate(expired->id, hours{1}).error().code, ErrorCode::conflict);
}

TEST_F(Keys, RevokingTwiceKeepsTheFirstTimeAndAnUnknownKeyIsSaid) {
  const auto key = admin_->create({.principal = "p"});
  const WallTime first = clock_.wall();
  ASSERT_TRUE(admin_->revoke(key->id));
  clock_.advance(hours{1});
  ASSERT_TRUE(admin_->revoke(key->id));
  EXPECT_EQ((*admin_->list())[0].record.revoked, first);
  EXPECT_EQ(admin_->revoke("nobodynobody").error().code, ErrorCode::not_found);
}

TEST_F(Keys, NamesThatWouldForgeALineAreRefused) {
  for (const std::string name : {"", "a b", "a\nb", "a\x1b[31m", "\xff", "a\x7f"}) {
    EXPECT_EQ(admin_->create({.principal = name}).error().code, ErrorCode::invalid) << name;
    EXPECT_EQ(admin_->create({.principal = "p", .roles = {name}}).error().code, ErrorCode::invalid) << name;
  }
  EXPECT_EQ(admin_->create({.principal = std::string(257, 'a')}).error().code, ErrorCode::invalid);
  EXPECT_EQ(admin_->create({.principal = "p", .lifetime = seconds{0}}).error().code, ErrorCode::invalid);
}

TEST_F(Keys, ADamagedRowIsNotAKeyWithoutAddresses) {
  const auto damaged = admin_->create({.principal = "p", .addresses = {*IpNetwork::parse("10.0.0.0/8")}});
  const auto whole = admin_->create({.principal = "q"});
  for (const char* addresses : {"", "[", "{}", "[1]", "[\"10.0.0.0/99\"]", "null"}) {
    ASSERT_TRUE(connection_->execute("UPDATE gatehouse_keys SET addresses = ? WHERE id = ?",
                                     {addresses, damaged->id}));
    auto store = serve();
    EXPECT_EQ(store->snapshot()->find(damaged->id), nullptr) << addresses;
    EXPECT_NE(store->snapshot()->find(whole->id), nullptr);
    EXPECT_EQ(store->unreadable(), 1U);
  }
}

TEST_F(Keys, WhenTheDatabaseCannotBeReadLookupsSaySo) {
  const auto created = admin_->create({.principal = "p"});
  const std::shared_ptr<KeyStore> store = serve();
  KeyView keys(store);
  ASSERT_NE(store->snapshot()->find(created->id), nullptr);
  ASSERT_TRUE(connection_->execute("ALTER TABLE gatehouse_keys RENAME TO elsewhere"));
  EXPECT_FALSE(store->refresh());
  EXPECT_NE(store->snapshot()->find(created->id), nullptr);
  EXPECT_NE(keys.now().find(created->id), nullptr);
  clock_.advance(KeyStore::kStaleAfter + seconds{1});
  EXPECT_EQ(store->snapshot()->find(created->id), nullptr);
  EXPECT_EQ(keys.now().find(created->id), nullptr);
}

// Copies the database as a backup does, and puts the copy in its place as `mv` does.
TEST_F(Keys, AFileThatIsPutInTheDatabasesPlaceIsRead) {
  const auto kept = admin_->create({.principal = "kept"});
  admin_.reset();
  connection_.reset();  // the last one writes the log back into the file
  std::filesystem::copy_file(folder_ / "keys.db", folder_ / "backup.db");
  reopen();
  const auto later = admin_->create({.principal = "later"});
  auto store = serve();
  ASSERT_NE(store->snapshot()->find(later->id), nullptr);
  admin_.reset();
  connection_.reset();
  std::filesystem::rename(folder_ / "backup.db", folder_ / "keys.db");
  for (const char* beside : {"keys.db-wal", "keys.db-shm"}) std::filesystem::remove(folder_ / beside);
  ASSERT_TRUE(store->refresh());
  EXPECT_NE(store->snapshot()->find(kept->id), nullptr);
  EXPECT_EQ(store->snapshot()->find(later->id), nullptr) << "the backup does not know it";

  reopen();
  ASSERT_TRUE(admin_->revoke(kept->id));
  ASSERT_TRUE(store->refresh());
  EXPECT_TRUE(store->snapshot()->find(kept->id)->revoked) << "changes are those of the new file";
}

// As the version before has left it: without the history.
TEST_F(Keys, AnOlderStoreGetsItsHistoryWhereverItTurnsUp) {
  const auto key = admin_->create({.principal = "p"});
  for (const db::Sql step : std::initializer_list<db::Sql>{
           "DROP TABLE gatehouse_pepper", "DROP TABLE gatehouse_instructions", "DROP TABLE gatehouse_reloads",
           "DROP TABLE gatehouse_key_events", "DROP TABLE gatehouse_key_changes",
           "DROP TRIGGER gatehouse_keys_inserted", "DROP TRIGGER gatehouse_keys_deleted",
           "DROP TRIGGER gatehouse_keys_changed", "DROP TRIGGER gatehouse_keys_named",
           "CREATE TRIGGER gatehouse_keys_inserted AFTER INSERT ON gatehouse_keys BEGIN"
           "  UPDATE gatehouse_key_version SET version = version + 1; END",
           "CREATE TRIGGER gatehouse_keys_deleted AFTER DELETE ON gatehouse_keys BEGIN"
           "  UPDATE gatehouse_key_version SET version = version + 1; END",
           "CREATE TRIGGER gatehouse_keys_changed AFTER UPDATE OF revoked_at ON gatehouse_keys BEGIN"
           "  UPDATE gatehouse_key_version SET version = version + 1; END",
           "CREATE TRIGGER gatehouse_keys_moved AFTER UPDATE OF authenticators ON gatehouse_keys BEGIN"
           "  UPDATE gatehouse_key_version SET version = version + 1; END",
           "UPDATE schema_versions SET version = 3 WHERE component = 'keys'"}) {
    ASSERT_TRUE(connection_->execute(step)) << step.view();
  }
  ASSERT_TRUE(connection_->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  const std::filesystem::path backup = folder_ / "backup.db";
  std::filesystem::copy_file(path(), backup);

  const auto store = serve();  // the server's start is the first that meets it
  EXPECT_NE(store->snapshot()->find(key->id), nullptr);
  ASSERT_TRUE(admin_->revoke(key->id));
  ASSERT_TRUE(store->refresh());
  EXPECT_TRUE(store->snapshot()->find(key->id)->revoked);

  admin_.reset();
  connection_.reset();
  std::filesystem::rename(backup, path());  // under the server
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(path() + suffix);
  for (int i = 0; i < 3 && !store->refresh(); ++i) {
  }
  EXPECT_FALSE(store->snapshot()->find(key->id)->revoked) << "the backup does not know of it";
  reopen();
  ASSERT_TRUE(admin_->revoke(key->id));
  ASSERT_TRUE(store->refresh());
  EXPECT_TRUE(store->snapshot()->find(key->id)->revoked);
}

TEST_F(Keys, WithoutItsFileThereAreNoKeysAfterAWhile) {
  const auto created = admin_->create({.principal = "p"});
  auto store = serve();
  std::filesystem::rename(folder_ / "keys.db", folder_ / "elsewhere.db");
  EXPECT_FALSE(store->refresh());
  EXPECT_NE(store->snapshot()->find(created->id), nullptr);
  clock_.advance(KeyStore::kStaleAfter + seconds{1});
  EXPECT_EQ(store->snapshot()->find(created->id), nullptr);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "keys.db")) << "nobody makes an empty one in its place";
}

TEST_F(Keys, ARevocationDoesNotWaitForAClock) {
  const auto created = admin_->create({.principal = "p"});
  clock_.advance(hours{5});
  ASSERT_TRUE(admin_->revoke(created->id));
  clock_.advance(-hours{4});  // of the server, which is behind the one that revoked
  auto store = serve();
  EXPECT_TRUE(store->snapshot()->find(created->id)->revoked);
}

TEST_F(Keys, BelongToAuthenticatorsAndMoveWithARotation) {
  const auto old = admin_->create({.principal = "p", .authenticators = {"a", "b"}});
  const auto fresh = admin_->rotate(old->id, hours{1});
  auto store = serve();
  for (const std::string& id : {old->id, fresh->id}) {
    EXPECT_EQ(store->snapshot()->find(id)->authenticators, (std::vector<std::string>{"a", "b"}));
  }
  ASSERT_TRUE(
      connection_->execute("UPDATE gatehouse_keys SET authenticators = '[\"c\"]' WHERE id = ?", {old->id}));
  ASSERT_TRUE(store->refresh());
  EXPECT_EQ(store->snapshot()->find(old->id)->authenticators, std::vector<std::string>{"c"});
}

TEST_F(Keys, HaveNoNameOfGatehousesOwn) {
  for (const char* name : {"anonymous", "Anonymous", "authenticated", "GATEHOUSE"}) {
    EXPECT_EQ(admin_->create({.principal = name}).error().code, ErrorCode::invalid) << name;
  }
  EXPECT_TRUE(admin_->create({.principal = "anonymous-coward"}));
}

TEST_F(Keys, ReadersAndChangesTogether) {
  const auto key = admin_->create({.principal = "p"});
  const std::shared_ptr<KeyStore> store = serve();
  std::atomic<bool> done{false};
  std::atomic<bool> revoked{false};
  std::atomic<int> serving{0};  // workers that have used the key
  std::vector<std::thread> workers;
  for (int i = 0; i < 3; ++i) {
    workers.emplace_back([&] {
      KeyView keys(store);
      bool used = false;
      while (!done.load()) {
        const bool must_be = revoked.load();
        const KeySnapshot& now = keys.now();
        const StoredKey* const found = now.find(key->id);
        if (found == nullptr || (must_be && !found->revoked)) std::abort();
        now.used(*found, clock_.wall());
        if (!std::exchange(used, true)) ++serving;
      }
    });
  }
  while (serving.load() < 3) std::this_thread::yield();
  for (int i = 0; i < 50; ++i) {
    ASSERT_TRUE(admin_->create({.principal = "q"}));
    if (i == 25) {
      ASSERT_TRUE(admin_->revoke(key->id));
    }
    ASSERT_TRUE(store->refresh());
    if (i == 25) revoked = true;
    ASSERT_TRUE(store->write_uses());
  }
  done = true;
  for (auto& worker : workers) worker.join();
  const auto rows = admin_->list();
  ASSERT_TRUE(rows);
  for (const ListedKey& row : *rows) EXPECT_EQ(row.last_used.has_value(), row.record.id == key->id);
}

}  // namespace
}  // namespace gatehouse::store
