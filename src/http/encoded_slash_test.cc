#include "http/encoded_slash.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  split_at_encoded_slashes(path, [&](std::string_view part) { parts.emplace_back(part); });
  return parts;
}

TEST(EncodedSlash, PartsAPathInBothCasesOfItsLetter) {
  using Parts = std::vector<std::string>;
  EXPECT_EQ(parts_of("/a"), Parts{"/a"});
  EXPECT_EQ(parts_of("/a%2Fb%2fc/d"), (Parts{"/a", "b", "c/d"}));
  EXPECT_EQ(parts_of("%2F%2F"), (Parts{"", "", ""}));
  EXPECT_EQ(decode_slashes("/a%2Fb%2fc/d"), "/a/b/c/d");
  EXPECT_EQ(decode_slashes("%2F"), "/");
  EXPECT_EQ(count_encoded_slashes("/a%2Fb%2fc/d"), 2U);
}

TEST(EncodedSlash, OtherEscapesAndPartsOfOneAreNone) {
  for (const char* path : {"/a", "/%2E", "/%20%2", "/%", "/%252F", "/2F", "/%2%46", ""}) {
    EXPECT_EQ(find_encoded_slash(path), std::string_view::npos) << path;
    EXPECT_EQ(count_encoded_slashes(path), 0U) << path;
    EXPECT_EQ(decode_slashes(path), path);
  }
  // What decoding makes is not decoded again.
  EXPECT_EQ(decode_slashes("/%2%2FF"), "/%2/F");
}

// A path of nothing but encoded slashes costs a step for each, and moves no text twice.
TEST(EncodedSlash, TheWorkIsLinearInThePath) {
  constexpr std::size_t kSlashes = 20'000;
  std::string path;
  for (std::size_t i = 0; i < kSlashes; ++i) path += "x%2F";
  std::size_t steps = 0;
  std::size_t bytes = 0;
  split_at_encoded_slashes(path, [&](std::string_view part) {
    ++steps;
    bytes += part.size();
  });
  EXPECT_EQ(steps, kSlashes + 1);
  EXPECT_EQ(bytes, kSlashes);
  const std::string decoded = decode_slashes(path);
  EXPECT_EQ(decoded.size(), 2 * kSlashes);
  EXPECT_EQ(decoded.capacity(), path.size() + 1) << "the memory was taken once";
}

}  // namespace
}  // namespace gatehouse::http
