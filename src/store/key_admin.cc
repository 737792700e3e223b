#include "store/key_admin.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.h"
#include "core/identity.h"
#include "db/connection.h"
#include "store/key_rows.h"

namespace gatehouse::store {

namespace {

constexpr db::Sql kSteps[] = {
    "CREATE TABLE gatehouse_keys ("
    "  id TEXT PRIMARY KEY,"
    "  principal TEXT NOT NULL,"
    "  tenant TEXT NOT NULL,"
    "  roles TEXT NOT NULL,"   // JSON array
    "  scopes TEXT NOT NULL,"  // JSON array
    "  hash BLOB NOT NULL,"
    "  created INTEGER NOT NULL,"  // all times in nanoseconds since 1970
    "  expires INTEGER,"
    "  addresses TEXT NOT NULL,"  // JSON array of networks
    "  rotated_from TEXT REFERENCES gatehouse_keys,"
    "  overlap_until INTEGER,"  // of a key that another took over from
    "  revoked_at INTEGER,"
    "  last_used INTEGER"
    ") STRICT;"
    "CREATE UNIQUE INDEX gatehouse_keys_rotated ON gatehouse_keys (rotated_from) WHERE rotated_from IS NOT "
    "NULL;"
    // Says whether anything changed that a request depends on: events share the file and change it all the
    // time.
    "CREATE TABLE gatehouse_key_version (version INTEGER NOT NULL) STRICT;"
    "INSERT INTO gatehouse_key_version VALUES (1);"
    "CREATE TRIGGER gatehouse_keys_inserted AFTER INSERT ON gatehouse_keys BEGIN"
    "  UPDATE gatehouse_key_version SET version = version + 1; END;"
    "CREATE TRIGGER gatehouse_keys_deleted AFTER DELETE ON gatehouse_keys BEGIN"
    "  UPDATE gatehouse_key_version SET version = version + 1; END;"
    "CREATE TRIGGER gatehouse_keys_changed AFTER UPDATE OF id, principal, tenant, roles, scopes, hash, "
    "created, "
    "expires,"
    "    addresses, overlap_until, revoked_at ON gatehouse_keys BEGIN"
    "  UPDATE gatehouse_key_version SET version = version + 1; END;",
    // JSON array. Keys from before there were several authenticators name none.
    "ALTER TABLE gatehouse_keys ADD COLUMN authenticators TEXT NOT NULL DEFAULT '[]';"
    "CREATE TRIGGER gatehouse_keys_moved AFTER UPDATE OF authenticators ON gatehouse_keys BEGIN"
    "  UPDATE gatehouse_key_version SET version = version + 1; END;",
    // A number repeats after a backup was restored: a value drawn at random tells the states apart. Every
    // change of the number draws one, whichever trigger makes it.
    "ALTER TABLE gatehouse_key_version ADD COLUMN value INTEGER NOT NULL DEFAULT 0;"
    "UPDATE gatehouse_key_version SET value = random();"
    "CREATE TRIGGER gatehouse_key_version_drawn AFTER UPDATE OF version ON gatehouse_key_version BEGIN"
    "  UPDATE gatehouse_key_version SET value = random(); END;",
};

constexpr std::size_t kLongestName = 256;

Result<> check_name(std::string_view what, std::string_view name) {
  const bool clean = is_utf8(name) && std::ranges::all_of(name, [](char c) {
                       return static_cast<unsigned char>(c) > 0x20 && c != 0x7f;
                     });
  if (name.empty() || name.size() > kLongestName || !clean) {
    return failure(ErrorCode::invalid,
                   fmt::format("a {} is 1 to {} bytes of UTF-8 without spaces and control characters", what,
                               kLongestName));
  }
  return {};
}

}  // namespace

Result<> prepare_key_tables(db::Connection& connection) { return db::migrate(connection, "keys", kSteps); }

Result<CreatedKey> KeyAdmin::create(const KeyRequest& request) {
  GATEHOUSE_CHECK(check_name("principal", request.principal));
  if (is_reserved_id(request.principal)) {
    return failure(ErrorCode::invalid,
                   fmt::format("`{}` is a name of Gatehouse's own; name the principal otherwise, such as "
                               "partner:acme",
                               request.principal));
  }
  if (!request.tenant.empty()) GATEHOUSE_CHECK(check_name("tenant", request.tenant));
  for (const std::string& role : request.roles) GATEHOUSE_CHECK(check_name("role", role));
  for (const std::string& scope : request.scopes) GATEHOUSE_CHECK(check_name("scope", scope));
  if (request.lifetime && *request.lifetime <= std::chrono::nanoseconds{0}) {
    return failure(ErrorCode::invalid, "a key lives longer than nothing");
  }
  return insert(request, {});
}

Result<CreatedKey> KeyAdmin::insert(const KeyRequest& request, std::string_view rotated_from) {
  crypto::NewApiKey fresh = crypto::generate_api_key(entropy_);
  const auto parsed = crypto::ApiKey::parse(fresh.text.reveal());
  if (!parsed) return failure(ErrorCode::internal, "a new key does not parse");
  const crypto::Digest256 hash = hasher_.hash(*parsed);
  const WallTime now = clock_.wall();
  std::optional<std::int64_t> expires;
  if (request.lifetime && *request.lifetime < WallTime::max() - now)
    expires = nanoseconds_of(now + *request.lifetime);
  std::vector<std::string> addresses;
  for (const IpNetwork& network : request.addresses) addresses.push_back(network.text());
  std::optional<std::string_view> from;
  if (!rotated_from.empty()) from = rotated_from;
  GATEHOUSE_CHECK(connection_.execute(
      "INSERT INTO gatehouse_keys (id, principal, tenant, roles, scopes, hash, created, expires, "
      "addresses, rotated_from, authenticators) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {fresh.id, request.principal, request.tenant, list_text(request.roles), list_text(request.scopes),
       db::Blob{{reinterpret_cast<const char*>(hash.data()), hash.size()}}, nanoseconds_of(now), expires,
       list_text(addresses), from, list_text(request.authenticators)}));
  return CreatedKey{std::move(fresh.id), std::move(fresh.text)};
}

