// The files that hold the lines of the event store, beside its database: `<database>-events/1.jsonl`,
// `2.jsonl` and so on. The database says which bytes of which file are events; other bytes in them are not.
//
// SQLite would write every line twice, into its log and into a table, and sum it each time: that was a tenth
// of what a request costs. What it keeps of the lines is where they are, which a commit settles.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "audit/batch.h"
#include "base/result.h"
#include "db/connection.h"

namespace gatehouse::audit {

// Where lines are.
struct Stretch {
  std::int64_t file = 1;
  std::int64_t offset = 0;  // bytes
  std::int64_t size = 0;    // bytes
};

// The folder of the files that belong to a database.
std::string event_folder(const db::Connection& connection);

class EventFileWriter {
 public:
  explicit EventFileWriter(std::string folder) : folder_(std::move(folder)) {}
  ~EventFileWriter() { close(); }
  EventFileWriter(const EventFileWriter&) = delete;
  EventFileWriter& operator=(const EventFileWriter&) = delete;

  // Puts `lines` at `offset` of `file`, over what is there. Makes the file and the folder (modes 0600, 0700).
  Result<> write(std::int64_t file, std::int64_t offset, std::string_view lines, Durable durable);
  // Takes from the disk what stands before: the files with lower numbers, and the bytes of this one. A file
  // system that cannot make holes keeps the bytes until their file goes.
  Result<> remove_before(std::int64_t file, std::int64_t offset);

 private:
  Result<> open(std::int64_t file);
  Result<> flush();
  void close();

  const std::string folder_;
  int descriptor_ = -1;
  std::int64_t file_ = 0;
  bool named_ = false;  // whether the file's name is on the disk
};

class EventFileReader {
 public:
  explicit EventFileReader(std::string folder) : folder_(std::move(folder)) {}
  ~EventFileReader();
  EventFileReader(const EventFileReader&) = delete;
  EventFileReader& operator=(const EventFileReader&) = delete;

  // Valid until the next call. Shorter, or with bytes that are no lines, where the machine lost its power
  // before the disk had them; empty where the file has been removed meanwhile, as old ones are.
  Result<std::string_view> read(const Stretch& from);
  // The same, appended to `out`.
  Result<> append(const Stretch& from, std::string& out);

 private:
  const std::string folder_;
  int descriptor_ = -1;
  std::int64_t file_ = 0;
  std::string buffer_;
};

}  // namespace gatehouse::audit
