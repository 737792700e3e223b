// What `gatehouse key create|list|rotate|revoke` does: changes to the API keys in the store. A running server
// sees them as key_store.h says. The functions block.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/ip.h"
#include "base/result.h"
#include "base/secret.h"
#include "core/key_directory.h"
#include "crypto/api_key.h"
#include "store/serving_mark.h"

namespace gatehouse::db {
class Connection;
}

namespace gatehouse::store {

// Makes or updates the tables of keys. Their names begin with `gatehouse_`.
Result<> prepare_key_tables(db::Connection& connection);

struct KeyRequest {
  std::string principal{};
  std::string tenant{};
  std::vector<std::string> roles{};  // the caller has held them against the configuration
  std::vector<std::string> scopes{};
  std::vector<std::string> authenticators{};  // that take it
  std::optional<std::chrono::nanoseconds> lifetime{};
  std::vector<IpNetwork> addresses{};
};

struct CreatedKey {
  std::string id;
  Secret<std::string> text;  // to be shown once; it is kept nowhere
};

struct ListedKey {
  StoredKey record;
  std::string rotated_from;  // the id it took over from; empty: none
  std::string rotated_to;
  std::optional<WallTime> last_used;
};

class KeyAdmin {
 public:
  // All must outlive the object. prepare_key_tables() has been called.
  KeyAdmin(db::Connection& connection, const crypto::KeyHasher& hasher, Entropy& entropy, const Clock& clock)
      : connection_(connection), hasher_(hasher), entropy_(entropy), clock_(clock) {}

  // `invalid` for texts that would make a line of a log or table ambiguous, and for a principal that has a
  // name of Gatehouse's own.
  Result<CreatedKey> create(const KeyRequest& request);
  // Oldest first.
  Result<std::vector<ListedKey>> list();
  // A new key for the same principal, with the same roles, addresses and length of life; the old one goes on
  // for `overlap`. `not_found`; `conflict` where the key is not in force or was rotated before.
  Result<CreatedKey> rotate(std::string_view id, std::chrono::nanoseconds overlap);
  // Durable when it returns. `not_found`; revoking twice is no error and keeps the first time.
  Result<> revoke(std::string_view id);
  // The state that the keys are in now: a server that has confirmed it has read every change made before.
  Result<KeyVersion> version();

 private:
  Result<CreatedKey> insert(const KeyRequest& request, std::string_view rotated_from);

  db::Connection& connection_;
  const crypto::KeyHasher& hasher_;
  Entropy& entropy_;
  const Clock& clock_;
};

}  // namespace gatehouse::store
