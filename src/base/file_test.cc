#include "base/file.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gatehouse {
namespace {

using testing::HasSubstr;

constexpr std::size_t kMost = 10'000;

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "gatehouse-file-XXXXXX";
    ASSERT_TRUE(::mkdtemp(pattern.data()));
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string path(const std::string& name) const { return folder_ + "/" + name; }
  std::string with(const std::string& text) const {
    std::ofstream(path("file"), std::ios::binary) << text;
    return path("file");
  }

  std::string folder_;
};

std::string problem(const std::string& path) {
  const auto text = read_file(path, kMost);
  return text ? "none" : text.error().text;
}

TEST_F(Files, AreReadWholeUpToTheBound) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{4096}, std::size_t{4097}, kMost}) {
    const std::string text(size, '\0');
    const auto read = read_file(with(text), kMost);
    ASSERT_TRUE(read) << size;
    EXPECT_EQ(*read, text);
  }
  EXPECT_EQ(problem(with(std::string(kMost + 1, 'x'))), "the file has more than 10000 bytes");
}

TEST_F(Files, WithoutASizeOfTheirOwnAreReadToTheirEnd) {
  const auto read = read_file("/proc/self/status", kMost);
  ASSERT_TRUE(read);
  EXPECT_THAT(*read, HasSubstr("VmPeak"));
}

TEST_F(Files, ThatAreNoneAreErrorsAndNothingIsWaitedFor) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(problem(path("none")), "no such file");
  EXPECT_EQ(problem(with("x") + "/below"), "no such file");
  EXPECT_EQ(problem(folder_), "a folder, not a regular file; name a file in it");
  EXPECT_THAT(problem(path("pipe")), HasSubstr("not a regular file; write its content to a file"));
  EXPECT_THAT(problem("/dev/zero"), HasSubstr("not a regular file"));
  EXPECT_THAT(problem(std::string(100'000, 'x')), HasSubstr("the file cannot be read: File name too long"));
}

TEST_F(Files, ThatMayNotBeReadAreForTheirOwnerToOpen) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const std::string secret = with("x");
  ASSERT_EQ(::chmod(secret.c_str(), 0), 0);
  EXPECT_THAT(problem(secret), HasSubstr("let the user that runs Gatehouse read it"));
}

}  // namespace
}  // namespace gatehouse
