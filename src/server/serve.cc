#include "server/serve.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gate/arrive.h"
#include "gate/respond.h"
#include "server/health.h"
#include "server/recording.h"
#include "server/stream_watch.h"
#include "server/worker.h"

namespace gatehouse::server {
namespace {

// The reason why the work for a request was stopped: the client disconnected, or a drain ended.
Reason stopped_by(const Error& error) {
  return error.code == ErrorCode::timeout ? Reason::draining : Reason::client_gone;
}

// Why a write failed.
Reason not_taken(const Error& error) {
  return error.code == ErrorCode::timeout ? Reason::client_slow : Reason::client_gone;
}

// How long a client may take over one answer: it may keep the server waiting for `patience`, and for a second
// more for each kSlowest bytes that it takes. The time in which it waits for the upstream does not count.
class Pace {
 public:
  static constexpr std::size_t kSlowest = std::size_t{8} << 10U;  // bytes per second
  // No more at once, so that a client that takes nothing is found out soon.
  static constexpr std::size_t kSlice = std::size_t{32} << 10U;

  Pace(const net::Loop& loop, std::chrono::nanoseconds patience)
      : loop_(loop), patience_(patience), left_(patience) {}

  // When a write of so many bytes that begins now has to end.
  MonotonicTime begin(std::size_t bytes) {
    begun_ = loop_.now();
    worth_ = std::chrono::nanoseconds(std::chrono::seconds(bytes)) / kSlowest;
    return begun_ + left_ + worth_;
  }
  void end() { left_ = std::min(patience_, left_ + worth_ - (loop_.now() - begun_)); }

 private:
  const net::Loop& loop_;
  const std::chrono::nanoseconds patience_;
  std::chrono::nanoseconds left_;
  MonotonicTime begun_{};
  std::chrono::nanoseconds worth_{};
};

// The steps between the waits of serve(); few coroutines, because each costs a frame for every request.
class Answering {
 public:
  Answering(Worker& worker, const Serving& serving, gate::Exchange& exchange, Carrier& carrier,
            ServingPolicy& present, Recording& recording)
      : worker_(worker),
        exchange_(exchange),
        carrier_(carrier),
        present_(present),
        answer_(recording.answer),
        ending_(recording.ending),
        pace_(worker.loop(), serving.settings().deadlines.answer) {}

  // The result of the gates and the target, or the reason why they were stopped.
  void answered(Result<gate::Answered> answered);
  void refuse(const Refusal& refusal) {
    ending_.refusal = refusal;
    answer_ = gate::respond(exchange_, refusal);
  }
  void answer_health() {
    // The ending says `draining` until it is known better.
    if (worker_.draining() || worker_.shared().state == State::draining) return refuse(*ending_.refusal);
    if (!worker_.shared().troubled_by().empty()) return refuse(Refusal(Reason::record_unavailable));
    ending_.refusal.reset();
    answer_ = gate::respond_alive(exchange_);
  }
  // Whether a client is connected; if not, adds the reason to the ending.
  bool has_reader();
  // The ending is correct at every moment, in case the coroutine is destroyed. For an answer that is not a
  // refusal it gets `cut` too, or a refusal if the upstream does not end it.
  net::Task<Result<>> begin() {
    if (!ending_.refusal) ending_.cut = Reason::draining;  // until all is written
    if (gate::has_body(*answer_)) left_ = answer_->body();
    goes_on_ = answer_->rest() != nullptr && gate::has_body(*answer_);
    // A smaller answer reaches the client within a moment, or not at all.
    if (goes_on_ || left_.size() > Pace::kSlice) watch_.emplace(worker_.loop(), present_, carrier_);
    const std::string_view first = take_slice();
    return carrier_.begin(*answer_, first, pace_.begin(first.size()));
  }
  // Whether there is more to write.
  bool begun(const Result<>& written);
  net::Task<void> write_rest();
  // Breaks the client's connection, and discards the rest of the upstream's answer: an upstream whose
  // connection breaks may leave its work incomplete. The answer has no rest when it has ended in order.
  net::Task<void> finish_work();
  // A bug while the answer was written: the part that the client has is not an answer.
  void failed(std::string_view what);

 private:
  std::string_view take_slice() {
    const std::string_view slice = left_.substr(0, Pace::kSlice);
    left_.remove_prefix(slice.size());
    slice_bytes_ = slice.size();
    return slice;
  }
  // Whether the answer may continue after the write.
  bool wrote(const Result<>& written) {
    pace_.end();
    if (!written) {
      cut(not_taken(written.error()));
      return false;
    }
    ending_.status = answer_->status();
    ending_.response_bytes += std::exchange(slice_bytes_, 0);
    if (is_watched_out()) cut(*watch_->ended());
    return !is_watched_out();
  }
  bool is_watched_out() const { return watch_ && watch_->ended(); }
  // The client sees a break.
  void cut(Reason reason) {
    if (is_watched_out()) reason = *watch_->ended();
    if (!ending_.refusal) ending_.cut = reason;
    carrier_.reset();
  }

