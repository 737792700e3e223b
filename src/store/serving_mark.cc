#include "store/serving_mark.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/siphash.h"
#include "db/file_locks.h"

namespace gatehouse::store {

namespace {

constexpr std::chrono::milliseconds kBetweenLooks{5};

// The content of a slot: device, number of the file, number and value of the version, and kWhole mixed with
// these, so that a slot that was read while it was written, or never was written, does not count as a
// confirmation.
using Slot = std::array<std::uint64_t, 5>;
constexpr std::uint64_t kWhole = 0x6761746568757365;

Slot slot_of(const KeyVersion& version) {
  const auto number = static_cast<std::uint64_t>(version.number);
  const auto value = static_cast<std::uint64_t>(version.value);
  return {version.file.device, version.file.number, number, value,
          kWhole ^ version.file.device ^ (version.file.number << 1U) ^ (number << 2U) ^ std::rotl(value, 3)};
}

off_t place_of(std::size_t slot) { return static_cast<off_t>(slot * sizeof(Slot)); }

struct flock lock_of(std::size_t slot) {
  struct flock lock{};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = place_of(slot);
  lock.l_len = sizeof(Slot);
  return lock;
}

// In the store's directory, where each name of a store has a range of its own.
struct flock directory_lock_of(const std::string& store, std::size_t slot, short type) {
  const std::string name = std::filesystem::path(store).filename();
  constexpr std::uint64_t kRanges = std::uint64_t{1} << 53U;
  const std::uint64_t range = TableHash(SipKey{}).finish(name).low % kRanges;
  struct flock lock{};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(range * ServingMark::kMostServers + slot);
  lock.l_len = 1;
  return lock;
}

std::string mark_of(const std::string& store) { return store + "-serving"; }

std::string directory_of(const std::string& store) {
  const std::filesystem::path directory = std::filesystem::path(store).parent_path();
  return directory.empty() ? "." : directory.string();
}

std::unexpected<Error> mark_failure(const char* what, const std::string& path) {
  return failure(ErrorCode::denied,
                 fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(errno)));
}

// Opens the mark of `store`, and never another file in its place: a link, a pipe or a directory, or a file
// that other users could have made or can write, would tell a command that no server runs. -1 with errno if
// there is none to open.
Result<int> open_mark(const std::string& store, int flags) {
  const std::string path = mark_of(store);
  const int file = ::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  struct stat facts{}, of_store{};
  std::string_view fault;
  if (::fstat(file, &facts) != 0) {
    fault = "cannot be examined";
  } else if (!S_ISREG(facts.st_mode)) {
    fault = "is not a regular file";
  } else if (facts.st_uid != ::geteuid() && facts.st_uid != 0 &&
             (::stat(store.c_str(), &of_store) != 0 || facts.st_uid != of_store.st_uid)) {
    fault = "belongs to a user other than the store's";
  } else if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    fault = "can be written by other users";
  }
  if (fault.empty()) return file;
  ::close(file);
  return failure(ErrorCode::denied,
                 fmt::format("{} {}; remove it, and each server creates it again", path, fault));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Result<int> open_directory_of(const std::string& store) {
  const std::string path = directory_of(store);
  const int directory = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return mark_failure("open", path);
  return directory;
}

// Whether any other descriptor has the lock. A directory cannot be opened for writing, so that the locks on
// it are shared ones, and this is asked first.
Result<bool> is_locked(int file, struct flock lock, const std::string& path) {
  if (::fcntl(file, F_OFD_GETLK, &lock) != 0) return mark_failure("read the locks of", path);
  return lock.l_type != F_UNLCK;
}

bool write_slot(int file, std::size_t slot, const Slot& value) {
  return ::pwrite(file, value.data(), sizeof value, place_of(slot)) == sizeof value;
}

bool has_confirmed(int file, std::size_t slot, std::span<const KeyVersion> versions) {
  Slot read{};
  if (::pread(file, read.data(), sizeof read, place_of(slot)) != sizeof read) return false;
  return std::ranges::any_of(versions, [&](const KeyVersion& one) { return read == slot_of(one); });
}

// Takes the lock on the slot's bytes; false where another has it.
Result<bool> lock_slot(int file, std::size_t slot, const std::string& path) {
  struct flock lock = lock_of(slot);
  if (::fcntl(file, F_OFD_SETLK, &lock) != 0) {
    if (errno == EAGAIN || errno == EACCES) return false;
    return mark_failure("lock", path);
  }
  // The confirmation of the slot's last holder does not count for this server.
  if (!write_slot(file, slot, {})) return mark_failure("write", path);
  return true;
}

}  // namespace

Result<ServingMark> ServingMark::hold(const std::string& store) {
  GATEHOUSE_TRY(db::FileLocks* const locks, db::FileLocks::of(store));
  for (std::size_t slot = 0; slot < kMostServers; ++slot) {
    GATEHOUSE_TRY(const bool locked, locks->lock(slot));
    if (!locked) continue;
    ServingMark mark(locks, slot);
    GATEHOUSE_TRY(const bool free, mark.take_slot_in_directory_of(store));
    if (!free) continue;
    GATEHOUSE_TRY(const bool taken, mark.take_slot_in_mark_of(store));
    if (taken) return mark;
  }
  return failure(ErrorCode::unavailable, fmt::format("{} servers already run on this store", kMostServers));
}

