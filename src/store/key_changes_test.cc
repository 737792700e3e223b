// Imported keys, shortened overlaps and the pepper's fingerprint, on every database.
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "base/manual_clock.h"
#include "store/databases_testing.h"
#include "store/key_service.h"
#include "store/testing.h"

namespace gatehouse::store {
namespace {

using std::chrono::hours;

class KeyChanges : public ::testing::TestWithParam<testing::Database> {
 protected:
  KeyChanges() : open_(GetParam().make(folder_)), keys_(open_(), hasher_, clock_) {}

  const testing::TestFolder folder_;
  ManualClock clock_;
  const crypto::KeyHasher hasher_ =
      *crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')));
  const testing::OpenStore open_;
  testing::BlockingKeys keys_;
};

TEST_P(KeyChanges, AnImportedKeyIsFoundByItsHashAndComesOnce) {
  const auto served = KeyStore::open(open_(), clock_);
  ASSERT_TRUE(served);
  EXPECT_FALSE((*served)->snapshot()->has_imported());
  const crypto::Digest256 digest = crypto::sha256("a key of another system");
  const auto made = keys_.import_key({.principal = "partner:acme", .roles = {"partner"}}, digest);
  ASSERT_TRUE(made) << made.error().text;
  EXPECT_EQ(made->id, crypto::imported_key_id(hasher_.hash_imported(digest)));
  EXPECT_EQ(keys_.import_key({.principal = "partner:other"}, digest).error().code, ErrorCode::conflict);
  ASSERT_TRUE((*served)->refresh());
  const auto snapshot = (*served)->snapshot();
  EXPECT_TRUE(snapshot->has_imported());
  const StoredKey* const found = snapshot->find(made->id);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->principal, "partner:acme");
  EXPECT_EQ(found->hash, hasher_.hash_imported(digest));
  EXPECT_NE(found->hash, digest) << "the store has it under the pepper";
}

TEST_P(KeyChanges, AnOverlapIsOnlyShortened) {
  const auto old = keys_.create({.principal = "p"});
  EXPECT_EQ(keys_.shorten(old->id, hours{1}).error().code, ErrorCode::conflict) << "it was not rotated";
  EXPECT_EQ(keys_.shorten("nothing", hours{1}).error().code, ErrorCode::not_found);
  ASSERT_TRUE(keys_.rotate(old->id, hours{10}));
  const auto shorter = keys_.shorten(old->id, hours{2});
  ASSERT_TRUE(shorter) << shorter.error().text;
  EXPECT_EQ(shorter->ends, clock_.wall() + hours{2});
  EXPECT_EQ(keys_.shorten(old->id, hours{3}).error().code, ErrorCode::conflict);
  EXPECT_EQ(keys_.shorten(old->id, hours{2}).error().code, ErrorCode::conflict);
  EXPECT_FALSE(keys_.shorten(old->id, hours{-1}));
  for (const ListedKey& key : *keys_.list()) {
    if (key.record.id == old->id) {
      EXPECT_EQ(key.record.overlap_ends, clock_.wall() + hours{2});
    }
  }
  ASSERT_TRUE(keys_.revoke(old->id));
  EXPECT_EQ(keys_.shorten(old->id, hours{1}).error().code, ErrorCode::conflict);
}

TEST_P(KeyChanges, APepperIsTheOneOfTheKeysThatAreInForce) {
  const crypto::Digest256 one = hasher_.fingerprint();
  const crypto::Digest256 other = crypto::sha256("another");
  const WallTime now = clock_.wall();
  EXPECT_TRUE(keys_.check_pepper(std::nullopt, now)) << "there is nothing that it could have hashed";
  const auto key = keys_.create({.principal = "p", .lifetime = hours{1}});
  EXPECT_EQ(keys_.check_pepper(std::nullopt, now).error().code, ErrorCode::conflict);
  EXPECT_TRUE(keys_.check_pepper(one, now)) << "of an earlier version, which kept no fingerprint";
  EXPECT_TRUE(keys_.check_pepper(one, now));
  EXPECT_EQ(keys_.check_pepper(other, now).error().code, ErrorCode::conflict);
  EXPECT_TRUE(keys_.check_pepper(one, now)) << "the refused one is not kept";
  EXPECT_TRUE(keys_.check_pepper(std::nullopt, now + hours{2})) << "the key has ended";
  ASSERT_TRUE(keys_.revoke(key->id));
  EXPECT_TRUE(keys_.check_pepper(other, now));
  EXPECT_TRUE(keys_.create({.principal = "q"}));
  EXPECT_EQ(keys_.check_pepper(one, now).error().code, ErrorCode::conflict);
}

INSTANTIATE_TEST_SUITE_P(Databases, KeyChanges, ::testing::Values(testing::kSqlite, testing::kPostgres),
                         testing::name_of_database);

}  // namespace
}  // namespace gatehouse::store
