// The servers that run on a store, and the state of its keys that each of them has read.
//
// A server has a slot. It holds the lock of that number on the store's own file (db/file_locks.h), on the
// store's directory, in a range for the store's name, and on the bytes of the slot in the file
// `<store>-serving` (F_OFD_SETLK). The kernel releases all three with the process, also after kill -9. The
// server writes into the slot the state of the keys that its requests use, after they do. So a command that
// has changed a key can wait until every server has read the change.
//
// The first two locks show that a server runs: one lasts as long as the store's file, the other as long as
// its directory, whichever files are replaced. `<store>-serving` has the state: if it was removed, and the
// server is stopped or cannot create it again, the server counts as behind.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "db/file_identity.h"

namespace gatehouse::db {
class FileLocks;
}

namespace gatehouse::store {

// One state of the keys. Every change adds one to `number` and draws `value` at random: after a backup was
// restored into the same file, the next changes repeat numbers, but not values. Two states are the same only
// where all is equal, and no order of states is known.
struct KeyVersion {
  db::FileIdentity file;
  std::int64_t number = 0;
  std::int64_t value = 0;
  bool operator==(const KeyVersion&) const = default;
};

// A server's slot, for as long as the object lives. One thread at a time uses it.
class ServingMark {
 public:
  static constexpr std::size_t kMostServers = 256;

  // `store` is the path of the store's file. `denied` if the file cannot be created or locked, or is not a
  // regular file of the store's owner that other users cannot write, and if the directory cannot be read or
  // locked; `unavailable` if kMostServers hold a slot.
  static Result<ServingMark> hold(const std::string& store);

  // Writes that new requests use the keys of `version`. Takes the slot again if the mark's file was removed,
  // and another if it is taken, or if the store has moved or was replaced. Cheap if the version is unchanged.
  // After a failure it may be repeated; the server then stays visible.
  Result<> confirm(const std::string& store, const KeyVersion& version);

  ServingMark(ServingMark&& other) noexcept;
  ServingMark& operator=(ServingMark&& other) noexcept;
  ~ServingMark();

 private:
  ServingMark(db::FileLocks* store, std::size_t slot) : store_(store), slot_(slot) {}
  bool is_at(const std::string& path) const;  // whether `path` names the file
  Result<bool> take_slot_in_directory_of(const std::string& store);
  Result<bool> take_slot_in_mark_of(const std::string& store);
  void give_back();

  std::string path_;
  int file_ = -1;                   // -1: none is held
  int directory_ = -1;              // whose lock slot_ is held; -1: none is
  db::FileLocks* store_ = nullptr;  // whose lock slot_ is held; null: none is
  std::size_t slot_ = 0;
  std::optional<KeyVersion> confirmed_;
};

// The servers that hold a slot now.
struct ServingState {
  std::size_t running = 0;
  std::size_t behind = 0;  // of them: those that have confirmed none of the versions asked for
};

// `denied` where a file cannot be read, or the mark is not one that only a server can have made.
Result<ServingState> serving_state(const std::string& store, std::span<const KeyVersion> versions);

// Reads the version that the keys in the store have now.
using ReadVersion = std::function<Result<KeyVersion>()>;

// Waits until every running server has confirmed the version that the keys have at the call, or one that they
// got while it waits: those hold the change too. `patience` at most; returns the state at the end. A server
// that ends meanwhile is not waited for. `conflict` where a backup was restored meanwhile: it may have undone
// the change.
Result<ServingState> wait_for_servers(const std::string& store, const ReadVersion& read_version,
                                      std::chrono::milliseconds patience);

}  // namespace gatehouse::store
