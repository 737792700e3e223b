#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

using testing::HasSubstr;

std::string with_schema(std::string_view schema) {
  return fmt::format(R"(openapi: 3.1.0
info: {{title: t, version: '1'}}
paths:
  /x:
    post:
      x-origin: {{<<: 1, null: 2, 007: 3, at: 0123, at: .nan}}
      requestBody: {{content: {{application/json: {{example: {{zip: 01234}}, schema: {}}}}}}}
      responses: {{default: {{description: ok, content: {{application/json: {{examples: {{a: {{value: !binary 0xFFFFFFFFFFFFFFFFFF}}}}}}}}}}}}
)",
                     schema);
}

TEST(Yaml, IsNoProblemInWhatOnlyPeopleRead) {
  EXPECT_EQ(
      problems_of(with_schema("{type: object, properties: {zip: {type: string, default: 01234, example: 00, "
                              "x-note: !odd 012}}}")),
      "");
}

TEST(Yaml, IsReadStrictlyInWhatRequestsAreHeldAgainst) {
  const auto problems = [](std::string_view schema) { return problems_of(with_schema(schema)); };
  EXPECT_THAT(problems("{type: string, maxLength: 010}"), HasSubstr("octal"));
  EXPECT_THAT(problems("{type: string, enum: [010]}"), HasSubstr("octal"));
  EXPECT_THAT(problems("{type: object, properties: {example: {maxLength: 010}}}"), HasSubstr("octal"));
  EXPECT_THAT(problems("{type: object, properties: {default: {maxLength: 010}}}"), HasSubstr("octal"));
  EXPECT_THAT(problems("{type: object, properties: {x-a: {maxLength: 010}}}"), HasSubstr("octal"));
  EXPECT_THAT(problems("{x-sensitive: 010}"), HasSubstr("octal"));
  EXPECT_THAT(problems("{type: string, type: string, example: 1}"), HasSubstr("twice"));
  EXPECT_THAT(problems_of("openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths: {/x: {get: {x-gatehouse: "
                          "{cost: 010}, responses: {default: {description: 010, description: b}}}}}\n"),
              HasSubstr("twice"));
}

}  // namespace
}  // namespace gatehouse::openapi
