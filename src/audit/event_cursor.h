// A reader's place in the log: the files of the event store are read behind it, in order, and it is kept.
//
// The place is a row of the store's database, not a file of its own. After a loss of power the last commits
// may be gone, never one without those behind it: a place that is kept is never ahead of the events, as a
// file could be, and so passes over none that takes the position of one that was lost. Retention asks it in
// the same database (store_sink.cc): events that a reader has not had stay, as long as they fit into the
// store's size.
//
// Readers go by the index alone, never to the end of a file: bytes that no committed run names may be
// overwritten.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "audit/event_files.h"
#include "base/result.h"
#include "base/units.h"
#include "db/connection.h"

namespace gatehouse::audit {

// The findings of a cursor after its position, in addition to the lines.
struct LogPiece {
  std::uint64_t events = 0;  // positions that it covers: 0 at the end of the log
  std::uint64_t lost = 0;    // of these without a line: retention or a loss of power took it
  bool more = false;         // there were events behind them
};

// One thread's at a time. The connection is the cursor's alone; its tables are prepared.
class EventCursor {
 public:
  // Where the name is new its place is the end of the log, and is kept at once.
  static Result<std::unique_ptr<EventCursor>> open(db::Connection connection, std::string name);
  // Removes the places of all other names, unless a process reads under them: retention waits for no reader
  // that is gone.
  static Result<> forget_others(db::Connection& connection, std::span<const std::string> names);

  EventCursor(const EventCursor&) = delete;
  EventCursor& operator=(const EventCursor&) = delete;
  ~EventCursor();

  // Takes the name for this cursor, and its kept place. False: another process, or cursor, has the name, or
  // it was forgotten, and has a place at the end now. Never before the place that the cursor has come to.
  Result<bool> claim();
  // `conflict`: the store's file is another one, and the name is to be claimed in it.
  // Writes whole lines, each with its line feed, over `lines`: up to `most` bytes, at least one run of the
  // index. The place stays until advance().
  Result<LogPiece> next(ByteCount most, std::string& lines);
  // Sets the position after the lines of next().
  void advance() { position_ = next_; }
  // Keeps the place. It survives the process; a loss of power may set it back.
  Result<> keep();
  bool is_kept() const { return position_ == kept_; }

  // Of the lines behind the place.
  Result<std::uint64_t> bytes_behind();

 private:
  Result<bool> use_file_in_place();
  EventCursor(db::Connection connection, std::string name);

  db::Connection connection_;
  std::string name_;
  EventFileReader files_;
  int lock_ = -1;              // a descriptor of its own, with a lock on byte `id_` of the folder's lock file
  std::int64_t id_ = 0;        // of the row
  std::int64_t position_ = 1;  // of the first event that was not read
  std::int64_t next_ = 1;
  std::int64_t kept_ = 1;
  bool has_read_ = false;  // claimed once
};

}  // namespace gatehouse::audit
