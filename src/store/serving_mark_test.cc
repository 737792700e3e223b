#include "store/serving_mark.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/manual_clock.h"
#include "store/key_store.h"
#include "store/testing.h"

namespace gatehouse::store {
namespace {

using namespace std::chrono_literals;

class Serving : public ::testing::Test {
 protected:
  Serving() : hasher_(*crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')))) { open(); }
  void open() {
    admin_.emplace(store(), hasher_, clock_);
    connection_.emplace(*db::Connection::open(options()));
  }
  db::OpenOptions options() const {
    return {.path = (folder_ / "keys.db").string(), .durability = db::Durability::normal};
  }
  std::string store() const { return options().path; }
  std::unique_ptr<KeyStore> serve() { return testing::serve_marked_keys(store(), clock_); }
  Result<ServingState> state_or() { return serving_state(store(), std::array{version()}); }
  KeyVersion version() { return *admin_->version(); }
  ServingState state() { return *serving_state(store(), std::array{version()}); }
  Result<ServingState> wait(std::chrono::milliseconds patience) {
    return wait_for_servers(store(), [&] { return admin_->version(); }, patience);
  }

  // A process of its own holds the mark, and is killed while a command waits for it.
  enum class MarkFile : std::uint8_t { stays, removed };
  void expect_no_wait_for_a_killed_server(MarkFile file) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto mark = ServingMark::hold(store());
      static_cast<void>(::write(ready[1], mark ? "x" : "-", 1));
      for (;;) ::pause();
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ASSERT_EQ(byte, 'x');
    if (file == MarkFile::removed) std::filesystem::remove(store() + "-serving");
    EXPECT_EQ(state().behind, 1U);
    std::thread killer([child] { ::kill(child, SIGKILL); });
    EXPECT_EQ(wait(10s)->running, 0U);
    killer.join();
    ::waitpid(child, nullptr, 0);
    ::close(ready[0]);
    ::close(ready[1]);
  }

