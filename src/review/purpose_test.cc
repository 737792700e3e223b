#include "review/purpose.h"

#include <optional>

#include <gtest/gtest.h>

namespace gatehouse::review {
namespace {

TEST(Purpose, WordsAreFoundInNamesAsPeopleWriteThem) {
  EXPECT_EQ(words_of("getOrderById"), " get order by id ");
  EXPECT_EQ(words_of("HTTPServer_v2-x"), " http server v2 x ");
  EXPECT_EQ(words_of("/users/{id}/reset-password"), " users id reset password ");
  EXPECT_EQ(words_of(""), " ");
}

TEST(Purpose, AWordInsideAnotherDoesNotCount) {
  EXPECT_EQ(secret_word("spinner"), std::nullopt);
  EXPECT_EQ(secret_word("secretary"), std::nullopt);
  EXPECT_EQ(secret_word("secret_name"), std::nullopt);
  EXPECT_EQ(secret_word("tokenId"), std::nullopt);
  EXPECT_EQ(secret_word("passwordConfirmation"), "password");
  EXPECT_EQ(secret_word("X-Api-Key"), "api key");
  EXPECT_EQ(secret_word("userPIN"), "pin");
}

TEST(Purpose, AParametersNameSaysNothingAboutTheOperation) {
  openapi::Operation operation;
  operation.path = "/things/{export}";
  EXPECT_EQ(word_for(Purpose::export_, operation), std::nullopt);
  operation.path = "/things/export";
  EXPECT_EQ(word_for(Purpose::export_, operation), "export");
}

}  // namespace
}  // namespace gatehouse::review
