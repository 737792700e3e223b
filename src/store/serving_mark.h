// Which servers run on a store, and which state of its keys each of them has read: the file
// `<store>-serving`.
//
// The file has a slot for each server. A server holds its slot with a lock on the slot's bytes (F_OFD_SETLK),
// which the kernel ends with the process, also after kill -9. It writes into the slot which keys its requests
// meet, after they do. So a command that has changed a key can wait until every server has read the change.
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

  // `store` is the path of the store's file. `denied` where the file cannot be made or locked, or is
  // not a regular file of the store's owner that nobody else can write; `unavailable`
  // where kMostServers hold a slot.
  static Result<ServingMark> hold(const std::string& store);

  // Writes that requests which begin from now on meet the keys of `version`. Takes a slot anew
  // where the mark's file was removed, or the store has moved. Cheap where it says what was said before; one
  // that failed may be repeated.
  Result<> confirm(const std::string& store, const KeyVersion& version);

  ServingMark(ServingMark&& other) noexcept;
  ServingMark& operator=(ServingMark&& other) noexcept;
  ~ServingMark();

 private:
  ServingMark(std::string path, int file, std::size_t slot)
      : path_(std::move(path)), file_(file), slot_(slot) {}
  bool is_at(const std::string& path) const;  // whether `path` names the file

  std::string path_;
  int file_;
  std::size_t slot_;
  std::optional<KeyVersion> confirmed_;
};

// The servers that hold a slot now.
struct ServingState {
  std::size_t running = 0;
  std::size_t behind = 0;  // of them: those that have confirmed none of the versions asked for
};

// `denied` where the file cannot be read, or is not one that only a server can have made. No server, where
// there is none.
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
