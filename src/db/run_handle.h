// By which another thread ends the runs of one piece of work, or learns that it is too late.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>

struct sqlite3;

namespace gatehouse::db {

class RunHandle {
 public:
  RunHandle() = default;
  RunHandle(const RunHandle&) = delete;
  RunHandle& operator=(const RunHandle&) = delete;

  // From any thread. Runs that are under way, wait for a lock or begin later end with RunFault::late, and
  // their changes are rolled back. false: the change is being committed, or is committed.
  bool interrupt();
  bool is_interrupted() const { return state_.load(std::memory_order_acquire) == State::interrupted; }
  bool is_committed() const { return state_.load(std::memory_order_acquire) == State::committed; }

 private:
  friend class Run;
  // Before a commit. false: it was interrupted, and nothing is committed.
  bool settle();
  // Where the work runs. Null: nowhere.
  void attach(sqlite3* database);

  enum class State : std::uint8_t { open, interrupted, committed };
  std::atomic<State> state_{State::open};
  std::mutex mutex_;
  sqlite3* database_ = nullptr;
};

}  // namespace gatehouse::db
