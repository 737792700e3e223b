// The files that hold the lines of the event store, beside its database: `<database>-events/1.jsonl`,
// `2.jsonl` and so on. The database has the ranges of bytes that are events; other bytes in the files are
// not.
//
// SQLite would write every line twice, into its log and into a table, and checksum it each time: that was a
// tenth of the cost of a request. It keeps only the positions of the lines, which a commit settles.
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

  // Writes `lines` at `offset` of `file`, over existing bytes. Creates the file and the folder (modes 0600,
  // 0700).
  Result<> write(std::int64_t file, std::int64_t offset, std::string_view lines, Durable durable);
  // Removes the earlier data from the disk: the files with lower numbers, and the bytes of this one. A file
  // system that cannot make holes keeps the bytes until their file is deleted.
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

  // Valid until the next call. Shorter, or with bytes that are not lines, if the machine lost its power
  // before the disk had them; empty if the file has been removed meanwhile, like old ones.
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