  Worker& worker_;
  gate::Exchange& exchange_;
  Carrier& carrier_;
  ServingPolicy& present_;
  std::optional<gate::Released>& answer_;
  gate::Ending& ending_;
  Pace pace_;
  std::optional<StreamWatch> watch_;
  std::string_view left_;  // of the part in memory
  std::size_t slice_bytes_ = 0;
  bool goes_on_ = false;  // behind that
};

void Answering::answered(Result<gate::Answered> answered) {
  if (answered) {
    ending_.refusal = std::move(answered->refusal);
    answer_ = std::move(answered->released);
    return;
  }
  const Refusal refusal(stopped_by(answered.error()));
  if (exchange_.on_hang_up == net::OnHangUp::finish) exchange_.detail = kNotKnown;
  if (refusal.reason == Reason::draining) return refuse(refusal);
  ending_.refusal = refusal;  // no client is connected
}

bool Answering::has_reader() {
  std::optional<Refusal>& refusal = ending_.refusal;
  // The target finished its work for a client that had gone meanwhile.
  const bool left =
      exchange_.on_hang_up == net::OnHangUp::finish && carrier_.hang_up().state() != net::PeerState::present;
  if (left && !refusal) {
    ending_.cut = Reason::client_gone;
  } else if (left && refusal->stage() == Stage::call && text_of(refusal->answer).status >= 500) {
    // Only the record shows that it failed.
    exchange_.detail = facts_of(refusal->reason).name;
    if (!exchange_.report.detail.empty()) exchange_.detail.append(": ").append(exchange_.report.detail);
    refusal = Refusal(Reason::client_gone);
  }
  return !left && answer_ && !(refusal && refusal->reason == Reason::client_gone);
}

bool Answering::begun(const Result<>& written) {
  if (!wrote(written)) return false;
  if (goes_on_ || !left_.empty()) return true;
  ending_.cut.reset();
  return false;
}

net::Task<void> Answering::write_rest() {
  const DrainList<net::HangUpSource>::Entry working(worker_.working(), carrier_.hang_up());
  for (;;) {
    while (!left_.empty()) {
      const std::string_view slice = take_slice();
      auto writing = carrier_.piece(slice, pace_.begin(slice.size()));
      const auto written = co_await writing;
      if (!wrote(written)) co_return;
    }
    if (!goes_on_) break;
    auto pulling = net::cancellable(carrier_.hang_up(), worker_.work_ends(), answer_->rest()->next());
    auto pulled = co_await pulling;
    if (is_watched_out()) co_return cut(*watch_->ended());
    if (!pulled) co_return cut(stopped_by(pulled.error()));
    if (!*pulled) {
      const Error& error = pulled->error();
      exchange_.report.detail = error.text;
      ending_.cut.reset();
      ending_.refusal =
          Refusal(error.code == ErrorCode::timeout ? Reason::upstream_late : Reason::upstream_malformed);
      co_return carrier_.reset();
    }
    left_ = **pulled;
    if (left_.empty()) break;
  }
  auto ending = carrier_.end(pace_.begin(0));
  const auto ended = co_await ending;
  if (!wrote(ended)) co_return;
  ending_.cut.reset();
}

net::Task<void> Answering::finish_work() {
  carrier_.reset();
  const MonotonicTime until = worker_.loop().now() + exchange_.checked.operation()->timeout;
  const auto fails = [&](Reason reason, std::string_view text) {
    exchange_.detail = facts_of(reason).name;
    exchange_.detail.append(": ").append(text);
  };
  for (;;) {
    auto pulling = answer_->rest()->next();
    const auto piece = co_await pulling;
    if (!piece) {
      const bool late = piece.error().code == ErrorCode::timeout;
      co_return fails(late ? Reason::upstream_late : Reason::upstream_malformed, piece.error().text);
    }
    if (piece->empty()) break;
    if (worker_.loop().now() >= until) {
      co_return fails(Reason::upstream_late,
                      "the upstream's answer takes longer than the operation's timeout");
    }
  }
  answer_->end_rest();
}

void Answering::failed(std::string_view what) {
  exchange_.report.said = what;
  ending_.cut.reset();
  ending_.refusal = Refusal(Reason::internal_error);
  carrier_.reset();
}

}  // namespace

net::Task<void> serve(Worker& worker, const Serving& serving, gate::Exchange& exchange, Carrier& carrier) {
  ServingPolicy present(worker, exchange, carrier.client());
  exchange.present = &present;
  exchange.bodies = &worker.shared().bodies;
  const auto arrived =
      gate::arrive(exchange, serving.listening->names, worker.shared().clock, worker.entropy());
  Recording recording(worker, exchange);
  gate::Ending& ending = recording.ending;
  Answering answering(worker, serving, exchange, carrier, present, recording);
  try {
    if (asks_for_health(serving.settings().listen, exchange.head)) {
      answering.answer_health();
    } else if (arrived) {
      try {
        const DrainList<net::HangUpSource>::Entry working(worker.working(), carrier.hang_up());
        auto running =
            net::cancellable(carrier.hang_up(), worker.work_ends(),
                             serving.runner->answer(exchange, carrier.body()), &exchange.on_hang_up);
        auto answered = co_await running;
        answering.answered(std::move(answered));
      } catch (const std::exception& bug) {
        // Its text goes to the record, and nothing of it to the client.
        exchange.report.said = bug.what();
        answering.refuse(Refusal(Reason::internal_error));
      }
    } else {
      answering.refuse(arrived.error());
    }
    exchange.body_bytes = carrier.body().arrived_bytes();
    if (answering.has_reader()) {
      auto beginning = answering.begin();
      const auto begun = co_await beginning;
      if (answering.begun(begun)) {
        auto going_on = answering.write_rest();
        co_await going_on;
      }
    }
    if (ending.cut && recording.is_unfinished()) {
      auto finishing = answering.finish_work();
      co_await finishing;
    }
  } catch (const std::exception& bug) {
    answering.failed(bug.what());
  }
}

}  // namespace gatehouse::server
