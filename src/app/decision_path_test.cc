#include "app/decision_path.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/reason_text.h"
#include "base/golden_testing.h"
#include "json/parser.h"

namespace gatehouse::app {
namespace {

using testing::HasSubstr;

class Account : public testing::Test {
 protected:
  // The steps of an event with these members.
  const std::vector<GateStep>& of(std::string_view members) {
    EXPECT_TRUE(
        parser_.parse(std::string("{\"http.request.method\":\"GET\",").append(members).append("}"), event_));
    steps_ = gates_of(event_.root(), nullptr);
    return steps_;
  }
  // The decision at each gate, a letter each: passed, ended, not asked (-), not known (?).
  std::string letters(std::string_view members) {
    std::string letters;
    for (const GateStep& step : of(members)) letters += "pe-?"[static_cast<std::size_t>(step.decision)];
    return letters;
  }
  const GateStep& ending() const {
    return *std::ranges::find_if(steps_,
                                 [](const GateStep& step) { return step.decision == Decision::ended; });
  }

 private:
  json::Parser parser_;
  json::Document event_;
  std::vector<GateStep> steps_;
};

constexpr std::string_view kKnown = R"("operation":"getOrder","user.id":"ann","auth.scheme":"userToken",)";

std::string known(std::string_view more) { return std::string(kKnown).append(more); }

TEST_F(Account, AnAllowedRequestPassedEveryGate) {
  EXPECT_EQ(letters(known(R"("outcome":"allowed","reason":null)")), "ppppppppppppp");
}

TEST_F(Account, TheGateThatDecidedEndsIt) {
  EXPECT_EQ(letters(R"("outcome":"refused","reason":"malformed_http")"), "pe----------p");
  EXPECT_EQ(letters(R"("outcome":"refused","reason":"no_such_operation")"), "ppep--------p")
      << "the limits by address counted it";
  EXPECT_EQ(letters(R"("outcome":"refused","operation":"getOrder","reason":"credential_expired")"),
            "ppppe-------p");
  EXPECT_EQ(letters(known(R"("outcome":"refused","reason":"permission_missing")")), "ppppppe-----p");
  EXPECT_EQ(letters(known(R"("outcome":"refused","reason":"body_invalid")")), "pppppppe----p");
  EXPECT_EQ(letters(known(R"("outcome":"refused","reason":"condition_false","rule":"getOrder.when")")),
            "pppppppppe--p");
  EXPECT_EQ(letters(known(R"("outcome":"failed","reason":"upstream_unreachable")")), "ppppppppppe-p");
}

TEST_F(Account, ALimitEndsItBeforeOrAfterTheCallerIsKnown) {
  EXPECT_EQ(letters(R"("outcome":"refused","operation":"getOrder","reason":"rate_limited","rule":"per_ip")"),
            "pppe--------p");
  EXPECT_EQ(letters(known(R"("outcome":"refused","reason":"rate_limited","rule":"costly")")),
            "pppppe------p");
}

TEST_F(Account, AFailedLookupCountsAsTheCondition) {
  EXPECT_EQ(letters(known(R"("outcome":"failed","reason":"database_failed","rule":"getOrder.resource")")),
            "pppppppppe--p");
}

TEST_F(Account, AnAnswerKeptBehindTheWallEndsThere) {
  EXPECT_EQ(
      letters(known(
          R"("outcome":"failed","reason":"upstream_overloaded","upstream.name":"desk","upstream.status_code":503)")),
      "pppppppppppep");
}

TEST_F(Account, AnUnrecordableOperationIsNotBegun) {
  EXPECT_EQ(letters(R"("outcome":"failed","reason":"record_unavailable")"), "pp----------e");
  EXPECT_EQ(letters(known(R"("outcome":"failed","reason":"record_unavailable")")), "ppppppppp---e");
}

TEST_F(Account, ARequestThatBrokeOffClaimsNoMoreThanIsProven) {
  EXPECT_EQ(letters(R"("outcome":"failed","operation":"getOrder","reason":"client_gone")"), "ppp?????????p");
  EXPECT_EQ(letters(known(R"("outcome":"failed","reason":"internal_error")")), "ppppp???????p");
}

TEST_F(Account, AnIntentShowsTheGatesBeforeTheCallAndNoResult) {
  EXPECT_EQ(letters(known(R"("event.name":"intent","outcome":null,"sensitive":"export")")), "ppppppppp???p");
}

TEST_F(Account, TheEndingHasReasonRuleMeaningAndDetail) {
  of(known(
      R"("outcome":"refused","reason":"body_invalid","rule":"createOrder","detail":"/quantity: maximum")"));
  EXPECT_EQ(ending().text, "body_invalid by createOrder");
  EXPECT_THAT(ending().detail, HasSubstr(meaning_of(Reason::body_invalid)));
  EXPECT_THAT(ending().detail, HasSubstr("/quantity: maximum"));
}

TEST_F(Account, AReasonOfALaterVersionIsShownAsItIs) {
  EXPECT_EQ(letters(known(R"("outcome":"refused","reason":"sent_by_mistake")")), "ppppp???????p");
}

TEST(ReasonText, EveryReasonHasAMeaning) {
  for (const ReasonFacts& facts : every_reason()) {
    const auto reason = reason_named(facts.name);
    ASSERT_TRUE(reason) << facts.name;
    EXPECT_FALSE(meaning_of(*reason).empty()) << facts.name;
  }
}

std::string reasons_as_markdown() {
  std::string out = "| reason | stage | status | meaning |\n|---|---|---|---|\n";
  for (const ReasonFacts& facts : every_reason()) {
    out += fmt::format("| `{}` | `{}` | {} | {} |\n", facts.name, name(facts.stage),
                       text_of(facts.answer).status, meaning_of(*reason_named(facts.name)));
  }
  return out;
}

TEST(ReasonText, TheDocumentationIsTheList) {
  expect_golden_part("docs/events.md",
                     "<!-- The reasons: written from src/app/reason_text.cc by "
                     "GATEHOUSE_WRITE_GOLDEN=1 build/release/app_test -->\n\n",
                     reasons_as_markdown());
}

}  // namespace
}  // namespace gatehouse::app
