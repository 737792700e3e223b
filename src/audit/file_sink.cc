#include "audit/file_sink.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/system_failure.h"

namespace gatehouse::audit {

namespace {

// Writes until `done` bytes are all; `done` says how far it came.
Result<> write_all(int file, std::string_view text, std::size_t& done, std::string_view name) {
  while (done < text.size()) {
    const ssize_t n = ::write(file, text.data() + done, text.size() - done);
    if (n >= 0) {
      done += static_cast<std::size_t>(n);
    } else if (errno == EAGAIN) {  // a pipe that another program made non-blocking
      pollfd ready{file, POLLOUT, 0};
      ::poll(&ready, 1, 1000);
    } else if (errno != EINTR) {
      return system_failure("write to", name);
    }
  }
  return {};
}

class StdoutSink final : public Sink {
 public:
  std::string_view name() const override { return "stdout"; }
  bool can_be_durable() const override { return false; }
  Result<> write(const Batch& batch, Durable) override {
    GATEHOUSE_CHECK(write_all(STDOUT_FILENO, batch.lines, done_, name()));
    done_ = 0;
    return {};
  }

 private:
  std::size_t done_ = 0;
};

class FileSink final : public Sink {
 public:
  explicit FileSink(FileOptions options) : options_(std::move(options)) {}
  ~FileSink() override { close(); }

  std::string_view name() const override { return options_.path; }
  bool can_be_durable() const override { return true; }

  Result<> write(const Batch& batch, Durable durable) override {
    if (file_ < 0) GATEHOUSE_CHECK(open());
    if (size_ > 0 && size_ + batch.lines.size() > options_.rotate.bytes) GATEHOUSE_CHECK(rotate());
    std::size_t done = 0;
    Result<> written = write_all(file_, batch.lines, done, name());
    if (written && durable == Durable::now && ::fdatasync(file_) != 0)
      written = system_failure("flush", name());
    if (!written) {
      // Half a batch would be written twice, half a line is invalid, and unflushed data may be lost.
      if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) close();
      return written;
    }
    size_ += batch.lines.size();
    return {};
  }

  Result<> flush() override {
    if (file_ < 0 || ::fdatasync(file_) == 0 || errno == EINVAL || errno == EROFS)
      return {};  // a pipe, a device
    return system_failure("flush", name());
  }

  Result<> reopen() override {
    static_cast<void>(flush());  // the file that was moved away is not flushed later
    close();
    return open();
  }

  Result<> open() {
    file_ = ::open(options_.path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) return system_failure("open", name());
    struct stat status{};
    if (::fstat(file_, &status) != 0) return system_failure("look at", name());
    size_ = static_cast<std::uint64_t>(status.st_size);
    char last = '\n';
    if (S_ISREG(status.st_mode) && size_ > 0 && ::pread(file_, &last, 1, status.st_size - 1) == 1 &&
        last != '\n') {
      std::size_t done = 0;
      GATEHOUSE_CHECK(write_all(file_, "\n", done, name()));
      ++size_;
    }
    return {};
  }

 private:
  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }

  std::string old(unsigned number) const { return fmt::format("{}.{}", options_.path, number); }

  // The oldest is overwritten. Renames leave every file whole at every moment; a crash in between leaves a
  // gap in the numbers, which the next rotation closes.
  Result<> rotate() {
    if (options_.keep == 0) {
      if (::unlink(options_.path.c_str()) != 0 && errno != ENOENT) return system_failure("remove", name());
    } else {
      for (unsigned number = options_.keep - 1; number >= 1; --number) {
        if (std::rename(old(number).c_str(), old(number + 1).c_str()) != 0 && errno != ENOENT) {
          return system_failure("rename", old(number));
        }
      }
      if (std::rename(options_.path.c_str(), old(1).c_str()) != 0 && errno != ENOENT) {
        return system_failure("rename", name());
      }
    }
    return reopen();
  }

  const FileOptions options_;
  int file_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<Sink> stdout_sink() { return std::make_unique<StdoutSink>(); }

Result<std::unique_ptr<Sink>> file_sink(FileOptions options) {
  auto sink = std::make_unique<FileSink>(std::move(options));
  GATEHOUSE_CHECK(sink->open());
  return sink;
}

}  // namespace gatehouse::audit
