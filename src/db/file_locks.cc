#include "db/file_locks.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

namespace gatehouse::db {
namespace {

// SQLite locks 512 bytes from 2^30 on, and a database has 2^48 bytes at most.
constexpr off_t kFirstPlace = off_t{1} << 62U;

std::optional<FileIdentity> identity_of(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return FileIdentity{facts.st_dev, facts.st_ino};
}

struct flock place_lock(std::size_t place, short type) {
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirstPlace + static_cast<off_t>(place);
  lock.l_len = 1;
  return lock;
}

std::unexpected<Error> lock_failure() {
  return failure(ErrorCode::unavailable, fmt::format("the database's file cannot be locked: {}",
                                                     std::generic_category().message(errno)));
}

}  // namespace

Result<FileLocks*> FileLocks::of(const std::string& path) {
  static std::mutex& mutex = *new std::mutex;
  // never destroyed: code at the process's end may use it
  static auto& all = *new std::vector<std::unique_ptr<FileLocks>>;
  const std::lock_guard guard(mutex);
  const auto find = [&](const FileIdentity& file) -> FileLocks* {
    const auto found = std::ranges::find_if(all, [&](const auto& one) { return one->file_ == file; });
    return found == all.end() ? nullptr : found->get();
  };
  // Not opened where it is open already: its descriptor could not be closed again.
  if (const auto file = identity_of(path)) {
    if (FileLocks* const known = find(*file)) return known;
  }
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK);
  struct stat facts{};
  if (descriptor < 0 || ::fstat(descriptor, &facts) != 0) {
    return failure(errno == ENOENT ? ErrorCode::not_found : ErrorCode::denied,
                   fmt::format("cannot open {}: {}", path, std::generic_category().message(errno)));
  }
  const FileIdentity file{facts.st_dev, facts.st_ino};
  if (FileLocks* const known = find(file)) return known;  // put there meanwhile; the descriptor stays open
  all.emplace_back(new FileLocks(descriptor, file));
  return all.back().get();
}

Result<bool> FileLocks::lock(std::size_t place) {
  const std::lock_guard guard(mutex_);
  if (own_.contains(place)) return false;
  struct flock lock = place_lock(place, F_WRLCK);
  if (::fcntl(descriptor_, F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    return lock_failure();
  }
  own_.insert(place);
  return true;
}

void FileLocks::unlock(std::size_t place) {
  const std::lock_guard guard(mutex_);
  struct flock lock = place_lock(place, F_UNLCK);
  ::fcntl(descriptor_, F_OFD_SETLK, &lock);
  own_.erase(place);
}

Result<bool> FileLocks::is_locked(std::size_t place) const {
  const std::lock_guard guard(mutex_);
  if (own_.contains(place)) return true;
  struct flock lock = place_lock(place, F_WRLCK);
  if (::fcntl(descriptor_, F_OFD_GETLK, &lock) != 0) return lock_failure();
  return lock.l_type != F_UNLCK;
}

bool FileLocks::is_at(const std::string& path) const { return identity_of(path) == file_; }

}  // namespace gatehouse::db
