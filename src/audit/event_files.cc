#include "audit/event_files.h"

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/system_failure.h"

namespace gatehouse::audit {

namespace {

constexpr std::string_view kEnding = ".jsonl";

std::string path_of(const std::string& folder, std::int64_t file) {
  return fmt::format("{}/{}{}", folder, file, kEnding);
}

// Makes the names in a folder last.
Result<> flush_folder(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool flushed = descriptor >= 0 && ::fsync(descriptor) == 0;
  Result<> result;
  if (!flushed) result = system_failure("flush", folder);
  if (descriptor >= 0) ::close(descriptor);
  return result;
}

// 0: none of ours.
std::int64_t number_of(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && std::string_view(end) == kEnding ? number : 0;
}

// Whether the descriptor is of the file that has the name. The folder may have been moved or removed.
bool is_at(int descriptor, const std::string& path) {
  struct stat opened{};
  struct stat there{};
  return descriptor >= 0 && ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &there) == 0 &&
         opened.st_dev == there.st_dev && opened.st_ino == there.st_ino;
}

}  // namespace

std::string event_folder(const db::Connection& connection) { return connection.path() + "-events"; }

Result<> EventFileWriter::open(std::int64_t file) {
  close();
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) return system_failure("make", folder_);
  const std::string path = path_of(folder_, file);
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return system_failure("open", path);
  file_ = file;
  named_ = false;
  return {};
}

void EventFileWriter::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

Result<> EventFileWriter::flush() {
  if (::fdatasync(descriptor_) != 0) {
    auto failed = system_failure("flush", path_of(folder_, file_));
    close();  // unflushed data may be lost, and another flush would not report it
    return failed;
  }
  if (named_) return {};
  GATEHOUSE_CHECK(flush_folder(folder_));
  GATEHOUSE_CHECK(flush_folder(std::filesystem::path(folder_).parent_path().string()));
  named_ = true;
  return {};
}

Result<> EventFileWriter::write(std::int64_t file, std::int64_t offset, std::string_view lines,
                                Durable durable) {
  if (file_ != file || !is_at(descriptor_, path_of(folder_, file))) GATEHOUSE_CHECK(open(file));
  while (!lines.empty()) {
    const ssize_t n = ::pwrite(descriptor_, lines.data(), lines.size(), offset);
    if (n < 0 && errno != EINTR) return system_failure("write to", path_of(folder_, file));
    if (n <= 0) continue;
    lines.remove_prefix(static_cast<std::size_t>(n));
    offset += n;
  }
  return durable == Durable::now ? flush() : Result<>{};
}

Result<> EventFileWriter::remove_before(std::int64_t file, std::int64_t offset) {
  std::error_code error;
  // Not as a range: its steps would throw where the folder cannot be read to its end.
  std::filesystem::directory_iterator entry(folder_, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    const std::int64_t number = number_of(entry->path());
    if (number > 0 && number < file) ::unlink(entry->path().c_str());
  }
  if (offset <= 0) return {};
  const int descriptor = ::open(path_of(folder_, file).c_str(), O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  ::fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, offset);
  ::close(descriptor);
  return {};
}

EventFileReader::~EventFileReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::string_view> EventFileReader::read(const Stretch& from) {
  buffer_.clear();
  GATEHOUSE_CHECK(append(from, buffer_));
  return std::string_view(buffer_);
}

Result<> EventFileReader::append(const Stretch& from, std::string& out) {
  const std::string path = path_of(folder_, from.file);
  if (file_ != from.file || !is_at(descriptor_, path)) {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0 && errno == ENOENT) return {};
    if (descriptor_ < 0) return system_failure("open", path);
    file_ = from.file;
  }
  const std::size_t before = out.size();
  const auto size = static_cast<std::size_t>(from.size);
  std::size_t got = 0;
  bool failed = false;
  // Its new bytes are not set before they are read.
  out.resize_and_overwrite(before + size, [&](char* bytes, std::size_t) {
    while (got < size && !failed) {
      const ssize_t n = ::pread(descriptor_, bytes + before + got, size - got,
                                from.offset + static_cast<std::int64_t>(got));
      failed = n < 0 && errno != EINTR;
      if (n == 0) break;
      if (n > 0) got += static_cast<std::size_t>(n);
    }
    return before + got;
  });
  if (failed) return system_failure("read", path_of(folder_, from.file));
  return {};
}

}  // namespace gatehouse::audit