  const testing::TestFolder files_;
  const std::filesystem::path folder_ = files_.path();
  ManualClock clock_;
  crypto::KeyHasher hasher_;
  std::optional<db::Connection> connection_;
  std::optional<testing::KeyCommands> admin_;
};

TEST_F(Serving, AStoreWithoutServersNeedsNoWait) {
  EXPECT_EQ(state().running, 0U);
  {
    const auto served = serve();
  }
  EXPECT_EQ(state().running, 0U) << "the file stays, the lock goes";
  EXPECT_TRUE(std::filesystem::exists(store() + "-serving"));
}

TEST_F(Serving, EveryServerIsWaitedFor) {
  const KeyVersion first = version();
  auto one = *ServingMark::hold(store());
  auto other = *ServingMark::hold(store());
  EXPECT_EQ(state().running, 2U);
  EXPECT_EQ(state().behind, 2U) << "a server that has read nothing yet";
  ASSERT_TRUE(one.confirm(store(), first));
  EXPECT_EQ(wait(20ms)->behind, 1U);
  ASSERT_TRUE(other.confirm(store(), first));
  EXPECT_EQ(wait(20ms)->behind, 0U);

  ASSERT_TRUE(admin_->create({.principal = "p"}));
  EXPECT_EQ(state().behind, 2U) << "what was confirmed is older";
  const KeyVersion second = version();
  ASSERT_TRUE(one.confirm(store(), second));
  EXPECT_EQ(state().behind, 1U);
  ASSERT_TRUE(other.confirm(store(), {second.file, second.number + 1, second.value}));
  EXPECT_EQ(state().behind, 1U) << "a higher number says nothing: a backup may have been restored";
  ASSERT_TRUE(other.confirm(store(), {second.file, second.number, second.value ^ 1}));
  EXPECT_EQ(state().behind, 1U) << "a state of the same number that is another";
}

TEST_F(Serving, ASlotSaysNothingOfTheServerThatTakesItNext) {
  {
    auto mark = *ServingMark::hold(store());
    ASSERT_TRUE(mark.confirm(store(), version()));
    EXPECT_EQ(state().behind, 0U);
  }
  const auto next = *ServingMark::hold(store());
  EXPECT_EQ(state().running, 1U);
  EXPECT_EQ(state().behind, 1U);
}

TEST_F(Serving, AServerThatWasKilledIsNotWaitedFor) { expect_no_wait_for_a_killed_server(MarkFile::stays); }

TEST_F(Serving, ABackupsNumberIsNotTakenForTheStoresOwn) {
  auto mark = *ServingMark::hold(store());
  const KeyVersion now = version();
  ASSERT_TRUE(mark.confirm(store(), {{now.file.device, now.file.number + 1}, now.number, now.value}));
  EXPECT_EQ(state().behind, 1U) << "another file, which had more changes";
}

TEST_F(Serving, ASlotOfWhichHalfIsWrittenConfirmsNothing) {
  auto mark = *ServingMark::hold(store());
  ASSERT_TRUE(mark.confirm(store(), version()));
  FILE* file = std::fopen((store() + "-serving").c_str(), "r+b");
  std::fseek(file, 16, SEEK_SET);
  std::fputc(0x7f, file);
  std::fclose(file);
  EXPECT_EQ(state().behind, 1U);
}

TEST_F(Serving, AMarkThatWasRemovedIsMadeAnew) {
  auto served = serve();
  EXPECT_EQ(state().running, 1U);
  std::filesystem::remove(store() + "-serving");
  ASSERT_TRUE(served->refresh());
  EXPECT_EQ(state().running, 1U);
  EXPECT_EQ(state().behind, 0U);
}

// Its lock on the store stands: the server is stopped, and makes nothing anew.
TEST_F(Serving, AServerWhoseMarkWasRemovedIsBehindAndNotAbsent) {
  const auto mark = *ServingMark::hold(store());
  std::filesystem::remove(store() + "-serving");
  EXPECT_EQ(state().running, 1U);
  EXPECT_EQ(state().behind, 1U);
  {
    auto other = *ServingMark::hold(store());
    ASSERT_TRUE(other.confirm(store(), version()));
    EXPECT_EQ(state().running, 2U) << "another server's new mark does not hide it";
    EXPECT_EQ(state().behind, 1U);
  }
  EXPECT_EQ(wait(20ms)->behind, 1U);
}

// The first server's mark does not count for another server that takes its place in the file.
TEST_F(Serving, ASlotThatAnotherServerTookMeanwhileIsLeftToIt) {
  auto stopped = *ServingMark::hold(store());
  ASSERT_TRUE(stopped.confirm(store(), version()));
  std::filesystem::remove(store() + "-serving");
  auto other = *ServingMark::hold(store());
  ASSERT_TRUE(other.confirm(store(), version()));
  EXPECT_EQ(state().behind, 1U);
  ASSERT_TRUE(stopped.confirm(store(), version()));
  EXPECT_EQ(state().running, 2U);
  EXPECT_EQ(state().behind, 0U);
}

TEST_F(Serving, AServerOnAStoreThatWasReplacedTakesItsPlaceInTheNewOne) {
  auto mark = *ServingMark::hold(store());
  const std::filesystem::path moved = store() + ".old";
  std::filesystem::rename(store(), moved);
  std::filesystem::copy_file(moved, store());
  std::filesystem::remove(store() + "-serving");
  const auto elsewhere = serving_state(store(), {});
  ASSERT_TRUE(elsewhere);
  EXPECT_EQ(elsewhere->running, 1U) << "a server of this name is there, and has not found the file yet";
  EXPECT_EQ(elsewhere->behind, 1U);
  auto of_new = *ServingMark::hold(store());
  ASSERT_TRUE(mark.confirm(store(), {{1, 2}, 3, 4}));
  EXPECT_EQ(serving_state(store(), {})->running, 2U);
  EXPECT_EQ(serving_state(moved, {})->running, 0U);
}

TEST_F(Serving, AServerWhoseStoreWasReplacedAMomentAgoIsWaitedFor) {
  const auto key = admin_->create({.principal = "p"});
  ASSERT_TRUE(connection_->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  const std::filesystem::path backup = store() + ".backup";
  std::filesystem::copy_file(store(), backup);
  const auto served = serve();
  admin_.reset();
  connection_.reset();
  for (const char* suffix : {"", "-wal", "-shm", "-serving"}) std::filesystem::remove(store() + suffix);
  std::filesystem::copy_file(backup, store());
  open();
  ASSERT_TRUE(admin_->revoke(key->id));
  const auto waited = wait(60s);
  ASSERT_TRUE(waited);
  EXPECT_EQ(waited->running, 1U);
  EXPECT_EQ(waited->behind, 0U);
  EXPECT_TRUE(served->snapshot()->find(key->id)->revoked);
}

// It is stopped: the lock on the directory alone is left of it.
TEST_F(Serving, AServerWhoseStoreAndMarkWereBothReplacedIsBehindAndNotAbsent) {
  auto stopped = *ServingMark::hold(store());
  ASSERT_TRUE(stopped.confirm(store(), version()));
  ASSERT_TRUE(connection_->execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  std::filesystem::copy_file(store(), store() + ".backup");
  admin_.reset();
  connection_.reset();
  std::filesystem::rename(store() + ".backup", store());
  for (const char* suffix : {"-wal", "-shm", "-serving"}) std::filesystem::remove(store() + suffix);
  open();
  EXPECT_EQ(wait(20ms)->behind, 1U);

  auto other = *ServingMark::hold(store());
  ASSERT_TRUE(other.confirm(store(), version()));
  EXPECT_EQ(state().running, 2U) << "it takes no slot that the stopped one has in the directory";
  EXPECT_EQ(state().behind, 1U);
  EXPECT_EQ(serving_state(store() + ".backup", {}).error().code, ErrorCode::not_found);
  const std::filesystem::path beside = folder_ / "other.db";
  std::filesystem::copy_file(store(), beside);
  EXPECT_EQ(serving_state(beside, {})->running, 0U) << "another name is another store";

  ASSERT_TRUE(stopped.confirm(store(), version()));
  EXPECT_EQ(state().running, 2U);
  EXPECT_EQ(state().behind, 0U);
}

TEST_F(Serving, AServerThatWasKilledWithoutItsMarkIsNotWaitedFor) {
  expect_no_wait_for_a_killed_server(MarkFile::removed);
}

// SQLite's own locks on the store must outlive a look at ours.
TEST_F(Serving, ALookAtTheLocksLeavesSqlitesOwn) {
  ASSERT_TRUE(
      connection_->execute("INSERT INTO gatehouse_key_version VALUES (9, 9)"));  // takes the shared lock
  int answer[2];
  ASSERT_EQ(::pipe(answer), 0);
  const auto locked_for_others = [&] {
    const pid_t child = ::fork();
    if (child == 0) {
      const int file = ::open(store().c_str(), O_RDWR);
      struct flock lock{};
      lock.l_type = F_WRLCK;
      lock.l_start = 0x40000002;  // SQLite's SHARED_FIRST
      lock.l_len = 510;
      const bool held = ::fcntl(file, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
      static_cast<void>(::write(answer[1], held ? "x" : "-", 1));
      ::_exit(0);
    }
    char byte = 0;
    EXPECT_EQ(::read(answer[0], &byte, 1), 1);
    ::waitpid(child, nullptr, 0);
    return byte == 'x';
  };
  ASSERT_TRUE(locked_for_others());
  EXPECT_EQ(serving_state(store(), {})->running, 0U);
  {
    const auto mark = *ServingMark::hold(store());
    EXPECT_EQ(serving_state(store(), {})->running, 1U);
  }
  EXPECT_TRUE(locked_for_others());
  ::close(answer[0]);
  ::close(answer[1]);
}

TEST_F(Serving, AServerSaysOnceThatItCannotConfirmAndOnceThatItCanAgain) {
  std::vector<std::string> said;
  auto served = testing::serve_marked_keys(store(), clock_, [&](const Result<>& confirmed) {
    said.push_back(confirmed ? "can" : confirmed.error().text);
  });
  EXPECT_TRUE(said.empty());
  const std::string mark = store() + "-serving";
  std::filesystem::create_symlink(folder_ / "elsewhere", folder_ / "link");
  std::filesystem::rename(folder_ / "link",
                          mark);  // at once: the server's thread creates it again if it is missing
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(served->refresh());
  EXPECT_TRUE(served->cannot_confirm());
  std::filesystem::remove(mark);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(served->refresh());
  EXPECT_FALSE(served->cannot_confirm());
  EXPECT_EQ(state().behind, 0U);
  served.reset();  // its thread writes into `said`
  ASSERT_EQ(said.size(), 2U);
  EXPECT_NE(said[0].find("-serving"), std::string::npos) << said[0];
  EXPECT_EQ(said[1], "can");
}

TEST_F(Serving, AnotherFileInTheMarksPlaceIsNotBelieved) {
  const std::string mark = store() + "-serving";
  const std::string elsewhere = (folder_ / "elsewhere").string();
  auto held = *ServingMark::hold(store());
  const std::vector<std::function<void()>> stand_ins{
      [&] { ASSERT_EQ(::mkfifo(mark.c_str(), 0600), 0); },
      [&] { ASSERT_EQ(::mkdir(mark.c_str(), 0700), 0); },
      [&] { ASSERT_EQ(::symlink(elsewhere.c_str(), mark.c_str()), 0); },
      [&] { ASSERT_EQ(::symlink(store().c_str(), mark.c_str()), 0); },
      [&] {
        ASSERT_EQ(::mknod(mark.c_str(), S_IFREG | 0600, 0), 0);
        ASSERT_EQ(::chmod(mark.c_str(), 0602), 0);
      },
      [&] {
        ASSERT_EQ(::mknod(mark.c_str(), S_IFREG | 0600, 0), 0);
        ASSERT_EQ(::chmod(mark.c_str(), 0620), 0);
      },
  };
  for (const auto& make : stand_ins) {
    std::filesystem::remove_all(mark);
    make();
    if (HasFatalFailure()) return;
    ASSERT_FALSE(state_or());
    EXPECT_EQ(state_or().error().code, ErrorCode::denied);
    EXPECT_FALSE(ServingMark::hold(store()));
    EXPECT_FALSE(held.confirm(store(), version()));
    std::filesystem::remove_all(mark);
    ASSERT_TRUE(held.confirm(store(), version()));
    EXPECT_EQ(state().running, 1U) << "the server takes the mark anew";
    EXPECT_EQ(state().behind, 0U);
  }
  EXPECT_FALSE(std::filesystem::exists(elsewhere)) << "no link is followed";
}

TEST_F(Serving, ServersBeyondTheLastSlotAreRefused) {
  std::vector<ServingMark> marks;
  for (std::size_t i = 0; i < ServingMark::kMostServers; ++i) {
    marks.push_back(*ServingMark::hold(store()));
  }
  EXPECT_EQ(ServingMark::hold(store()).error().code, ErrorCode::unavailable);
  EXPECT_EQ(state().running, ServingMark::kMostServers);
  marks.erase(marks.begin() + 7);
  EXPECT_TRUE(ServingMark::hold(store()));
}

// The servers need longer for so many keys than they wait between two looks.
TEST_F(Serving, ARevocationAmongManyKeysIsWaitedFor) {
  const auto key = admin_->create({.principal = "p"});
  ASSERT_TRUE(connection_->execute(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) "
      "INSERT INTO gatehouse_keys (id, principal, tenant, roles, scopes, hash, created, addresses) "
      "SELECT printf('key%09d', i), 'p', '', '[\"r\"]', '[]', zeroblob(32), 0, '[]' FROM n"));
  const auto one = serve();
  const auto other = serve();
  ASSERT_FALSE(one->snapshot()->find(key->id)->revoked);
  ASSERT_TRUE(admin_->revoke(key->id));
  const auto waited = wait(60s);
  ASSERT_TRUE(waited) << waited.error().text;
  EXPECT_EQ(waited->running, 2U);
  EXPECT_EQ(waited->behind, 0U);
  EXPECT_TRUE(one->snapshot()->find(key->id)->revoked);
  EXPECT_TRUE(other->snapshot()->find(key->id)->revoked);
}

// The number is written after the snapshot is in its place: read in this order, it never promises too much.
TEST_F(Serving, AConfirmedVersionIsTheOneThatRequestsMeet) {
  const auto served = serve();
  for (int i = 0; i < 100; ++i) {
    const auto key = admin_->create({.principal = "p"});
    std::thread server([&] { static_cast<void>(served->refresh()); });
    const auto waited = wait(10s);
    EXPECT_EQ(waited->behind, 0U);
    EXPECT_NE(served->snapshot()->find(key->id), nullptr);
    server.join();
  }
}

// As `sqlite3 .restore` does: the state of a backup in the same file, with the version of its time.
TEST_F(Serving, ABackupRestoredIntoTheSameFileIsRead) {
  const auto one = admin_->create({.principal = "one"});
  const auto other = admin_->create({.principal = "other"});
  const KeyVersion backup = version();
  const auto restore = [&] {
    ASSERT_TRUE(connection_->execute("UPDATE gatehouse_keys SET revoked_at = NULL"));
    ASSERT_TRUE(connection_->execute("UPDATE gatehouse_key_version SET version = ?", {backup.number}));
    ASSERT_TRUE(connection_->execute("UPDATE gatehouse_key_version SET value = ?", {backup.value}));
    ASSERT_TRUE(connection_->execute("DELETE FROM gatehouse_key_changes WHERE number > ?", {backup.number}));
    ASSERT_EQ(version(), backup);
  };
  const auto served = serve();
  ASSERT_TRUE(admin_->revoke(one->id));
  ASSERT_TRUE(served->refresh());
  ASSERT_TRUE(served->snapshot()->find(one->id)->revoked);

  const KeyVersion before = version();
  restore();
  ASSERT_TRUE(admin_->revoke(other->id));
  EXPECT_EQ(version().number, before.number) << "the number repeats";
  EXPECT_NE(version().value, before.value);
  const auto waited = wait(10s);
  ASSERT_TRUE(waited) << waited.error().text;
  EXPECT_EQ(waited->behind, 0U);
  EXPECT_TRUE(served->snapshot()->find(other->id)->revoked) << "confirmed and not in force";

  restore();
  ASSERT_TRUE(served->refresh());
  EXPECT_FALSE(served->snapshot()->find(other->id)->revoked) << "a restore alone is read too";
}

TEST_F(Serving, ReplacingTheStoreWhileACommandWaitsIsReported) {
  const auto mark = *ServingMark::hold(store());
  const KeyVersion first = version();
  for (const KeyVersion& next : {KeyVersion{first.file, first.number, first.value ^ 1},
                                 KeyVersion{first.file, first.number - 1, first.value},
                                 KeyVersion{{first.file.device, first.file.number + 1}, 9, 9}}) {
    int reads = 0;
    const auto waited =
        wait_for_servers(store(), [&]() -> Result<KeyVersion> { return ++reads == 1 ? first : next; }, 10s);
    ASSERT_FALSE(waited);
    EXPECT_EQ(waited.error().code, ErrorCode::conflict);
  }
}

TEST_F(Serving, AChangeByAnotherCommandMeanwhileHoldsThisOneToo) {
  auto mark = *ServingMark::hold(store());
  const KeyVersion first = version();
  ASSERT_TRUE(admin_->create({.principal = "p"}));
  ASSERT_TRUE(mark.confirm(store(), version()));
  int reads = 0;
  const auto waited = wait_for_servers(
      store(), [&] { return ++reads == 1 ? Result<KeyVersion>(first) : admin_->version(); }, 10s);
  ASSERT_TRUE(waited);
  EXPECT_EQ(waited->behind, 0U);
}

TEST_F(Serving, AServerThatCannotReadItsStoreIsBehind) {
  const auto served = serve();
  ASSERT_TRUE(connection_->execute("ALTER TABLE gatehouse_keys RENAME TO elsewhere"));
  ASSERT_TRUE(connection_->execute(
      "INSERT INTO elsewhere (id, principal, tenant, roles, scopes, hash, created, addresses) "
      "VALUES ('k', 'p', '', '[]', '[]', zeroblob(32), 0, '[]')"));
  EXPECT_FALSE(served->refresh());
  EXPECT_EQ(wait(50ms)->behind, 1U);
  ASSERT_TRUE(connection_->execute("DROP TABLE gatehouse_key_version"));
  EXPECT_FALSE(admin_->version()) << "which the command says";
}

}  // namespace
}  // namespace gatehouse::store