Result<std::vector<ListedKey>> KeyAdmin::list() {
  GATEHOUSE_TRY(db::Rows rows,
                connection_.query("SELECT " GATEHOUSE_KEY_COLUMNS
                                  ", k.rotated_from, next.id, k.last_used FROM gatehouse_keys AS k "
                                  "LEFT JOIN gatehouse_keys AS next ON next.rotated_from = k.id "
                                  "ORDER BY k.created, k.id"));
  std::vector<ListedKey> keys;
  for (;;) {
    GATEHOUSE_TRY(const bool more, rows.next());
    if (!more) return keys;
    auto record = read_key(rows);
    if (!record)
      return failure(ErrorCode::invalid, fmt::format("the row of the key {} is damaged", rows.text(0)));
    ListedKey& key = keys.emplace_back();
    key.record = *std::move(record);
    key.rotated_from = rows.text(kKeyColumns);
    key.rotated_to = rows.text(kKeyColumns + 1);
    if (!rows.is_null(kKeyColumns + 2))
      key.last_used = wall_time_from_nanoseconds(rows.integer(kKeyColumns + 2));
  }
}

Result<CreatedKey> KeyAdmin::rotate(std::string_view id, std::chrono::nanoseconds overlap) {
  if (overlap < std::chrono::nanoseconds{0}) return failure(ErrorCode::invalid, "an overlap is not negative");
  GATEHOUSE_TRY(db::Transaction transaction,
                db::Transaction::begin(connection_, db::Transaction::Kind::write));
  std::optional<StoredKey> old;
  {
    GATEHOUSE_TRY(
        db::Rows rows,
        connection_.query("SELECT " GATEHOUSE_KEY_COLUMNS " FROM gatehouse_keys AS k WHERE k.id = ?", {id}));
    GATEHOUSE_TRY(const bool there, rows.next());
    if (!there) return failure(ErrorCode::not_found, fmt::format("there is no key {}", id));
    old = read_key(rows);
    if (!old) return failure(ErrorCode::invalid, fmt::format("the row of the key {} is damaged", id));
    if (!rows.is_null(7))
      return failure(ErrorCode::conflict, fmt::format("the key {} was rotated before", id));
  }
  const WallTime now = clock_.wall();
  if (old->revoked || old->expires <= now) {
    return failure(ErrorCode::conflict, fmt::format("the key {} is not in force any more", id));
  }
  KeyRequest request{.principal = old->principal,
                     .tenant = old->tenant,
                     .roles = old->roles,
                     .scopes = old->scopes,
                     .authenticators = old->authenticators,
                     .addresses = old->addresses};
  if (old->expires != WallTime::max()) request.lifetime = old->expires - old->created;
  GATEHOUSE_TRY(CreatedKey created, insert(request, id));
  const WallTime until = overlap < WallTime::max() - now ? now + overlap : WallTime::max();
  GATEHOUSE_CHECK(connection_.execute("UPDATE gatehouse_keys SET overlap_until = ? WHERE id = ?",
                                      {nanoseconds_of(until), id}));
  GATEHOUSE_CHECK(transaction.commit());
  return created;
}

Result<> KeyAdmin::revoke(std::string_view id) {
  GATEHOUSE_CHECK(
      connection_.execute("UPDATE gatehouse_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
                          {nanoseconds_of(clock_.wall()), id}));
  if (connection_.changed_rows() == 0)
    return failure(ErrorCode::not_found, fmt::format("there is no key {}", id));
  return {};
}

Result<KeyVersion> KeyAdmin::version() {
  GATEHOUSE_TRY(const KeyVersionRow row, read_key_version(connection_));
  // Looked at last: where another file has taken the path meanwhile, the change was made to one that is gone.
  GATEHOUSE_TRY(const db::FileIdentity file, connection_.file());
  return KeyVersion{file, row.number, row.value};
}

}  // namespace gatehouse::store
