#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/media_type.h"
#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A POST whose body has this `content`, and the problems of its document.
Loaded posted(std::string_view content, const LoadOptions& options = {}) {
  return load_files(
      {{"api.yaml", fmt::format("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /x: "
                                "{{post: {{requestBody: {{content: {{{}}}}}}}}}\n",
                                content)}},
      options);
}
// The type that applies to a request's Content-Type; empty for none.
std::string applies(const Loaded& loaded, std::string_view content_type) {
  EXPECT_EQ(loaded.problems.text(), "");
  const auto type = http::parse_media_type(content_type);
  const Content* const content = loaded.api.operations.at(0).body->content_for(*type);
  return content == nullptr ? "" : content->type;
}

constexpr std::string_view kObject = "{schema: {type: object, properties: {a: {type: integer}}}}";
constexpr std::string_view kBinary = "{schema: {type: string, format: binary}}";

// OpenAPI 3.1.1 section 4.8.14.1.
TEST(MediaTypeRanges, TheMostSpecificKeyApplies) {
  const Loaded loaded = posted(fmt::format(
      "'*/*': {0}, 'application/*': {0}, 'application/*+json': {0}, application/problem+json: {0}", kObject));
  EXPECT_EQ(applies(loaded, "application/problem+json"), "application/problem+json");
  EXPECT_EQ(applies(loaded, "Application/Problem+JSON; charset=utf-8"), "application/problem+json");
  EXPECT_EQ(applies(loaded, "application/a+json"), "application/*+json");
  EXPECT_EQ(applies(loaded, "application/json"), "application/*");
  EXPECT_EQ(applies(loaded, "text/json"), "*/*");
  EXPECT_EQ(applies(loaded, "application/+json"), "") << "no JSON";
}

TEST(MediaTypeRanges, OfAnySubtypeTakeOnlyJsonWhereASchemaHasToHold) {
  const Loaded loaded = posted(fmt::format("'*/*': {}", kObject));
  EXPECT_EQ(loaded.api.operations[0].body->content[0].kind, BodyKind::json);
  EXPECT_EQ(applies(loaded, "application/json"), "*/*");
  EXPECT_EQ(applies(loaded, "application/vnd.a+json"), "*/*");
  for (const std::string_view other :
       {"application/xml", "text/plain", "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=a", "application/octet-stream", "application/json; version=2"}) {
    EXPECT_EQ(applies(loaded, other), "") << other;
  }
}

TEST(MediaTypeRanges, OfFilesTakeNoSequenceBesideACheckedType) {
  const Loaded loaded = posted(fmt::format("application/json: {}, '*/*': {}", kObject, kBinary));
  EXPECT_EQ(applies(loaded, "image/png"), "*/*");
  for (const std::string_view other :
       {"application/jsonl", "application/x-ndjson", "application/json-seq", "application/geo+json-seq"}) {
    EXPECT_EQ(applies(loaded, other), "") << other;
  }
  EXPECT_EQ(applies(posted(fmt::format("'*/*': {}", kBinary)), "application/x-ndjson"), "*/*");
}

TEST(MediaTypeRanges, OfFilesTakeAnyTypeWithAnyParameters) {
  const Loaded loaded = posted(fmt::format("'image/*': {}", kBinary));
  EXPECT_EQ(applies(loaded, "image/png"), "image/*");
  EXPECT_EQ(applies(loaded, "IMAGE/svg+xml; a=b"), "image/*");
  EXPECT_EQ(applies(loaded, "text/plain"), "");
  EXPECT_EQ(applies(loaded, "imagex/png"), "");
  EXPECT_EQ(applies(posted(fmt::format("'*/*': {}", kBinary)), "application/json"), "*/*");
  EXPECT_EQ(applies(posted("'text/*': {schema: {type: string}}"), "text/csv"), "text/*");
}

// A body that a schema describes cannot be sent under another name and be taken unseen.
TEST(MediaTypeRanges, AreNoWayAroundASchema) {
  const Loaded loaded = posted(fmt::format("application/json: {}, '*/*': {}", kObject, kBinary));
  EXPECT_EQ(applies(loaded, "application/json"), "application/json");
  EXPECT_EQ(applies(loaded, "image/png"), "*/*");
  for (const std::string_view other :
       {"application/json; a=b", "application/json; version=2", "APPLICATION/JSON; a=b", "application/a+json",
        "text/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"}) {
    EXPECT_EQ(applies(loaded, other), "") << other;
  }
}

LoadOptions taking(std::vector<std::string> types) {
  return {.additions = [types = std::move(types)](const Operation&) {
    Additions added;
    added.media_types = types;
    return added;
  }};
}
std::vector<std::string> types_of(const Loaded& loaded) {
  EXPECT_EQ(loaded.problems.text(), "");
  std::vector<std::string> types;
  for (const Content& one : loaded.api.operations.at(0).body->content) types.push_back(one.type);
  return types;
}

