#include "base/encoding.h"

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

TEST(Encoding, Base64MatchesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, coded] : vectors) {
    EXPECT_EQ(base64(plain), coded);
    EXPECT_EQ(from_base64(coded), plain);
  }
}

TEST(Encoding, Base64urlRefusesASecondTextForTheSameBytes) {
  EXPECT_EQ(from_base64url("Zg"), "f");
  for (const char* text : {"Zh", "Zg==", "Z", "Zm9=", "Zm 9", "Zm+v", "Zm/v", "Zm9vYmF\n"}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
}

TEST(Encoding, HexReadsBothCasesAndRefusesTheRest) {
  EXPECT_EQ(from_hex("00fFa0"), std::string("\x00\xff\xa0", 3));
  EXPECT_EQ(hex(as_bytes(std::string_view("\x00\xff\xa0", 3))), "00ffa0");
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace gatehouse
