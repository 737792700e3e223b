// How keys and their changes stand in their rows. Only for the files of this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "core/key_directory.h"
#include "db/row_set.h"
#include "net/task.h"
#include "store/key_change.h"

namespace gatehouse::db {
class Session;
}

namespace gatehouse::store {

// The columns that read_key() expects, in its order.
#define GATEHOUSE_KEY_COLUMNS                                                                           \
  "k.id, k.principal, k.tenant, k.roles, k.hash, k.created, k.expires, k.overlap_until, k.revoked_at, " \
  "k.addresses, k.scopes, k.authenticators"
constexpr std::size_t kKeyColumns = 12;

// From column `first` on. Nothing for a row that does not say exactly one thing: a damaged list of addresses
// must not read as "everywhere".
std::optional<StoredKey> read_key(const db::RowSet::Row& row, std::size_t first = 0);

net::Task<Result<KeyChange>> read_last_change(db::Session& session);

std::string list_text(const std::vector<std::string>& list);  // a JSON array of strings
std::optional<std::vector<std::string>> read_list(std::string_view text);

}  // namespace gatehouse::store
