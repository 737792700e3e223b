#include "store/key_table.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace gatehouse::store {
namespace {

KeyTable::Change key(std::string id, std::string principal = "p") {
  StoredKey stored;
  stored.id = id;
  stored.principal = std::move(principal);
  return {std::move(id), std::make_shared<const KeyEntry>(std::move(stored))};
}

TEST(KeyTable, AnEmptyOneHasNothing) {
  const KeyTable table;
  EXPECT_EQ(table.find(""), nullptr);
  EXPECT_EQ(table.find("a"), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST(KeyTable, ChangesMakeATableAndLeaveTheOneBefore) {
  std::vector<KeyTable::Change> all;
  for (int i = 0; i < 20'000; ++i) all.push_back(key("key" + std::to_string(i)));
  const KeyTable before(KeyTable(), all);
  EXPECT_EQ(before.size(), 20'000U);
  const KeyTable::Change changes[] = {
      key("key7", "other"), key("new"), {"key9", nullptr}, {"unknown", nullptr}};
  const KeyTable after(before, changes);
  EXPECT_EQ(after.size(), 20'000U);
  EXPECT_EQ(after.find("key7")->principal, "other");
  EXPECT_NE(after.find("new"), nullptr);
  EXPECT_EQ(after.find("key9"), nullptr);
  EXPECT_EQ(after.find("unknown"), nullptr);
  EXPECT_EQ(before.find("key7")->principal, "p");
  EXPECT_NE(before.find("key9"), nullptr);
  EXPECT_EQ(before.find("new"), nullptr);
  for (int i = 10; i < 20'000; ++i) {
    const std::string id = "key" + std::to_string(i);
    ASSERT_EQ(after.find(id), before.find(id)) << id;
    ASSERT_NE(after.find(id), nullptr) << id;
  }
}

TEST(KeyTable, AChangeCopiesOneShard) {
  std::vector<KeyTable::Change> all;
  for (int i = 0; i < 100'000; ++i) all.push_back(key("key" + std::to_string(i)));
  const KeyTable before(KeyTable(), all);
  const KeyTable::Change changes[] = {key("key7", "other")};
  const KeyTable after(before, changes);
  EXPECT_GT(after.copied(), 20U);
  EXPECT_LT(after.copied(), 300U);
}

TEST(KeyUses, ATakenUseComesOnceAndAKeyMayBeUsedAgain) {
  KeyUses uses;
  const auto one = key("one").entry;
  const auto other = key("other").entry;
  uses.note(*one, 5);
  uses.note(*one, 9);
  uses.note(*one, 7);
  uses.note(*other, 1);
  auto taken = uses.take();
  ASSERT_EQ(taken.size(), 2U);
  EXPECT_EQ(taken[0].key, other);
  EXPECT_EQ(taken[1].key, one);
  EXPECT_EQ(taken[1].second, 9);
  EXPECT_TRUE(uses.take().empty());
  uses.note(*one, 6);
  EXPECT_EQ(uses.take().at(0).second, 6);
}

TEST(KeyUses, AKeyThatIsInNoTableAnyMoreIsKeptUntilItsUseIsTaken) {
  KeyUses uses;
  std::weak_ptr<const KeyEntry> watched;
  {
    const auto gone = key("gone").entry;
    watched = gone;
    uses.note(*gone, 5);
  }
  EXPECT_FALSE(watched.expired());
  EXPECT_EQ(uses.take().at(0).key->id, "gone");
  EXPECT_TRUE(watched.expired());
  {
    KeyUses ends;
    const auto left = key("left").entry;
    watched = left;
    ends.note(*left, 5);
  }
  EXPECT_TRUE(watched.expired());
}

}  // namespace
}  // namespace gatehouse::store
