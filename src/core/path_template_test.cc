#include "core/path_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parser.h"

namespace gatehouse {
namespace {

using ::testing::HasSubstr;

// The path with `value` (a JSON text) in every place; "-" where it cannot stand there.
std::string with(std::string_view path, std::string_view value) {
  json::Parser parser;
  json::Document document;
  EXPECT_TRUE(parser.parse(value, document));
  std::string out;
  return PathTemplate::parse(path)->expand([&](const Reference&) -> Referred { return document.root(); }, out)
             ? out
             : "-";
}

std::string why_not(std::string_view path) {
  const auto parsed = PathTemplate::parse(path);
  return parsed ? "accepted" : parsed.error();
}

TEST(PathTemplates, PutEachValueIntoItsPlace) {
  const auto path = PathTemplate::parse("/tenants/{principal.tenant}/orders/{path.id}.json");
  ASSERT_TRUE(path);
  ASSERT_EQ(path->places().size(), 2U);
  EXPECT_EQ(path->places()[1].written, "path.id");
  EXPECT_EQ(path->places()[1].value.name, Name::request_path);
  std::string out = "http:";
  EXPECT_TRUE(path->expand(
      [](const Reference& value) -> Referred {
        return std::string_view(value.name == Name::request_path ? "7" : "acme");
      },
      out));
  EXPECT_EQ(out, "http:/tenants/acme/orders/7.json");
}

TEST(PathTemplates, WithoutValuesAreThemselves) {
  std::string out;
  EXPECT_TRUE(PathTemplate::parse("/state")->expand([](const Reference&) { return Referred{}; }, out));
  EXPECT_EQ(out, "/state");
}

TEST(PathTemplates, EncodeAllButUnreservedCharacters) {
  EXPECT_EQ(with("/o/{path.id}", R"("a b%2e?x=1&y#z;@:+é")"),
            "/o/a%20b%252e%3Fx%3D1%26y%23z%3B%40%3A%2B%C3%A9");
  EXPECT_EQ(with("/o/{path.id}/x", R"("%2f..%2f")"), "/o/%252f..%252f/x");
}

TEST(PathTemplates, TakeNoValueThatCouldBeReadAsStructure) {
  for (const std::string_view value :
       {R"("..")", R"(".")", R"("../admin")", R"("a/b")", R"("/")", R"("a\\b")", R"("a\r\nHost: x")",
        R"("a\u0000")", R"("\u007f")", R"("")", "null", "[1]", "{}"}) {
    EXPECT_EQ(with("/o/{path.id}/x", value), "-") << value;
    EXPECT_EQ(with("/o/{path.id}", value), "-") << value;
  }
  // Two values that are harmless alone.
  EXPECT_EQ(with("/o/{path.a}{path.b}", R"(".")"), "-");
  EXPECT_EQ(with("/o/.{path.a}", R"(".")"), "-");
  EXPECT_EQ(with("/o/v{path.a}", R"("..")"), "/o/v..");
}

TEST(PathTemplates, TakeNoValueThatTheUpstreamCouldReadAsAnother) {
  const auto text = [](std::string_view value, http::PathCuts cuts) {
    std::string out;
    const auto path = PathTemplate::parse("/owners/{principal.id}", cuts);
    return path->expand([&](const Reference&) -> Referred { return value; }, out) ? out : "-";
  };
  for (const std::string_view value :
       {"ann;x", ";", "ann?", "ann#EXT#", "ann%3bx", "ann%20", "%61nn", " ann", "ann ", "ann\t"}) {
    EXPECT_EQ(text(value, http::PathCuts::lenient), "-") << value;
  }
  EXPECT_EQ(text("ann;x", http::PathCuts::exact), "/owners/ann%3Bx");
  EXPECT_EQ(text("ann%20", http::PathCuts::exact), "/owners/ann%2520");
  for (const std::string_view value : {"ann", "auth0|7", "a@b.example", "100%", "%zz", "a b"}) {
    EXPECT_EQ(text(value, http::PathCuts::lenient), text(value, http::PathCuts::exact)) << value;
    EXPECT_NE(text(value, http::PathCuts::lenient), "-") << value;
  }
}

TEST(PathTemplates, TakeNothingForAValueThatIsNotThere) {
  std::string out;
  EXPECT_FALSE(PathTemplate::parse("/o/{query.q}")->expand([](const Reference&) { return Referred{}; }, out));
}

TEST(PathTemplates, GiveOneObjectOneName) {
  for (const std::string_view value : {"100", "1e2", "100.0", "1.00E+2"})
    EXPECT_EQ(with("/o/{path.id}", value), "/o/100");
  EXPECT_EQ(with("/o/{path.id}", "1.5"), "/o/1.5");
  EXPECT_EQ(with("/o/{path.id}", "1.5e+3"), "/o/1500");
  EXPECT_EQ(with("/o/{path.id}", "-0"), "/o/0");
  EXPECT_EQ(with("/o/{path.id}", "true"), "/o/true");
}

TEST(PathTemplates, RefuseInvalidPaths) {
  EXPECT_THAT(why_not("orders/{path.id}"), HasSubstr("begins with"));
  EXPECT_THAT(why_not(""), HasSubstr("begins with"));
  for (const std::string_view path : {"/o?x={path.id}", "/o#x", "/o/%2e", "/o x", "/o}", "/o/\r\n", "/ö"}) {
    EXPECT_THAT(why_not(path), HasSubstr("values are in braces")) << path;
  }
  for (const std::string_view path : {"//o", "/o//x", "/../o", "/o/.", "/o/./{path.id}"}) {
    EXPECT_THAT(why_not(path), HasSubstr("no empty segments")) << path;
  }
  EXPECT_THAT(why_not("/o/{path.id"), HasSubstr("closing }"));
  for (const std::string_view path :
       {"/o/{}", "/o/{id}", "/o/{principal.roles}", "/o/{resource.x}", "/o/{principal.id.x}"}) {
    EXPECT_THAT(why_not(path), HasSubstr("is not a value of a request")) << path;
  }
}

}  // namespace
}  // namespace gatehouse
