// The identity of the caller in requests to an upstream.
#include "target/upstream.h"

#include <gtest/gtest.h>

#include "core/answer_rules.h"
#include "target/testing.h"

namespace gatehouse::target {
namespace {

const Call& any_call() {
  static const http::RequestHead head;
  static const http::TraceContext trace;
  static const CredentialCarriers carriers;
  static const RequestRules forwards;
  static const Passages passages{};
  static const AnswerRules answers;
  static const SystemClock clock;
  static const Call call{.head = head,
                         .operation = "getOrder",
                         .request_id = "01939c1e-7b0a-7cc3-98c4-5d2f1c0e9a11",
                         .path = "/orders/1",
                         .client = {},
                         .client_text = "203.0.113.9",
                         .authority = {},
                         .trace = trace,
                         .clock = clock,
                         .carriers = carriers,
                         .forwards = forwards,
                         .passages = passages,
                         .answers = answers};
  return call;
}

TEST(UpstreamWeights, FollowTheWeightsAsEvenlyAsMayBe) {
  using Order = std::vector<std::uint16_t>;
  const auto turns = [](std::vector<std::uint32_t> weights) { return turns_by_weight(weights); };
  EXPECT_EQ(turns({1}), (Order{0}));
  EXPECT_EQ(turns({100}), (Order{0}));
  EXPECT_EQ(turns({5, 5}), (Order{0, 1}));
  EXPECT_EQ(turns({5, 1, 1}), (Order{0, 0, 1, 0, 2, 0, 0}));
  EXPECT_EQ(turns({2, 4}), (Order{1, 0, 1}));
  EXPECT_EQ(turns({99, 100}).size(), 199U);
}

TEST(Assertions, AreMadeForThePrincipalWhereTheOperationAsserts) {
  const Principal ann = gate::Identifier::principal("ann");
  CallReport report;
  const MakeAssertion make = [](const Principal& principal, const Call&) -> Result<std::string> {
    return "for " + principal->id;
  };
  EXPECT_EQ(assertion_for(make, ann, any_call(), report), "for ann");
  EXPECT_EQ(assertion_for({}, ann, any_call(), report), "");
}

TEST(Assertions, ThatCannotBeMadeKeepTheRequestFromTheUpstream) {
  const MakeAssertion broken = [](const Principal&, const Call&) -> Result<std::string> {
    return failure(ErrorCode::invalid, "the key cannot sign ES256");
  };
  CallReport report;
  const auto made = assertion_for(broken, gate::Identifier::principal("ann"), any_call(), report);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().reason, Reason::internal_error);
  EXPECT_TRUE(report.detail.contains("the key cannot sign ES256"));
}

}  // namespace
}  // namespace gatehouse::target
