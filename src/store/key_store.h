// The API keys in force, for the request path: an immutable snapshot in memory that all workers share, and
// one thread that keeps it up to date. A request never waits for the database.
//
// The thread reads the history of keys (gatehouse_key_changes) behind the last change that it knows, every
// 100 ms, and copies the shards of the keys that changed; the next request on every worker then meets the new
// snapshot. Where the history is another one (a backup was restored, or another database stands in the place
// of this one) or has a gap, it reads all keys. Which change the snapshot has is then confirmed, and a
// command waits for that: a revocation holds on every worker of every server when the command returns with
// success. After a change inside this process, refresh() makes it hold at once.
//
// While the database cannot be read, or is not there any more, revocations could be missed: kStaleAfter the
// last look that succeeded began, the snapshot is one without keys, and callers with keys are refused.
//
// The instructions of operators (core/instructions.h) stand in the same history, and are read with the keys.
// Those that were read last stay in force while the database cannot be read.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/result.h"
#include "core/key_directory.h"
#include "store/key_change.h"

namespace gatehouse {
class InstructionBoard;
}
namespace gatehouse::db {
class SqliteStore;
class Store;
}  // namespace gatehouse::db

namespace gatehouse::store {

struct KeyStoreOptions {
  // Confirms to waiting commands that new requests use this change. From the store's thread, at each look.
  // Empty: no command waits.
  using Confirm = std::function<Result<>(const KeyChange& change)>;
  Confirm confirm = {};
  // Called from the store's thread when the store cannot confirm its state any more, and when it can again.
  // Calls nothing of the store.
  using ReportConfirming = std::function<void(const Result<>& confirmed)>;
  ReportConfirming report = {};
  // Gets the instructions of the store (core/instructions.h), each time that they change. Null: none do.
  std::shared_ptr<InstructionBoard> instructions = {};
};

class KeyStore final : public KeyDirectory {
 public:
  static constexpr std::chrono::milliseconds kPoll{100};
  static constexpr std::chrono::seconds kStaleAfter{10};
  static constexpr std::chrono::seconds kWriteUses{5};  // between two writes of last uses

  // Creates the tables and reads all keys. `clock`, for the age of the state, must outlive the store of keys.
  static Result<std::unique_ptr<KeyStore>> open(std::shared_ptr<db::Store> store, const Clock& clock,
                                                KeyStoreOptions options = {});
  // Writes the last uses that are pending.
  ~KeyStore() override;
  KeyStore(const KeyStore&) = delete;
  KeyStore& operator=(const KeyStore&) = delete;

  std::shared_ptr<const KeySnapshot> snapshot() const override;
  std::uint64_t generation() const override;

  // Reads the database now; returns when every change that was committed before the call applies on every
  // worker. Blocks; not from a thread that a work of the store runs on.
  Result<> refresh();
  // Writes pending last uses now. Blocks too.
  Result<> write_uses();

  // Whether the database has not been read for so long that a revocation could be missed: no key is accepted.
  bool stale() const;
  // Keys whose rows cannot be read and which therefore do not exist: for metrics and the log.
  std::size_t unreadable() const { return unreadable_.load(std::memory_order_relaxed); }
  // Whether commands that change keys cannot know this server's state: for metrics.
  bool cannot_confirm() const { return cannot_confirm_.load(std::memory_order_relaxed); }

 private:
  class Snapshot;
  class Reader;
  struct Read;

  explicit KeyStore(const Clock& clock);
  void publish(std::shared_ptr<const Snapshot> snapshot);

  const Clock& clock_;
  std::atomic<std::int64_t> looked_at_{0};  // monotonic nanoseconds of the last look that succeeded
  std::atomic<std::size_t> unreadable_{0};
  std::atomic<bool> cannot_confirm_{false};

  const std::shared_ptr<const KeySnapshot> none_;

  // Workers read it when its generation differs from theirs; locked while a pointer is copied.
  mutable std::mutex current_;
  std::shared_ptr<const KeySnapshot> snapshot_;
  std::atomic<std::uint64_t> current_generation_{0};  // of snapshot_; changed after it

  std::unique_ptr<Reader> reader_;  // the thread; last: it uses the others
};

// Confirms in the ServingMark of the file that the store reads, for commands on the same machine.
Result<KeyStoreOptions::Confirm> confirm_in_serving_mark(std::shared_ptr<db::SqliteStore> store);

}  // namespace gatehouse::store
