#include "app/store_session.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <unistd.h>

#include "app/command_line.h"
#include "app/load_policy.h"
#include "app/process_resources.h"
#include "audit/journal.h"
#include "base/entropy.h"
#include "store/key_maker.h"
#include "store/key_service.h"
#include "store/key_store.h"

namespace gatehouse::app {

// Ends the process with `last_words` where the work takes too long: the store may be locked, and a call into
// a disk that hangs does not return.
class StoreWatchdog {
 public:
  static constexpr std::chrono::seconds kPatience{15};

  StoreWatchdog(std::string_view command, std::string last_words)
      : thread_([this, name = std::string(command), words = std::move(last_words)] {
          std::unique_lock lock(mutex_);
          if (changed_.wait_for(lock, kPatience, [this] { return done_; })) return;
          fail(name, words);
          std::_Exit(1);
        }) {}
  ~StoreWatchdog() {
    stop();
    thread_.join();
  }
  // The work is done.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
  }
  StoreWatchdog(const StoreWatchdog&) = delete;
  StoreWatchdog& operator=(const StoreWatchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;  // last: it uses the others
};

MonotonicTime StoreSession::until() { return SystemClock().monotonic() + kStorePatience; }

Result<store::ServingState> StoreSession::servers(std::chrono::milliseconds patience) const {
  watchdog.stop();
  const auto version = [&]() -> Result<store::KeyVersion> {
    GATEHOUSE_TRY(const store::KeyChange change, finish(store::last_change(loop, store, until())));
    // Looked at last: where another file has taken the path meanwhile, the change was made to one that is
    // gone.
    GATEHOUSE_TRY(const db::FileIdentity file, store.file());
    return store::KeyVersion{file, change.number, change.value};
  };
  return store::wait_for_servers(store.path(), version, patience);
}

int StoreSession::let_servers_read() const {
  constexpr std::chrono::seconds kPatience{5};
  const auto state = servers(kPatience);
  if (!state) {
    return fail(
        command,
        fmt::format("the change is stored, but it is unknown whether a running server has read it: {}",
                    state.error().text),
        kNotConfirmed);
  }
  if (state->behind > 0) {
    return fail(
        command,
        fmt::format("the change is stored, but {} of {} running servers did not confirm within {} s that "
                    "they have read it; a server that cannot read its store refuses all keys after {} s",
                    state->behind, state->running, kPatience.count(), store::KeyStore::kStaleAfter.count()),
        kNotConfirmed);
  }
  if (state->running == 0) {
    fmt::print(stderr,
               "No running server uses {}: the change applies to servers that start with it. Check that -c "
               "names the configuration of the running server.\n",
               store.path());
  }
  return 0;
}

int StoreSession::status_of(const store::Recorded& change) const {
  const int status = let_servers_read();
  if (change.event) return status;
  return fail(
      command,
      fmt::format("the change is stored, but its event could not be recorded, and is noted in the store: {}",
                  change.event.error().text),
      kNotConfirmed);
}

int with_store(std::string_view command, const std::string& config, Requires required,
               const std::function<int(const StoreSession&)>& work) {
  const auto settings = required == Requires::all_settings
                            ? load_settings(config, "the command did nothing")
                            : load_store_settings(config, "the command did nothing");
  if (!settings) return 1;
  const std::string_view look = command == "key"           ? "gatehouse key list"
                                : command == "maintenance" ? "gatehouse maintenance list"
                                                           : "gatehouse block --list";
  StoreWatchdog watchdog(
      command, fmt::format("{} did not answer within {} s, so it is unknown whether anything has changed; "
                           "check with `{}`, and try again",
                           settings->store, StoreWatchdog::kPatience.count(), look));
  const SystemClock clock;
  const auto store = open_store(*settings, clock, db::SqliteStore::Replaced::refuse);
  if (!store) return fail(command, store.error().text);
  SystemEntropy entropy;
  auto sink = open_event_sink(*settings);
  if (!sink) return fail(command, sink.error().text);
  net::Loop loop(clock);
  std::vector<std::unique_ptr<audit::Sink>> sinks;
  sinks.push_back(*std::move(sink));
  audit::Journal journal(std::move(sinks), clock);
  const auto record = journal.worker(&loop);
  const auto maker = store::KeyMaker::hold((*store)->path(), entropy);
  if (!maker) return fail(command, maker.error().text);
  store::ChangeActor actor{record.get(), fmt::format("uid:{}", ::getuid()), "command", &*maker};
  actor.has_event = [path = (*store)->path()](std::string_view id) { return has_event(path, id); };
  const store::ChangeRecorder recorder(**store, entropy, clock, std::move(actor));
  store::InstructionService instructions(**store, clock, recorder);
  const auto left = net::finish(loop, recorder.record_left(loop, StoreSession::until()));
  if (!left) {
    fail(command,
         fmt::format("events of earlier changes could not be recorded, and are noted in the store: {}",
                     left.error().text));
  }
  return work({command, *settings, **store, recorder, instructions, loop, watchdog});
}

}  // namespace gatehouse::app
