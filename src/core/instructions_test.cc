#include "core/instructions.h"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse {
namespace {

using Kind = Instruction::Kind;
using std::chrono::hours;

Instruction given(Kind kind, std::string subject, std::optional<WallTime> until = {}, std::string text = {}) {
  Instruction one;
  one.kind = kind;
  one.subject = std::move(subject);
  one.until = until;
  one.text = std::move(text);
  return one;
}

TEST(Instructions, BlockAddressesAndPrincipalsApart) {
  const Instructions all({given(Kind::block_address, "10.6.0.0/16"),
                          given(Kind::block_address, "2001:db8::1"), given(Kind::block_principal, "10.7.0.1"),
                          given(Kind::block_address, "damaged")});
  EXPECT_TRUE(all.block(*IpAddress::parse("10.6.1.1")));
  EXPECT_TRUE(all.block(*IpAddress::parse("2001:db8::1")));
  EXPECT_FALSE(all.block(*IpAddress::parse("2001:db8::2")));
  EXPECT_FALSE(all.block(*IpAddress::parse("10.7.0.1"))) << "that is a principal";
  EXPECT_TRUE(all.block_principal("10.7.0.1"));
  EXPECT_FALSE(all.block_principal("10.6.0.0/16"));
  EXPECT_FALSE(all.block_principal("10.7.0"));
  EXPECT_FALSE(all.block_principal(""));
}

TEST(Instructions, OfSeveralMaintenancesTheOneThatEndsLastHolds) {
  const WallTime now{hours(1000)};
  const Instructions all({given(Kind::maintenance, "get*", now + hours(1), "one"),
                          given(Kind::maintenance, "getOrder", now + hours(2), "two"),
                          given(Kind::maintenance, "getO*", now - hours(1), "over"),
                          given(Kind::maintenance, "listOrders", {}, "always")});
  EXPECT_EQ(all.maintenance_of("getOrder", now)->text, "two");
  EXPECT_EQ(all.maintenance_of("getUser", now)->text, "one");
  EXPECT_EQ(all.maintenance_of("getOrder", now + hours(2)), nullptr) << "it ends at its time, not after it";
  EXPECT_EQ(all.maintenance_of("listOrders", now + hours(9000))->text, "always");
  EXPECT_EQ(all.maintenance_of("listOrder", now), nullptr);
  EXPECT_EQ(all.maintenance_of("ge", now), nullptr);
}

TEST(Instructions, AReloadDecidesNothing) {
  const Instructions all({given(Kind::reload, "", {}, "id")});
  EXPECT_FALSE(all.decide());
  EXPECT_EQ(all.reload(), "id");
  EXPECT_TRUE(Instructions({given(Kind::maintenance, "*")}).decide());
}

TEST(InstructionView, ShowsThePresentOnesAndNothingWhereNoneDecides) {
  const auto board = std::make_shared<InstructionBoard>();
  InstructionView view(board);
  EXPECT_EQ(view.now(), nullptr);
  const auto some = std::make_shared<const Instructions>(std::vector{given(Kind::block_principal, "p")});
  board->publish(some);
  EXPECT_EQ(view.now(), some);
  board->publish(std::make_shared<const Instructions>(std::vector{given(Kind::reload, "", {}, "id")}));
  EXPECT_EQ(view.now(), nullptr);
  EXPECT_EQ(board->current()->reload(), "id");
  EXPECT_EQ(InstructionView(nullptr).now(), nullptr);
}

}  // namespace
}  // namespace gatehouse
