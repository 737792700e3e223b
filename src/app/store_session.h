// The store of a configuration, for one command that reads or changes something in it: `gatehouse key`,
// `block`, `maintenance`, `reload`.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/clock.h"
#include "base/result.h"
#include "db/sqlite_store.h"
#include "net/finish.h"
#include "net/loop.h"
#include "policy/settings.h"
#include "store/change_recorder.h"
#include "store/instruction_service.h"
#include "store/serving_mark.h"

namespace gatehouse::app {

// The exit status of a change that is stored, but not confirmed by a running server, or without an event.
inline constexpr int kNotConfirmed = 3;

class StoreWatchdog;

struct StoreSession {
  std::string_view command;  // its name, for messages
  const policy::Settings& settings;
  db::SqliteStore& store;
  const store::ChangeRecorder& recorder;
  store::InstructionService& instructions;
  net::Loop& loop;
  StoreWatchdog& watchdog;

  template <typename T>
  T finish(net::Task<T> task) const {
    return net::finish(loop, std::move(task));
  }
  // When a work of the store that begins now has to end.
  static MonotonicTime until();

  // The servers that run on the store now, and those of them that have not read its last change.
  Result<store::ServingState> servers(std::chrono::milliseconds patience) const;
  // After a change that is in the store: waits until every running server has read it. So a revoked key is
  // refused when the command returns, and a script can use the key that it has just made. Gives the exit
  // status: kNotConfirmed where a server has not confirmed it in time. Where no server runs on the store,
  // that is said: it may be the wrong configuration.
  int let_servers_read() const;
  // The same, or kNotConfirmed if the change left no event.
  int status_of(const store::Recorded& change) const;
};

// What a command requires of its configuration.
enum class Requires : std::uint8_t {
  all_settings,  // each is valid
  its_store,     // it names the store: for commands that must be possible while it is being edited
};

// Opens the store of the configuration, calls `work` and gives its exit status; 1 with a message where the
// store cannot be opened. Ends the process where the store does not answer.
int with_store(std::string_view command, const std::string& config, Requires required,
               const std::function<int(const StoreSession&)>& work);

}  // namespace gatehouse::app
