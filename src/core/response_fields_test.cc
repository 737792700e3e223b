#include "core/response_fields.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/kept.h"

namespace gatehouse {
namespace {

using http::FieldId;

TEST(ResponseFields, AreLinesAndAList) {
  ResponseFields fields;
  EXPECT_TRUE(fields.empty());
  EXPECT_EQ(fields.block(), "");
  fields.add(FieldId::content_type, "Content-Type", "text/plain");
  fields.add(FieldId::other, "X-Empty", "");
  fields.add(FieldId::set_cookie, "Set-Cookie", "a=1");
  fields.add(FieldId::set_cookie, "Set-Cookie", "b=2");
  EXPECT_EQ(fields.block(),
            "Content-Type: text/plain\r\nX-Empty: \r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n");
  std::vector<std::string> all;
  for (const http::Field field : fields)
    all.push_back(std::string(field.name) + '=' + std::string(field.value));
  EXPECT_EQ(all, (std::vector<std::string>{"Content-Type=text/plain", "X-Empty=", "Set-Cookie=a=1",
                                           "Set-Cookie=b=2"}));
  EXPECT_EQ(fields.value(FieldId::set_cookie), "a=1") << "the first";
  EXPECT_EQ(fields.value(FieldId::allow), std::nullopt);
}

TEST(ResponseFields, AFieldThatIsWithdrawnLeavesNothing) {
  ResponseFields fields;
  fields.add(FieldId::etag, "ETag", "\"1\"");
  fields.open(FieldId::location, "Location") += "//elsewhere";
  fields.withdraw();
  EXPECT_EQ(fields.block(), "ETag: \"1\"\r\n");
  EXPECT_EQ(fields.value(FieldId::location), std::nullopt);
  fields.open(FieldId::location, "Location").append("/a").append("/b");
  fields.close();
  EXPECT_EQ(fields.value(FieldId::location), "/a/b");
  EXPECT_EQ(fields.value(FieldId::etag), "\"1\"");
}

TEST(ResponseFields, KeepTheirMemoryWhereTheirStructIsEmptied) {
  struct Answer {
    Kept<ResponseFields> fields;
  } answer;
  answer.fields.add(FieldId::other, "X-Long", std::string(1000, 'x'));
  const char* const memory = answer.fields.block().data();
  answer = {};
  EXPECT_TRUE(answer.fields.empty());
  EXPECT_EQ(answer.fields.block(), "");
  answer.fields.add(FieldId::other, "X-Long", std::string(1000, 'y'));
  EXPECT_EQ(answer.fields.block().data(), memory);
}

}  // namespace
}  // namespace gatehouse
