#include "http/route_table.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

using ::testing::HasSubstr;

Route get(std::string path) {
  std::string name = "GET " + path;
  return {Method::get, std::move(path), std::move(name)};
}

RouteTable table_of(const std::vector<Route>& routes) {
  auto built = RouteTable::build(routes);
  if (!built) {
    ADD_FAILURE() << built.error().front().what;
    return *RouteTable::build(std::vector<Route>{});
  }
  return std::move(*built);
}
RouteTable table(const std::vector<std::string>& paths) {
  std::vector<Route> routes;
  for (const auto& path : paths) routes.push_back(get(path));
  return table_of(routes);
}

// "index capture capture", or "none", or "method: Allow".
std::string found(const RouteTable& routes, std::string_view path, Method method = Method::get) {
  Captures captures;
  const auto match = routes.find(method, path, captures);
  if (match.outcome == RouteOutcome::no_path) return "none";
  if (match.outcome == RouteOutcome::no_method) return "method: " + std::string(match.allow);
  std::string text = std::to_string(match.route);
  for (std::size_t i = 0; i < captures.size; ++i) text += ' ' + std::string(captures.values[i]);
  return text;
}

std::string problem_of(const std::vector<Route>& routes) {
  const auto built = RouteTable::build(routes);
  return built ? "" : built.error().front().what;
}
std::string problem(const std::vector<std::string>& paths) {
  std::vector<Route> routes;
  for (const auto& path : paths) routes.push_back(get(path));
  return problem_of(routes);
}

TEST(RouteTable, WhatIsWithheldTakesItsPathFromTheOthers) {
  const auto route = [](Method method, std::string path, RouteUse use) {
    return Route{method, path, path, use == RouteUse::withheld ? 1U : 0U, PathReader::upstream, use};
  };
  using enum RouteUse;
  const auto routes =
      table_of({route(Method::get, "/docs/{doc}", served), route(Method::get, "/docs/admin", withheld),
                route(Method::post, "/docs/admin", served), route(Method::put, "/gone", withheld)});
  const auto outcome = [&](Method method, std::string_view path) {
    Captures captures;
    return routes.find(method, path, captures).outcome;
  };
  EXPECT_EQ(outcome(Method::get, "/docs/x"), RouteOutcome::found);
  EXPECT_EQ(outcome(Method::get, "/docs/admin"), RouteOutcome::withheld);
  EXPECT_EQ(outcome(Method::head, "/docs/admin"), RouteOutcome::withheld);
  EXPECT_EQ(outcome(Method::get, "/docs/Admin"), RouteOutcome::ambiguous);
  EXPECT_EQ(found(routes, "/docs/admin", Method::put), "method: POST");
  EXPECT_EQ(outcome(Method::put, "/gone"), RouteOutcome::withheld);
  EXPECT_EQ(outcome(Method::get, "/gone"), RouteOutcome::no_path) << "nothing else is there";
}

TEST(RouteTable, ALiteralSegmentWinsOverATemplate) {
  const auto routes = table({"/users/{id}", "/users/me", "/users/{id}/orders", "/users/me/keys"});
  EXPECT_EQ(found(routes, "/users/me"), "1");
  EXPECT_EQ(found(routes, "/users/you"), "0 you");
  EXPECT_EQ(found(routes, "/users/me/orders"), "2 me");
  EXPECT_EQ(found(routes, "/users/me/keys"), "3");
  EXPECT_EQ(found(routes, "/users/you/keys"), "none");
  EXPECT_EQ(found(routes, "/users"), "none");
  EXPECT_EQ(found(routes, "/Users/me"), "none");
}

TEST(RouteTable, ATrailingSlashMakesAnotherPath) {
  const auto routes = table({"/", "/a", "/b/", "/c/{x}"});
  EXPECT_EQ(found(routes, "/"), "0");
  EXPECT_EQ(found(routes, "/a"), "1");
  EXPECT_EQ(found(routes, "/a/"), "none");
  EXPECT_EQ(found(routes, "/b"), "none");
  EXPECT_EQ(found(routes, "/b/"), "2");
  EXPECT_EQ(found(routes, "/c/"), "none");
  EXPECT_EQ(found(routes, "/c"), "none");
  EXPECT_EQ(found(routes, "/c/x/"), "none");
  EXPECT_EQ(found(routes, "*", Method::options), "none");
}

TEST(RouteTable, CapturesAreRawAndInOrder) {
  const auto routes = table({"/a/{x}/b/{y}"});
  EXPECT_EQ(found(routes, "/a/%C3%A9/b/1+2"), "0 %C3%A9 1+2");
  EXPECT_EQ(routes.parameters(0), (std::vector<std::string>{"x", "y"}));
}

TEST(RouteTable, AFailedBranchLeavesNoCaptureBehind) {
  const auto routes = table({"/{a}.json/{b}/x", "/{c}/{d}/y"});
  EXPECT_EQ(found(routes, "/1.json/2/x"), "0 1 2");
  EXPECT_EQ(found(routes, "/1.json/2/y"), "1 1.json 2");
}

