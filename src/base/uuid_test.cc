#include "base/uuid.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Uuid, VersionSevenCarriesTheTimeAndSortsByIt) {
  SystemEntropy entropy;
  const WallTime time{std::chrono::milliseconds{0x01939c1e7b0a}};
  const Uuid id = Uuid::v7(time, entropy);
  EXPECT_EQ(id.text().substr(0, 15), "01939c1e-7b0a-7");
  EXPECT_TRUE(std::string_view("89ab").contains(id.text()[19]));
  EXPECT_LT(id.text(), Uuid::v7(time + std::chrono::milliseconds(1), entropy).text());
  EXPECT_NE(id, Uuid::v7(time, entropy));
}

TEST(Uuid, OnlyTheCanonicalTextParses) {
  EXPECT_TRUE(Uuid::parse("01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11"));
  for (const char* text : {"", "01939C1E-7b0a-7cc3-98c4-5d2f1c0e9a11", "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a1",
                           "01939c1e07b0a-7cc3-98c4-5d2f1c0e9a11", "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a1\""}) {
    EXPECT_FALSE(Uuid::parse(text)) << text;
  }
}

}  // namespace
}  // namespace gatehouse
