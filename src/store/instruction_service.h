// The operations on the instructions of operators (core/instructions.h) in the store: one service for the
// commands that give them and for the servers that report a reload. A running server sees each change as
// key_store.h describes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"
#include "core/instructions.h"
#include "net/task.h"
#include "store/change_recorder.h"

namespace gatehouse::db {
class Session;
class Store;
}  // namespace gatehouse::db
namespace gatehouse::net {
class Loop;
}

namespace gatehouse::store {

// As the history of changes calls them, in place of a key's id.
inline constexpr std::string_view kInstructionsChanged = "*instructions";

// What one server did with a reload.
struct ReloadOutcome {
  enum class Done : std::uint8_t { refused, reloaded };
  std::string reload;         // its id
  std::string server;         // a name that the server drew
  std::string configuration;  // the path that the server reads
  Done done = Done::refused;
  std::string text;  // the changes, or every problem, in lines
};

// Bounded: more instructions than this are not kept.
inline constexpr std::size_t kMostInstructions = 10'000;

// In the transaction of the session, by kind and subject.
net::Task<Result<std::vector<Instruction>>> read_instructions(db::Session& session);

class InstructionService {
 public:
  // All must outlive the object. prepare_key_tables() has been called.
  InstructionService(db::Store& store, const Clock& clock, const ChangeRecorder& recorder)
      : store_(store), clock_(clock), recorder_(recorder) {}

  // Each is one transaction, and durable when its task has ended; a change leaves an event (`block.address`,
  // `unblock.address`, `maintenance.on` and so on) behind it. `until` bounds the wait for the store.

  // Gives the instruction; one of the same kind and subject is replaced. `invalid` for a subject or text that
  // is too long or has control characters; `conflict` if there are kMostInstructions.
  net::Task<Result<Recorded>> give(net::Loop& loop, MonotonicTime until, Instruction instruction);
  // `not_found`.
  net::Task<Result<Recorded>> take_back(net::Loop& loop, MonotonicTime until, Instruction::Kind kind,
                                        std::string subject);
  net::Task<Result<std::vector<Instruction>>> list(net::Loop& loop, MonotonicTime until);

  // Of a server. Outcomes of earlier reloads go.
  net::Task<Result<>> report(net::Loop& loop, MonotonicTime until, ReloadOutcome outcome);
  net::Task<Result<std::vector<ReloadOutcome>>> outcomes(net::Loop& loop, MonotonicTime until,
                                                         std::string reload);

 private:
  db::Store& store_;
  const Clock& clock_;
  const ChangeRecorder& recorder_;
};

}  // namespace gatehouse::store
