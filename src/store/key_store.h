// The API keys in force, for the request path: an immutable snapshot in memory that all workers share, and
// one thread that keeps it up to date. A request never waits for the database.
//
// A change by another process (`gatehouse key revoke`) is seen by polling SQLite's data_version, which reads
// one word of shared memory, every 50 ms; the next request on every worker then meets the new snapshot. Which
// state the snapshot is of is then written into the server's ServingMark, and the command waits for that: a
// revocation holds on every worker of every server when the command returns with success. After a change
// inside this process, refresh() makes it hold at once.
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
#include <functional>
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
#include "db/file_identity.h"
#include "store/key_rows.h"
#include "store/serving_mark.h"

namespace gatehouse::store {

class KeyStore final : public KeyDirectory {
 public:
  static constexpr std::chrono::milliseconds kPoll{50};
  static constexpr std::chrono::seconds kStaleAfter{10};
  static constexpr std::chrono::seconds kWriteUses{5};  // between two writes of last uses

  enum class Confirm : std::uint8_t {
    no,
    in_serving_mark,  // what has been read, for the commands that change keys
  };
  // Told, from the store's thread, when what has been read cannot be confirmed any more, and when it can be
  // again. Calls nothing of the store.
  using ReportConfirming = std::function<void(const Result<>& confirmed)>;
  // Reads all keys of the database, whose tables prepare_key_tables() has made. `clock` must outlive the
  // store.
  static Result<std::unique_ptr<KeyStore>> open(db::OpenOptions options, const Clock& clock,
                                                Confirm confirm = Confirm::no, ReportConfirming report = {});
  // Writes the last uses that are pending.
  ~KeyStore() override;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  std::shared_ptr<const KeySnapshot> snapshot() const override;
  std::uint64_t generation() const override;

  // Looks at the database now; returns when what was committed before the call holds on every worker.
  Result<> refresh();
  // Writes pending last uses now.
  Result<> write_uses();

  // Keys whose rows cannot be read and which therefore do not exist: for metrics and the log.
  std::size_t unreadable() const;
  // Whether commands that change keys cannot know what this server has read: for metrics.
  bool cannot_confirm() const { return cannot_confirm_.load(std::memory_order_relaxed); }

 private:
  struct Entry;
  struct Snapshot;

  // Which file a path names; nothing where it names none.
  static std::optional<db::FileIdentity> file_at(const std::string& path);
  // Whether the database has not been read for so long that a revocation could be missed.
  bool stale() const;

  KeyStore(db::OpenOptions options, db::Connection connection, const Clock& clock);
  // These with database_ held.
  Result<> look();  // reloads when there is something new
  Result<> reload();
  void confirm_version();  // that workers take the keys of key_version_ now
  Result<> write_pending();
  Result<> write_uses_of(Snapshot& snapshot);
  void watch();

  const Clock& clock_;
  std::atomic<std::int64_t> looked_at_{0};  // monotonic nanoseconds of the last look that succeeded

  const std::shared_ptr<const KeySnapshot> none_;

  // What workers take when its generation is another than theirs; held for the time of copying a pointer.
  mutable std::mutex current_;
  std::shared_ptr<Snapshot> snapshot_;
  std::atomic<std::uint64_t> current_generation_{0};  // of snapshot_; changed after it

  // What the thread works with.
  std::mutex database_;
  std::condition_variable stop_changed_;
  bool stop_ = false;
  const db::OpenOptions options_;
  db::Connection connection_;
  std::optional<db::FileIdentity> file_;  // that the connection has open
  std::int64_t data_version_ = -1;
  std::optional<KeyVersionRow> key_version_;  // of snapshot_
  std::optional<ServingMark> mark_;
  ReportConfirming report_confirming_;
  std::atomic<bool> cannot_confirm_{false};
  std::shared_ptr<Snapshot> before_;  // the snapshot before: a worker may have noted a last use in it
  std::uint64_t generation_ = 0;
  std::thread thread_;
};

}  // namespace gatehouse::store