TEST(RouteTable, HeadIsAnsweredByGetUnlessItIsDeclared) {
  const auto routes = table_of(std::vector<Route>{{Method::get, "/users/me", "getMe"},
                                                  {Method::get, "/users", "listUsers"},
                                                  {Method::head, "/users", "countUsers"},
                                                  {Method::post, "/logins", "logIn"}});
  EXPECT_EQ(found(routes, "/users/me", Method::head), "0");
  EXPECT_EQ(found(routes, "/users", Method::head), "2");
  EXPECT_EQ(found(routes, "/logins", Method::head), "method: POST");
}

TEST(RouteTable, ThePathDecidesBeforeTheMethod) {
  const auto routes = table_of(std::vector<Route>{{Method::get, "/users/me", "getMe"},
                                                  {Method::delete_, "/users/{id}", "deleteUser"},
                                                  {Method::patch, "/users/me", "patchMe"}});
  EXPECT_EQ(found(routes, "/users/me", Method::delete_), "method: GET, HEAD, PATCH");
  EXPECT_EQ(found(routes, "/users/me", Method::options), "method: GET, HEAD, PATCH");
  EXPECT_EQ(found(routes, "/users/me", Method::other), "method: GET, HEAD, PATCH");
  EXPECT_EQ(found(routes, "/users/1", Method::delete_), "1 1");
  EXPECT_EQ(found(routes, "/users/me", Method::patch), "2");
}

