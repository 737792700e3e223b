#include "store/serving_mark.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

namespace gatehouse::store {

namespace {

std::string mark_of(const std::string& store) { return store + "-serving"; }

}  // namespace

Result<ServingMark> ServingMark::hold(const std::string& store) {
  const std::string path = mark_of(store);
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  // A command looks for a moment whether it can have the lock alone; this waits for it.
  if (file >= 0 && ::flock(file, LOCK_SH) == 0) return ServingMark(file);
  const std::string why = std::generic_category().message(errno);
  if (file >= 0) ::close(file);
  return failure(ErrorCode::denied, fmt::format("cannot lock {}: {}", path, why));
}

bool ServingMark::is_held(const std::string& store) {
  const int file = ::open(mark_of(store).c_str(), O_RDWR | O_CLOEXEC);
  if (file < 0) return false;
  const bool held = ::flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(file);
  return held;
}

ServingMark::ServingMark(ServingMark&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

ServingMark::~ServingMark() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace gatehouse::store
