// The API keys in force, for the request path: an immutable snapshot in memory that all workers share, and
// one thread that keeps it up to date. A request never waits for the database.
//
// A change by another process (`gatehouse key revoke`) is seen by polling SQLite's data_version, which reads
// one word of shared memory, every 50 ms; the next request on every worker then meets the new snapshot. So a
// revocation holds everywhere at most 50 ms, and the time one query takes, after the command has returned.
// After a change inside this process, refresh() makes it hold at once.
//
// Another file in the database's place (a backup that was put back) is seen by its device and inode, and read
// instead.
//
// While the database cannot be read, or is not there any more, revocations could be missed: after kStaleAfter
// the snapshot is one without keys, and callers with keys are refused.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/result.h"
#include "core/key_directory.h"
#include "db/connection.h"

namespace gatehouse::store {

class KeyStore final : public KeyDirectory {
 public:
  static constexpr std::chrono::milliseconds kPoll{50};
  static constexpr std::chrono::seconds kStaleAfter{10};
  static constexpr std::chrono::seconds kWriteUses{5};  // between two writes of last uses

  // Reads all keys of the database, whose tables prepare_key_tables() has made. `clock` must outlive the
  // store.
  static Result<std::unique_ptr<KeyStore>> open(db::OpenOptions options, const Clock& clock);
  // Writes the last uses that are pending.
  ~KeyStore() override;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  std::shared_ptr<const KeySnapshot> snapshot() const override;
  // To the second.
  void used(std::string_view id, WallTime now) override;

  // Looks at the database now; returns when what was committed before the call holds on every worker.
  Result<> refresh();
  // Writes pending last uses now.
  Result<> write_uses();

  // Keys whose rows cannot be read and which therefore do not exist: for metrics and the log.
  std::size_t unreadable() const;

 private:
  struct Entry;
  struct Snapshot;

  // Which file a path names; nothing where it names none.
  struct FileId {
    std::uint64_t device = 0, inode = 0;
    bool operator==(const FileId&) const = default;
  };
  static std::optional<FileId> file_at(const std::string& path);

  KeyStore(db::OpenOptions options, db::Connection connection, const Clock& clock);
  // These with database_ held.
  Result<> look();  // reloads when there is something new
  Result<> reload();
  Result<> write_pending();
  Result<> write_uses_of(Snapshot& snapshot);
  void watch();

  const Clock& clock_;
  std::atomic<std::int64_t> looked_at_{0};  // monotonic nanoseconds of the last look that succeeded

  const std::shared_ptr<const KeySnapshot> none_;

  // What workers take; held for the time of copying a pointer.
  mutable std::mutex current_;
  std::shared_ptr<Snapshot> snapshot_;

  // What the thread works with.
  std::mutex database_;
  std::condition_variable stop_changed_;
  bool stop_ = false;
  const db::OpenOptions options_;
  db::Connection connection_;
  std::optional<FileId> file_;  // that the connection has open
  std::int64_t data_version_ = -1;
  std::int64_t key_version_ = -1;
  std::shared_ptr<Snapshot> before_;  // the snapshot before: a worker may have noted a last use in it
  std::uint64_t generation_ = 0;
  std::thread thread_;
};

}  // namespace gatehouse::store