TEST(TakenMediaTypes, AloneAreReadOfWhatTheDocumentOffers) {
  const std::string content = fmt::format(
      "multipart/form-data: {{schema: {{$ref: '#/nowhere'}}}}, application/xml: {0}, application/json: {0}",
      kObject);
  const Loaded loaded = posted(content, taking({"application/json", "text/plain"}));
  EXPECT_THAT(types_of(loaded), ElementsAre("application/json"));
  const RequestBody& body = *loaded.api.operations[0].body;
  ASSERT_EQ(body.untaken.size(), 2U);
  EXPECT_EQ(body.untaken[0].type, "multipart/form-data");
  EXPECT_EQ(body.untaken[1].type, "application/xml");
  EXPECT_EQ(applies(loaded, "application/xml"), "");
  EXPECT_EQ(applies(loaded, "text/plain"), "") << "what the document does not offer";
  EXPECT_THAT(types_of(posted(content, taking({}))), IsEmpty());
}

TEST(TakenMediaTypes, AndRangesHaveInCommonTheNarrowerOfTheTwo) {
  const std::string content =
      fmt::format("'*/*': {0}, 'application/*+json': {0}, image/png: {1}", kObject, kBinary);
  EXPECT_THAT(types_of(posted(content, taking({"application/json"}))), ElementsAre("application/json"));
  EXPECT_THAT(types_of(posted(content, taking({"image/*"}))), ElementsAre("image/png"))
      << "the more specific key applies";
  EXPECT_THAT(types_of(posted(content, taking({"application/a+json"}))), ElementsAre("application/a+json"));
  EXPECT_THAT(types_of(posted(content, taking({"*/*"}))),
              ElementsAre("image/png", "application/*+json", "*/*"));
  // A range asks for nothing that cannot be taken; a name does.
  const std::string form = fmt::format("multipart/form-data: {0}, application/json: {0}", kObject);
  EXPECT_THAT(types_of(posted(form, taking({"*/*"}))), ElementsAre("application/json"));
  EXPECT_THAT(posted(form, taking({"multipart/form-data"})).problems.text(), HasSubstr("not supported yet"));
}

TEST(TakenMediaTypes, AreAskedForOnceForEachTypeThatCannotBe) {
  const auto problems = [](std::string_view methods) {
    return problems_of(
        fmt::format("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /x:\n{}", methods));
  };
  const std::string one = "requestBody: {content: {multipart/form-data: {schema: {type: object}}}}";
  EXPECT_THAT(problems(fmt::format("    post: {{{}}}\n", one)),
              HasSubstr("`multipart/form-data` is not supported yet: its parts could not be checked; state "
                        "the accepted types in gatehouse.yaml, as in `media_types: [application/json]`, "
                        "under `defaults` or for the operation: all others get 415\n"));
  const std::string three =
      problems(fmt::format("    post: {{{0}}}\n    put: {{{0}}}\n    patch: {{{0}}}\n", one));
  EXPECT_THAT(three, HasSubstr("all others get 415; the same is true for 2 more bodies\n"));
  EXPECT_EQ(std::ranges::count(three, '\n'), 1);
}

// ---- security that the configuration states ----

TEST(AddedSecurity, HoldsWhereTheDocumentStatesNone) {
  Problems problems;
  const auto settings =
      doc::parse("schemes: {key: {type: apiKey, in: header, name: X-Key}}\nsecurity: [{key: []}]\n",
                 "gatehouse.yaml", problems);
  const auto field = [&](std::string_view key) {
    return doc::Field(*settings, *settings->root().find(key), std::string(key), problems);
  };
  const LoadOptions options{.additions =
                                [&](const Operation&) {
                                  Additions added;
                                  added.security = field("security");
                                  return added;
                                },
                            .security_schemes = field("schemes"),
                            .configuration = settings};
  const auto loaded = [&](std::string_view rest) {
    return load_files(
        {{"api.yaml", fmt::format("openapi: 3.0.3\ninfo: {{title: t, version: '1'}}\n{}", rest)}}, options);
  };
  constexpr std::string_view kOk = "responses: {'200': {description: ok}}";
  using Stated = Operation::Stated;
  const Loaded none =
      loaded(fmt::format("paths: {{/x: {{get: {{{0}}}, put: {{security: [], {0}}}}}}}\n", kOk));
  ASSERT_EQ(none.problems.text(), "");
  EXPECT_EQ(none.api.operations[0].security_stated, Stated::configuration);
  EXPECT_EQ(none.api.operations[0].security.at(0).at(0).scheme, "key");
  EXPECT_EQ(none.api.operations[1].security_stated, Stated::document) << "an empty list is a statement";
  EXPECT_TRUE(none.api.operations[1].admits_anonymous());
  const Loaded global = loaded(fmt::format("security: []\npaths: {{/x: {{get: {{{}}}}}}}\n", kOk));
  EXPECT_TRUE(global.api.operations.at(0).admits_anonymous());
  EXPECT_EQ(problems.text(), "");
  loaded(
      fmt::format("components: {{securitySchemes: {{key: {{type: http, scheme: bearer}}}}}}\npaths: {{}}\n"));
  EXPECT_THAT(problems.text(), HasSubstr("`key` is declared by the document, too"));
}

}  // namespace
}  // namespace gatehouse::openapi
