// A statement's run, awaited on a loop: it waits for its turn, runs on a thread, and is ended when its time
// is over or when its awaiter is destroyed.
#pragma once

#include <coroutine>
#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <utility>

#include "net/loop.h"
#include "target/statement_threads.h"

namespace gatehouse::target {

// Whose turn it is, and for how long.
struct StatementTurn {
  std::string operation;
  std::string principal;
  db::Effect effect = db::Effect::reads;
  std::shared_ptr<const void> place;  // Call::place: held until the statement has really ended
  MonotonicTime begins_by{};          // else it is taken back
  MonotonicTime deadline{};           // then it is interrupted
};

enum class Unfinished : std::uint8_t {
  too_many,  // that wait
  no_turn,   // in time
  overdue,   // interrupted, and not ended within a moment: it continues inside one function of SQLite
  settling,  // its commit had begun, and has not ended within a moment
};

// `R job(db::RunHandle&)` owns its data: it may outlive the awaiting coroutine. The co_await rethrows an
// exception of the job.
template <typename R>
class StatementCall final : private net::Timer {
 public:
  template <typename Job>
  StatementCall(StatementThreads& threads, net::Loop& loop, StatementTurn turn, Job job)
      : net::Timer(loop.timers()),
        threads_(threads),
        loop_(loop),
        begins_by_(std::min(turn.begins_by, turn.deadline)),
        deadline_(turn.deadline) {
    job_->operation = std::move(turn.operation);
    job_->principal = std::move(turn.principal);
    job_->effect = turn.effect;
    job_->work = [shared = shared_, mailbox = loop.mailbox(), work = std::move(job),
                  place = std::move(turn.place)](db::RunHandle& handle) mutable {
      try {
        shared->result.emplace(work(handle));
      } catch (...) {
        shared->exception = std::current_exception();
      }
      mailbox->post([shared = std::move(shared)] {
        if (shared->waiting) std::exchange(shared->waiting, nullptr).resume();
      });
    };
  }
  StatementCall(const StatementCall&) = delete;
  StatementCall& operator=(const StatementCall&) = delete;
  ~StatementCall() override {
    if (std::exchange(shared_->waiting, nullptr) && !threads_.withdraw(*job_)) job_->handle.interrupt();
  }

  bool await_ready() const noexcept { return false; }
  bool await_suspend(std::coroutine_handle<> waiting) {
    shared_->waiting = waiting;
    if (!threads_.submit(job_)) {
      shared_->waiting = nullptr;
      unfinished_ = Unfinished::too_many;
      return false;
    }
    arm(begins_by_);
    return true;
  }
  std::expected<R, Unfinished> await_resume() {
    if (unfinished_) return std::unexpected(*unfinished_);
    if (shared_->exception) std::rethrow_exception(shared_->exception);
    return *std::move(shared_->result);
  }

 private:
  // From the deadline on, a statement that looks at its handle has ended by now.
  static constexpr std::chrono::milliseconds kGrace{200};

  struct Shared {
    std::optional<R> result;
    std::exception_ptr exception;
    std::coroutine_handle<> waiting;  // null: it has been resumed, or destroyed. The loop's thread only
  };
  enum class Phase : std::uint8_t { waits, runs, ends };

  void expired() override {
    if (!shared_->waiting) return;
    if (phase_ == Phase::waits) {
      if (threads_.withdraw(*job_)) return give_up(Unfinished::no_turn);
      phase_ = Phase::runs;
      if (loop_.now() < deadline_) return arm(deadline_);
    }
    if (phase_ == Phase::runs) {
      job_->handle.interrupt();
      phase_ = Phase::ends;
      return arm(loop_.now() + kGrace);
    }
    give_up(job_->handle.is_committed() ? Unfinished::settling : Unfinished::overdue);
  }
  void give_up(Unfinished how) {
    unfinished_ = how;
    std::exchange(shared_->waiting, nullptr).resume();
  }

  StatementThreads& threads_;
  net::Loop& loop_;
  const MonotonicTime begins_by_, deadline_;
  std::shared_ptr<StatementThreads::Job> job_ = std::make_shared<StatementThreads::Job>();
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
  std::optional<Unfinished> unfinished_;
  Phase phase_ = Phase::waits;
};

}  // namespace gatehouse::target