// False where another has it: a server on a file that this one's has replaced.
Result<bool> ServingMark::take_slot_in_directory_of(const std::string& store) {
  GATEHOUSE_TRY(directory_, open_directory_of(store));
  const std::string path = directory_of(store);
  GATEHOUSE_TRY(const bool locked, is_locked(directory_, directory_lock_of(store, slot_, F_WRLCK), path));
  if (locked) return false;
  struct flock lock = directory_lock_of(store, slot_, F_RDLCK);
  if (::fcntl(directory_, F_OFD_SETLK, &lock) != 0) return mark_failure("lock", path);
  return true;
}

// The slot whose lock on the store is held, in the mark as it is now; false where another has it there.
Result<bool> ServingMark::take_slot_in_mark_of(const std::string& store) {
  std::string path = mark_of(store);
  GATEHOUSE_TRY(const int file, open_mark(store, O_RDWR | O_CREAT));
  if (file < 0) return mark_failure("open", path);
  const auto taken = lock_slot(file, slot_, path);
  if (!taken || !*taken) {
    ::close(file);
    return taken;
  }
  if (file_ >= 0) ::close(file_);
  file_ = file;
  path_ = std::move(path);
  confirmed_.reset();
  return true;
}

bool ServingMark::is_at(const std::string& path) const {
  struct stat held{}, named{};
  return path == path_ && ::fstat(file_, &held) == 0 && ::lstat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

Result<> ServingMark::confirm(const std::string& store, const KeyVersion& version) {
  if (store_ == nullptr || !store_->is_at(store)) {
    GATEHOUSE_TRY(*this, hold(store));
  } else if (!is_at(mark_of(store))) {
    GATEHOUSE_TRY(const bool taken, take_slot_in_mark_of(store));
    if (!taken) {
      GATEHOUSE_TRY(*this, hold(store));
    }
  }
  if (confirmed_ == version) return {};
  confirmed_.reset();
  if (!write_slot(file_, slot_, slot_of(version))) return mark_failure("write", path_);
  confirmed_ = version;
  return {};
}

ServingMark::ServingMark(ServingMark&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      directory_(std::exchange(other.directory_, -1)),
      store_(std::exchange(other.store_, nullptr)),
      slot_(other.slot_),
      confirmed_(other.confirmed_) {}

ServingMark& ServingMark::operator=(ServingMark&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  path_ = std::move(other.path_);
  file_ = std::exchange(other.file_, -1);
  directory_ = std::exchange(other.directory_, -1);
  store_ = std::exchange(other.store_, nullptr);
  slot_ = other.slot_;
  confirmed_ = other.confirmed_;
  return *this;
}

ServingMark::~ServingMark() { give_back(); }

void ServingMark::give_back() {
  if (file_ >= 0) ::close(file_);
  if (directory_ >= 0) ::close(directory_);
  if (store_ != nullptr) store_->unlock(slot_);
}

Result<ServingState> serving_state(const std::string& store, std::span<const KeyVersion> versions) {
  GATEHOUSE_TRY(const db::FileLocks* const locks, db::FileLocks::of(store));
  const std::string path = mark_of(store);
  GATEHOUSE_TRY(const int opened, open_mark(store, O_RDONLY));
  const Descriptor file(opened);
  if (opened < 0 && errno != ENOENT) return mark_failure("open", path);
  GATEHOUSE_TRY(const int folder, open_directory_of(store));
  const Descriptor directory(folder);
  ServingState state;
  for (std::size_t slot = 0; slot < ServingMark::kMostServers; ++slot) {
    GATEHOUSE_TRY(const bool on_store, locks->is_locked(slot));
    GATEHOUSE_TRY(
        const bool in_directory,
        is_locked(directory.number(), directory_lock_of(store, slot, F_WRLCK), directory_of(store)));
    bool on_mark = false;
    if (opened >= 0) {
      GATEHOUSE_TRY(on_mark, is_locked(file.number(), lock_of(slot), path));
    }
    if (!on_store && !in_directory && !on_mark) continue;
    ++state.running;
    if (!on_mark || !has_confirmed(file.number(), slot, versions)) ++state.behind;
  }
  return state;
}

Result<ServingState> wait_for_servers(const std::string& store, const ReadVersion& read_version,
                                      std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::vector<KeyVersion> versions;
  for (;;) {
    GATEHOUSE_TRY(const KeyVersion now, read_version());
    if (versions.empty() || now != versions.back()) {
      // Within one file a change adds to the number: one that does not grow is that of a backup.
      if (!versions.empty() && (now.file != versions.back().file || now.number <= versions.back().number)) {
        return failure(
            ErrorCode::conflict,
            "the store was replaced meanwhile, and the change may be lost; check with `gatehouse key list`");
      }
      versions.push_back(now);
    }
    GATEHOUSE_TRY(const ServingState state, serving_state(store, versions));
    if (state.behind == 0 || std::chrono::steady_clock::now() >= deadline) return state;
    std::this_thread::sleep_for(kBetweenLooks);
  }
}

}  // namespace gatehouse::store
