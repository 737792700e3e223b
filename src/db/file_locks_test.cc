#include "db/file_locks.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gatehouse::db {
namespace {

class LocksOfAFile : public ::testing::Test {
 protected:
  LocksOfAFile() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-locks-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    path_ = (folder_ / "some.db").string();
    std::ofstream(path_) << "a file";
  }
  ~LocksOfAFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
  std::string path_;
};

TEST_F(LocksOfAFile, AreHeldOnceByAnyCaller) {
  FileLocks& locks = **FileLocks::of(path_);
  EXPECT_EQ(*FileLocks::of(path_), &locks);
  EXPECT_TRUE(*locks.lock(7));
  EXPECT_FALSE(*locks.lock(7)) << "in the same process too";
  EXPECT_TRUE(*locks.is_locked(7));
  EXPECT_FALSE(*locks.is_locked(6));
  EXPECT_FALSE(*locks.is_locked(8));
  locks.unlock(7);
  EXPECT_FALSE(*locks.is_locked(7));
  EXPECT_TRUE(*locks.lock(7));
  locks.unlock(7);
}

TEST_F(LocksOfAFile, OfAnotherProcessEndWithIt) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const bool locked = *(*FileLocks::of(path_))->lock(3);
    static_cast<void>(::write(ready[1], locked ? "x" : "-", 1));
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'x');
  FileLocks& locks = **FileLocks::of(path_);
  EXPECT_TRUE(*locks.is_locked(3));
  EXPECT_FALSE(*locks.lock(3));
  EXPECT_TRUE(*locks.lock(4));
  locks.unlock(4);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_FALSE(*locks.is_locked(3));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(LocksOfAFile, AreThoseOfTheFileThatThePathNames) {
  FileLocks& before = **FileLocks::of(path_);
  EXPECT_TRUE(before.is_at(path_));
  ASSERT_TRUE(*before.lock(1));
  std::filesystem::rename(path_, folder_ / "moved.db");
  EXPECT_EQ(FileLocks::of(path_).error().code, ErrorCode::not_found);
  std::ofstream(path_) << "another";
  EXPECT_FALSE(before.is_at(path_));
  FileLocks& after = **FileLocks::of(path_);
  EXPECT_NE(&after, &before);
  EXPECT_FALSE(*after.is_locked(1));
  std::filesystem::create_symlink("moved.db", folder_ / "link.db");
  EXPECT_EQ(*FileLocks::of((folder_ / "link.db").string()), &before) << "under another name";
  before.unlock(1);
}

}  // namespace
}  // namespace gatehouse::db
