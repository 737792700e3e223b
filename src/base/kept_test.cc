#include "base/kept.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

struct Found {
  Kept<std::string> text;
  Kept<std::vector<int>> numbers;
  bool known = false;
};

TEST(Kept, AnEmptiedStructIsAsNewAndKeepsItsMemory) {
  Found found;
  found.text = std::string(1000, 'x');
  found.numbers.assign(1000, 1);
  found.known = true;
  const char* const memory = found.text.data();
  const std::size_t room = found.numbers.capacity();
  found = {};
  EXPECT_TRUE(found.text.empty());
  EXPECT_TRUE(found.numbers.empty());
  EXPECT_FALSE(found.known);
  EXPECT_EQ(found.text.data(), memory);
  EXPECT_EQ(found.numbers.capacity(), room);
}

TEST(Kept, AFilledContainerIsMovedAsUsual) {
  Kept<std::string> from, to;
  from = std::string(1000, 'x');
  const char* const memory = from.data();
  to = std::move(from);
  EXPECT_EQ(to.size(), 1000U);
  EXPECT_EQ(to.data(), memory);
}

TEST(Kept, CopiesAreCopies) {
  Kept<std::string> one;
  one = "text";
  Kept<std::string> other(one);
  one = {};
  EXPECT_EQ(other, "text");
}

}  // namespace
}  // namespace gatehouse
