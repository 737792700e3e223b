#include "base/file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gatehouse {
namespace {

struct Descriptor {
  explicit Descriptor(int opened) : number(opened) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number;
};

std::unexpected<Error> cannot_be_read(int why) {
  if (why == ENOENT || why == ENOTDIR) return failure(ErrorCode::not_found, "no such file");
  const std::string text = std::generic_category().message(why);
  if (why == EACCES || why == EPERM) {
    return failure(
        ErrorCode::denied,
        fmt::format("the file cannot be read: {}; let the user that runs Gatehouse read it", text));
  }
  return failure(ErrorCode::unavailable, fmt::format("the file cannot be read: {}", text));
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t most) {
  // Without O_NONBLOCK, open() would wait for a writer of a pipe.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.number < 0) return cannot_be_read(errno);
  struct stat state{};
  if (::fstat(file.number, &state) != 0) return cannot_be_read(errno);
  if (S_ISDIR(state.st_mode))
    return failure(ErrorCode::invalid, "a folder, not a regular file; name a file in it");
  if (!S_ISREG(state.st_mode))
    return failure(ErrorCode::invalid, "not a regular file; write its content to a file, and name that file");

  // One byte more than there seem to be shows the end; a file that grows meanwhile, or has no size of its own
  // as those in /proc, is read on.
  std::string text;
  std::size_t have = 0;
  std::size_t room = state.st_size > 0 ? static_cast<std::size_t>(state.st_size) : 4096;
  while (have <= most) {
    text.resize(have + std::min(room, most - have) + 1);
    const ssize_t got = ::read(file.number, text.data() + have, text.size() - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return cannot_be_read(errno);
    if (got == 0) {
      text.resize(have);
      return text;
    }
    have += static_cast<std::size_t>(got);
    room = 4096;
  }
  return failure(ErrorCode::too_large, fmt::format("the file has more than {} bytes", most));
}

}  // namespace gatehouse