TEST(RouteTable, TemplatesThatDifferInNamesOnlyAreOnePathWithTheMethodsOfAll) {
  const auto routes = table_of(std::vector<Route>{{Method::get, "/a/{x}/b/{y}", "read"},
                                                  {Method::put, "/a/{y}/b/{x}", "write"},
                                                  {Method::post, "/a/{n}.json", "make"},
                                                  {Method::delete_, "/a/{m}.json", "remove"}});
  EXPECT_EQ(found(routes, "/a/1/b/2"), "0 1 2");
  EXPECT_EQ(found(routes, "/a/1/b/2", Method::put), "1 1 2") << "captures stand in the order of the path";
  EXPECT_EQ(routes.parameters(0), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(routes.parameters(1), (std::vector<std::string>{"y", "x"}));
  EXPECT_EQ(found(routes, "/a/1/b/2", Method::delete_), "method: GET, HEAD, PUT");
  EXPECT_EQ(found(routes, "/a/1.json", Method::delete_), "3 1");
  EXPECT_EQ(found(routes, "/a/1.json"), "method: POST, DELETE");
}

TEST(RouteTable, ASegmentCanHoldSeveralParametersAndLiterals) {
  const auto routes =
      table({"/files/{name}.{ext}", "/files/{id}", "/c/{base}...{head}", "/v/{id}:cancel", "/v/{id}:close"});
  EXPECT_EQ(found(routes, "/files/a.txt"), "0 a txt");
  EXPECT_EQ(found(routes, "/files/a"), "1 a");
  // Which dot parts them cannot be known, so the pattern does not match.
  EXPECT_EQ(found(routes, "/files/a.tar.gz"), "1 a.tar.gz");
  EXPECT_EQ(found(routes, "/files/.txt"), "1 .txt");
  EXPECT_EQ(found(routes, "/files/a."), "1 a.");
  EXPECT_EQ(found(routes, "/c/main...next"), "2 main next");
  EXPECT_EQ(found(routes, "/c/main....next"), "none");
  EXPECT_EQ(found(routes, "/v/7:cancel"), "3 7");
  EXPECT_EQ(found(routes, "/v/7:close"), "4 7");
  EXPECT_EQ(found(routes, "/v/:close"), "none");
}

TEST(RouteTable, AmbiguousTemplatesAreErrorsWithBothNames) {
  EXPECT_THAT(problem({"/a/{x}", "/a/{y}"}),
              HasSubstr("`GET /a/{y}` (/a/{y}) and `GET /a/{x}` (/a/{x}) are ambiguous"));
  EXPECT_THAT(problem({"/a/{x}/b/{y}", "/a/{y}/b/{x}"}), HasSubstr("ambiguous"));
  EXPECT_THAT(problem({"/{a}.json", "/v{b}"}), HasSubstr("ambiguous"));
  EXPECT_THAT(problem({"/{a}.{b}", "/{a}-{b}"}), HasSubstr("ambiguous"));
  EXPECT_THAT(problem({"/{a}.json", "/{b}.json"}), HasSubstr("ambiguous"));
  EXPECT_THAT(problem({"/a", "/a"}), HasSubstr("same method and path"));
  EXPECT_THAT(problem_of(std::vector<Route>{{Method::get, "/a/{x}", "one"},
                                            {Method::post, "/a/{y}", "two"},
                                            {Method::post, "/a/{z}", "three"}}),
              HasSubstr("`three` (/a/{z}) and `two` (/a/{y})"));
  EXPECT_EQ(problem({"/a/{x}/b", "/a/{y}/c", "/{a}.json", "/{a}.xml"}), "");
}

TEST(RouteTable, ATemplateWithMoreTextWinsOverTheOneThatItFillsIn) {
  const std::vector<std::vector<std::string>> orders = {
      {"/p/{id}.{format}", "/p/near.{format}", "/p/near.{format}/x", "/p/{id}", "/p/near.{a}.{b}"},
      {"/p/near.{a}.{b}", "/p/{id}", "/p/near.{format}/x", "/p/near.{format}", "/p/{id}.{format}"}};
  for (const auto& paths : orders) {
    const auto routes = table(paths);
    const auto index = [&](std::string_view path) {
      return std::to_string(std::ranges::find(paths, path) - paths.begin());
    };
    EXPECT_EQ(found(routes, "/p/near.json"), index("/p/near.{format}") + " json");
    EXPECT_EQ(found(routes, "/p/nearer.json"), index("/p/{id}.{format}") + " nearer json");
    EXPECT_EQ(found(routes, "/p/near.1.json"), index("/p/near.{a}.{b}") + " 1 json");
    EXPECT_EQ(found(routes, "/p/near.json/x"), index("/p/near.{format}/x") + " json");
    EXPECT_EQ(found(routes, "/p/far.json/x"), "none");
    EXPECT_EQ(found(routes, "/p/near."), index("/p/{id}") + " near.");
  }
  EXPECT_THAT(problem({"/{a}.json", "/near.{b}"}), HasSubstr("neither is more specific"));
  EXPECT_THAT(problem({"/{a}.{b}", "/near.{a}", "/{a}.json"}), HasSubstr("neither is more specific"));
  EXPECT_THAT(problem({"/near.{a}", "/{a}.near.{b}"}), HasSubstr("neither is more specific"))
      << "near.near.x";
  EXPECT_EQ(problem({"/i(w={w},h={h})", "/i(w={w},h={h},m='{m}')", "/i()"}), "");
}

TEST(RouteTable, TemplatesThatFillInEachOtherInDifferentSegmentsAreListed) {
  const auto routes = table({"/near.{f}/{x}", "/{i}.{f}/last"});
  EXPECT_EQ(found(routes, "/near.json/last"), "0 json last");
  ASSERT_EQ(routes.overlaps().size(), 1U);
  EXPECT_EQ(routes.overlaps()[0].passed_over, 1U);
}

TEST(RouteTable, TemplatesThatNoPathCanFollowAreErrors) {
  for (const char* path : {"", "a", "/a//b", "/a/../b", "/.", "/{", "/{}", "/{a", "/}", "/{a}{b}", "/{{a}}",
                           "/a b", "/a?b", "/a#b", "/%zz", "/caf\xC3\xA9", "/{a}/{a}", "/{a}-{a}"}) {
    EXPECT_NE(problem({std::string(path)}), "") << path;
  }
  EXPECT_THAT(problem_of(std::vector<Route>{{Method::connect, "/a", "a"}}), HasSubstr("method"));
  std::string many;
  for (int i = 0; i < 17; ++i) many += "/{p" + std::to_string(i) + '}';
  EXPECT_THAT(problem({many}), HasSubstr("more than 16 parameters"));
}

TEST(RouteTable, EveryProblemIsReported) {
  const std::vector<Route> routes = {get("a"), get("/b"), get("/b"), get("/{c")};
  const auto built = RouteTable::build(routes);
  ASSERT_FALSE(built);
  EXPECT_EQ(built.error().size(), 3U);
}

TEST(RouteTable, RoutesThatOnePathCouldMeanAreListed) {
  const auto routes = table({"/{kind}/mine", "/books/{id}", "/books/old", "/a/{b}/c", "/a/{b}/{d}"});
  EXPECT_EQ(found(routes, "/books/mine"), "1 mine");
  EXPECT_EQ(found(routes, "/pens/mine"), "0 pens");
  ASSERT_EQ(routes.overlaps().size(), 1U);
  EXPECT_EQ(routes.overlaps()[0].chosen, 1U);
  EXPECT_EQ(routes.overlaps()[0].passed_over, 0U);
}

TEST(RouteTable, AnEmptyTableHasNoPath) { EXPECT_EQ(found(table_of(std::vector<Route>{}), "/"), "none"); }

TEST(RouteTable, TenThousandOperationsAreFoundEach) {
  std::vector<std::string> paths;
  for (int i = 0; i < 5000; ++i) {
    paths.push_back("/v1/collection" + std::to_string(i) + "/{id}");
    paths.push_back("/v1/collection" + std::to_string(i) + "/{id}/items/{item}");
  }
  const auto routes = table(paths);
  for (int i = 0; i < 5000; ++i) {
    const std::string base = "/v1/collection" + std::to_string(i) + "/x";
    ASSERT_EQ(found(routes, base), std::to_string(2 * i) + " x");
    ASSERT_EQ(found(routes, base + "/items/y"), std::to_string(2 * i + 1) + " x y");
  }
}

}  // namespace
}  // namespace gatehouse::http
