// How a key stands in its row. Only for the files of this room.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "core/key_directory.h"
#include "db/connection.h"

namespace gatehouse::store {

// The columns that read_key() expects, in its order; more may follow.
#define GATEHOUSE_KEY_COLUMNS                                                                           \
  "k.id, k.principal, k.tenant, k.roles, k.hash, k.created, k.expires, k.overlap_until, k.revoked_at, " \
  "k.addresses, k.scopes, k.authenticators"
constexpr int kKeyColumns = 12;

// Nothing for a row that does not say exactly one thing: a damaged list of addresses must not read as
// "everywhere".
std::optional<StoredKey> read_key(const db::Rows& row);

// The row of gatehouse_key_version.
struct KeyVersionRow {
  std::int64_t number = 0;
  std::int64_t value = 0;
  bool operator==(const KeyVersionRow&) const = default;
};
Result<KeyVersionRow> read_key_version(db::Connection& connection);

std::string list_text(const std::vector<std::string>& list);  // a JSON array of strings
std::optional<std::vector<std::string>> read_list(std::string_view text);

}  // namespace gatehouse::store
