#include "audit/dropped_names.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parser.h"

namespace gatehouse::audit {
namespace {

using testing::ElementsAre;

class DroppedNamesTest : public testing::Test {
 protected:
  void add(std::string_view operation, std::string_view names, std::string_view user = "partner:acme",
           std::string_view time = "2026-11-23T10:15:04.182913Z", std::string_view event = "request") {
    json::Document document;
    ASSERT_TRUE(parser_.parse(
        fmt::format(R"({{"time":"{}","event.name":"{}","operation":"{}","user.id":{},)"
                    R"("client.address":"203.0.113.9","http.request.dropped":[{}]}})",
                    time, event, operation, user.empty() ? "null" : fmt::format("\"{}\"", user), names),
        document));
    names_.add(document.root());
  }
  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    for (const DroppedName& one : names_.by_frequency())
      out.push_back(fmt::format("{} {} {} {}", one.operation, one.name, one.requests, one.callers));
    return out;
  }

  DroppedNames names_;
  json::Parser parser_;
};

TEST_F(DroppedNamesTest, AreCountedForEachOperationTheMostFrequentFirst) {
  add("a", R"("X-Tenant","cookie:theme")");
  add("b", R"("X-Tenant")");
  add("b", R"("x-tenant")", "partner:other");
  EXPECT_THAT(lines(), ElementsAre("b X-Tenant 2 2", "a cookie:theme 1 1", "a X-Tenant 1 1"));
}

TEST_F(DroppedNamesTest, OfFieldsIgnoreCaseAndOfCookiesDoNot) {
  add("a", R"("X-A","cookie:a","cookie:A")");
  add("a", R"("x-a","cookie:a")");
  EXPECT_THAT(lines(), ElementsAre("a cookie:a 2 1", "a X-A 2 1", "a cookie:A 1 1"));
}

TEST_F(DroppedNamesTest, SayWhenTheyCameLast) {
  add("a", R"("X-A")", "u", "2026-11-23T10:15:05.000000Z");
  add("a", R"("X-A")", "u", "2026-11-23T10:15:04.000000Z");
  EXPECT_EQ(names_.by_frequency().front().last, "2026-11-23T10:15:05.000000Z");
}

TEST_F(DroppedNamesTest, CountCallersByTheirAddressWhereNobodyWasProven) {
  add("a", R"("X-A")", "");
  add("a", R"("X-A")", "");
  add("a", R"("X-A")", "partner:acme");
  EXPECT_THAT(lines(), ElementsAre("a X-A 3 2"));
}

TEST_F(DroppedNamesTest, AreNotCountedTwiceForASensitiveOperation) {
  add("a", R"("X-A")", "u", "2026-11-23T10:15:05.000000Z", "intent");
  EXPECT_TRUE(lines().empty());
}

TEST_F(DroppedNamesTest, ThatNoEventListsAreOneNameThatNobodyCanSend) {
  add("a", R"("X-A","and 4 more")");
  add("a", R"("and 7 more")");
  EXPECT_THAT(lines(), ElementsAre("a (others) 2 1", "a X-A 1 1"));
}

TEST_F(DroppedNamesTest, InAnyNumberTakeBoundedMemoryAndDisplaceNoFrequentOne) {
  for (int i = 0; i < 50; ++i) add("a", R"("X-Honest")");
  for (int i = 0; i < 30'000; ++i) add("a", fmt::format(R"("X-{}")", i), fmt::format("caller{}", i));
  const auto list = names_.by_frequency();
  EXPECT_LE(list.size(), DroppedNames::kMostNames);
  ASSERT_GE(list.size(), 2U);
  EXPECT_EQ(list[0].name, kFurtherNames);
  EXPECT_EQ(list[0].callers, DroppedNames::kMostCallers);
  EXPECT_EQ(list[1].name, "X-Honest");
  EXPECT_EQ(list[1].requests, 50U);
  std::uint64_t all = 0;
  for (const DroppedName& one : list) all += one.requests;
  EXPECT_EQ(all, 30'050U);
}

TEST_F(DroppedNamesTest, ThatAreNotTextCountNothing) {
  add("a", R"(1,null,{"a":1})");
  json::Document document;
  ASSERT_TRUE(parser_.parse(R"({"event.name":"request","http.request.dropped":"X-A"})", document));
  names_.add(document.root());
  EXPECT_TRUE(lines().empty());
}

}  // namespace
}  // namespace gatehouse::audit
