// A process that changes keys, for as long as the object lives: it holds the lock of its number on the
// store's file (db/file_locks.h), which the kernel ends with the process, also after kill -9. So others know
// whether it will still record the events of its changes (key_service.h).
#pragma once

#include <cstdint>
#include <string>

#include "base/entropy.h"
#include "base/result.h"

namespace gatehouse::db {
class FileLocks;
}

namespace gatehouse::store {

class KeyMaker {
 public:
  // `store` is the path of a file that all who change these keys know. Errors: those of FileLocks.
  static Result<KeyMaker> hold(const std::string& store, Entropy& entropy);
  KeyMaker(KeyMaker&& other) noexcept;
  KeyMaker& operator=(KeyMaker&&) = delete;
  ~KeyMaker();

  std::int64_t number() const { return number_; }
  // Whether the process of that number has ended; what it left is then the caller's alone until give_back().
  Result<bool> take_over(std::int64_t number) const;
  void give_back(std::int64_t number) const;

 private:
  KeyMaker(db::FileLocks& locks, std::int64_t number) : locks_(&locks), number_(number) {}

  db::FileLocks* locks_;  // null: moved from
  std::int64_t number_;
};

}  // namespace gatehouse::store
