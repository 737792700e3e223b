// The threads on which statements of the configuration run, and the order in which they get there.
//
// A statement waits in the queue of its operation and principal. A free thread serves the principals in turn,
// and passes over one whose operation or principal has its share of the threads, or that would write while
// another statement writes: SQLite has one writer, and the others would hold threads while they wait for it.
// So a principal with slow statements holds its share of threads, and one operation its own; the others go
// on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "db/catalogue.h"
#include "db/run_handle.h"

namespace gatehouse::target {

struct StatementShares {
  unsigned threads = 8;
  unsigned of_operation = 3;  // at once
  unsigned of_principal = 2;
  std::size_t waiting = 1024;
  std::size_t waiting_of_principal = 64;

  // For a machine of so many cores.
  static StatementShares for_cores(unsigned cores);
};

class StatementThreads {
 public:
  struct Job {
    std::string operation;
    std::string principal;  // the owner of a turn: a principal, or an address without one
    db::Effect effect = db::Effect::reads;
    std::move_only_function<void(db::RunHandle&)> work;  // owns its data
    db::RunHandle handle;                                // given to `work`
  };

  explicit StatementThreads(StatementShares shares);
  // Drops waiting jobs, interrupts running ones, and joins. A thread that does not react within a moment is
  // left to the end of the process.
  ~StatementThreads();
  StatementThreads(const StatementThreads&) = delete;
  StatementThreads& operator=(const StatementThreads&) = delete;

  // From any thread. false: too many wait, all together or of this principal.
  bool submit(std::shared_ptr<Job> job);
  // Takes back a waiting job, to which the caller holds a reference. false: it is running, or has run.
  bool withdraw(const Job& job);

  std::size_t waiting() const;
  std::size_t running() const;

 private:
  struct State;  // the shared state of the threads
  std::shared_ptr<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace gatehouse::target
