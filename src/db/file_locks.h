// Locks on a database's file in addition to SQLite's own: they identify the processes that use the file. They
// last as long as the process, and disappear only with the file itself.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "db/file_identity.h"

namespace gatehouse::db {

// The places for locks in one file, numbered from 0; far behind the bytes that SQLite locks, and behind the
// largest database. A lock ends with unlock() or with the process, also after kill -9. Thread-safe.
class FileLocks {
 public:
  // Those of the file that `path` names now. The object lives as long as the process, and so does its
  // descriptor: where a process closes any descriptor of a file, it loses SQLite's locks on it (POSIX; "How
  // To Corrupt An SQLite Database File", section 2.2). A file that is replaced costs one descriptor.
  // `not_found`, `denied`.
  static Result<FileLocks*> of(const std::string& path);

  // Whether the lock is the caller's now; not where another has it, in this process or elsewhere.
  // `unavailable` where the file system has no locks.
  Result<bool> lock(std::size_t place);
  void unlock(std::size_t place);  // that lock() gave
  // Whether any process holds it.
  Result<bool> is_locked(std::size_t place) const;

  const FileIdentity& file() const { return file_; }
  // Whether `path` still names the file.
  bool is_at(const std::string& path) const;

 private:
  FileLocks(int descriptor, FileIdentity file) : descriptor_(descriptor), file_(file) {}

  const int descriptor_;
  const FileIdentity file_;
  mutable std::mutex mutex_;
  std::set<std::size_t> own_;  // this process's: no conflict, as the kernel sees it
};

}  // namespace gatehouse::db
