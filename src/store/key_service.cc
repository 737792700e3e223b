#include "store/key_service.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/utf8.h"
#include "core/identity.h"
#include "db/store.h"
#include "store/change_notes.h"
#include "store/key_rows.h"

namespace gatehouse::store {

namespace {

using Rows = Result<db::RowSet>;

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

constexpr std::size_t kPage = 10'000;

}  // namespace

struct KeyService::NewKey {
  std::string id;
  Secret<std::string> text;
  crypto::Digest256 hash;
};

namespace {

// The stored values of a new key, for a work that owns them.
struct NewRow {
  std::string id;
  crypto::Digest256 hash{};
  KeyRequest request;
  std::string rotated_from;  // empty: none
  WallTime now{};
};

net::Task<Result<>> insert(db::Session& session, const NewRow& row) {
  std::optional<std::int64_t> expires;
  const KeyRequest& request = row.request;
  if (request.lifetime && *request.lifetime < WallTime::max() - row.now)
    expires = nanoseconds_of(row.now + *request.lifetime);
  std::vector<std::string> addresses;
  for (const IpNetwork& network : request.addresses) addresses.push_back(network.text());
  std::optional<std::string_view> from;
  if (!row.rotated_from.empty()) from = row.rotated_from;
  const std::string roles = list_text(request.roles);
  const std::string scopes = list_text(request.scopes);
  const std::string networks = list_text(addresses);
  const std::string authenticators = list_text(request.authenticators);
  const std::string_view hash(reinterpret_cast<const char*>(row.hash.data()), row.hash.size());
  const db::Parameter values[] = {row.id,         request.principal,       request.tenant, roles,    scopes,
                                  db::Blob{hash}, nanoseconds_of(row.now), expires,        networks, from,
                                  authenticators};
  Rows rows = co_await session.run(
      "INSERT INTO gatehouse_keys (id, principal, tenant, roles, scopes, hash, created, expires, "
      "addresses, rotated_from, authenticators) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
      values);
  GATEHOUSE_CO_CHECK(rows);
  co_return Result<>{};
}

net::Task<Result<>> make(db::Session& session, NewRow row, ChangeNote note) {
  const Result<> inserted = co_await insert(session, row);
  GATEHOUSE_CO_CHECK(inserted);
  const Result<> noted = co_await write_note(session, std::move(note));
  co_return noted;
}

// The new key replaces the one that it names: it gets that one's values, and sets that one's end. Returns the
// principal.
net::Task<Result<std::string>> take_over(db::Session& session, NewRow row, std::chrono::nanoseconds overlap,
                                         ChangeNote note) {
  const std::string id = row.rotated_from;
  const db::Parameter wanted[] = {id};
  Rows rows = co_await session.run(
      "SELECT " GATEHOUSE_KEY_COLUMNS " FROM gatehouse_keys AS k WHERE k.id = $1", wanted);
  GATEHOUSE_CO_CHECK(rows);
  if (rows->empty()) co_return failure(ErrorCode::not_found, fmt::format("there is no key {}", id));
  const std::optional<StoredKey> old = read_key((*rows)[0]);
  if (!old) co_return failure(ErrorCode::invalid, fmt::format("the row of the key {} is damaged", id));
  if (!(*rows)[0].is_null(7))
    co_return failure(ErrorCode::conflict, fmt::format("the key {} was rotated before", id));
  if (old->revoked || old->expires <= row.now) {
    co_return failure(ErrorCode::conflict, fmt::format("the key {} is not valid any more", id));
  }
  row.request = {.principal = old->principal,
                 .tenant = old->tenant,
                 .roles = old->roles,
                 .scopes = old->scopes,
                 .authenticators = old->authenticators,
                 .addresses = old->addresses};
  if (old->expires != WallTime::max()) row.request.lifetime = old->expires - old->created;
  const Result<> inserted = co_await insert(session, row);
  GATEHOUSE_CO_CHECK(inserted);
  const WallTime until = overlap < WallTime::max() - row.now ? row.now + overlap : WallTime::max();
  const db::Parameter values[] = {nanoseconds_of(until), id};
  rows = co_await session.run("UPDATE gatehouse_keys SET overlap_until = $1 WHERE id = $2", values);
  GATEHOUSE_CO_CHECK(rows);
  note.principal = old->principal;
  const Result<> noted = co_await write_note(session, std::move(note));
  GATEHOUSE_CO_CHECK(noted);
  co_return old->principal;
}

// Gives whose it was.
net::Task<Result<std::string>> end_earlier(db::Session& session, std::string id, WallTime ends,
                                           ChangeNote note) {
  const db::Parameter wanted[] = {id};
  Rows rows = co_await session.run(
      "SELECT principal, overlap_until, revoked_at, expires FROM gatehouse_keys WHERE id = $1", wanted);
  GATEHOUSE_CO_CHECK(rows);
  if (rows->empty()) co_return failure(ErrorCode::not_found, fmt::format("there is no key {}", id));
  const db::RowSet::Row row = (*rows)[0];
  if (row.is_null(1)) co_return failure(ErrorCode::conflict, fmt::format("the key {} was not rotated", id));
  const std::int64_t end = nanoseconds_of(ends);
  if (!row.is_null(2) || row.integer(1) <= end || (!row.is_null(3) && row.integer(3) <= end)) {
    co_return failure(ErrorCode::conflict,
                      fmt::format("the key {} ends before that already: an overlap is only shortened", id));
  }
  note.principal = row.bytes(0);
  std::string principal = note.principal;
  const db::Parameter values[] = {end, id};
  rows = co_await session.run("UPDATE gatehouse_keys SET overlap_until = $1 WHERE id = $2", values);
  GATEHOUSE_CO_CHECK(rows);
  const Result<> noted = co_await write_note(session, std::move(note));
  GATEHOUSE_CO_CHECK(noted);
  co_return principal;
}

// Gives whose it was.
net::Task<Result<std::string>> mark_revoked(db::Session& session, std::string id, WallTime now,
                                            ChangeNote note) {
  const db::Parameter values[] = {nanoseconds_of(now), id};
  Rows rows = co_await session.run(
      "UPDATE gatehouse_keys SET revoked_at = coalesce(revoked_at, $1) WHERE id = $2 RETURNING principal",
      values);
  GATEHOUSE_CO_CHECK(rows);
  if (rows->empty()) co_return failure(ErrorCode::not_found, fmt::format("there is no key {}", id));
  note.principal = (*rows)[0].bytes(0);
  std::string principal = note.principal;
  const Result<> noted = co_await write_note(session, std::move(note));
  GATEHOUSE_CO_CHECK(noted);
  co_return principal;
}

net::Task<Result<std::vector<ListedKey>>> read_list_of_keys(db::Session& session) {
  std::vector<ListedKey> keys;
  std::int64_t created = std::numeric_limits<std::int64_t>::min();
  std::string id;
  for (;;) {
    const db::Parameter values[] = {created, id, static_cast<std::int64_t>(kPage)};
    Rows rows = co_await session.run(
        "SELECT " GATEHOUSE_KEY_COLUMNS
        ", k.rotated_from, next.id, k.last_used FROM gatehouse_keys AS k "
        "LEFT JOIN gatehouse_keys AS next ON next.rotated_from = k.id "
        "WHERE k.created > $1 OR (k.created = $1 AND k.id > $2) ORDER BY k.created, k.id LIMIT $3",
        values);
    GATEHOUSE_CO_CHECK(rows);
    for (std::size_t i = 0; i < rows->size(); ++i) {
      const db::RowSet::Row row = (*rows)[i];
      auto record = read_key(row);
      if (!record) {
        co_return failure(ErrorCode::invalid, fmt::format("the row of the key {} is damaged", row.bytes(0)));
      }
      ListedKey& key = keys.emplace_back();
      key.record = *std::move(record);
      key.rotated_from = row.bytes(kKeyColumns);
      key.rotated_to = row.bytes(kKeyColumns + 1);
      if (!row.is_null(kKeyColumns + 2))
        key.last_used = wall_time_from_nanoseconds(row.integer(kKeyColumns + 2));
    }
    if (rows->size() < kPage) co_return keys;
    created = nanoseconds_of(keys.back().record.created);
    id = keys.back().record.id;
  }
}

Result<> check_request(const KeyRequest& request) {
  GATEHOUSE_CHECK(check_name("principal", request.principal));
  if (is_reserved_id(request.principal)) {
    return failure(
        ErrorCode::invalid,
        fmt::format("`{}` is a reserved name of Gatehouse; choose another principal, such as partner:acme",
                    request.principal));
  }
  if (!request.tenant.empty()) GATEHOUSE_CHECK(check_name("tenant", request.tenant));
  for (const std::string& role : request.roles) GATEHOUSE_CHECK(check_name("role", role));
  for (const std::string& scope : request.scopes) GATEHOUSE_CHECK(check_name("scope", scope));
  if (request.lifetime && *request.lifetime <= std::chrono::nanoseconds{0}) {
    return failure(ErrorCode::invalid, "the lifetime of a key must be positive");
  }
  return {};
}

}  // namespace

Result<KeyService::NewKey> KeyService::generate() const {
  crypto::NewApiKey fresh = crypto::generate_api_key(entropy_);
  const auto parsed = crypto::ApiKey::parse(fresh.text.reveal());
  if (!parsed) return failure(ErrorCode::internal, "a new key does not parse");
  const crypto::Digest256 hash = hasher_.hash(*parsed);  // which borrows the text
  return NewKey{std::move(fresh.id), std::move(fresh.text), hash};
}

net::Task<Result<CreatedKey>> KeyService::create(net::Loop& loop, MonotonicTime until, KeyRequest request) {
  GATEHOUSE_CO_CHECK(check_request(request));
  GATEHOUSE_CO_TRY(NewKey fresh, generate());
  ChangeNote note = recorder_.note_of(
      "key.create", fresh.id,
      fmt::format("roles {}; scopes {}", list_text(request.roles), list_text(request.scopes)));
  note.principal = request.principal;
  NewRow row{fresh.id, fresh.hash, std::move(request), {}, clock_.wall()};
  db::Work<void> work = [row = std::move(row), note](db::Session& session) {
    return make(session, row, note);
  };
  const Result<> done = co_await store_.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
  GATEHOUSE_CO_CHECK(done);
  Result<> event = co_await recorder_.record_change(loop, std::move(note), until);
  co_return CreatedKey{{std::move(event)}, std::move(fresh.id), std::move(fresh.text)};
}

net::Task<Result<ImportedKey>> KeyService::import_key(net::Loop& loop, MonotonicTime until,
                                                      KeyRequest request, crypto::Digest256 sha256) {
  GATEHOUSE_CO_CHECK(check_request(request));
  const crypto::Digest256 hash = hasher_.hash_imported(sha256);
  std::string id = crypto::imported_key_id(hash);
  ChangeNote note = recorder_.note_of(
      "key.import", id,
      fmt::format("roles {}; scopes {}", list_text(request.roles), list_text(request.scopes)));
  note.principal = request.principal;
  NewRow row{id, hash, std::move(request), {}, clock_.wall()};
  db::Work<void> work = [row = std::move(row), note](db::Session& session) {
    return make(session, row, note);
  };
  const Result<> done = co_await store_.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
  if (!done && done.error().code == ErrorCode::conflict)
    co_return failure(ErrorCode::conflict, fmt::format("this key is there already, as {}", id));
  GATEHOUSE_CO_CHECK(done);
  Result<> event = co_await recorder_.record_change(loop, std::move(note), until);
  co_return ImportedKey{{std::move(event)}, std::move(id)};
}

net::Task<Result<CreatedKey>> KeyService::rotate(net::Loop& loop, MonotonicTime until, std::string id,
                                                 std::chrono::nanoseconds overlap) {
  if (overlap < std::chrono::nanoseconds{0})
    co_return failure(ErrorCode::invalid, "an overlap is not negative");
  GATEHOUSE_CO_TRY(NewKey fresh, generate());
  ChangeNote note = recorder_.note_of("key.rotate", fresh.id, "replaces " + id);
  NewRow row{fresh.id, fresh.hash, {}, std::move(id), clock_.wall()};
  db::Work<std::string> work = [row = std::move(row), overlap, note](db::Session& session) {
    return take_over(session, row, overlap, note);
  };
  const auto principal =
      co_await store_.transact<std::string>(loop, db::Store::Mode::write, until, std::move(work));
  GATEHOUSE_CO_CHECK(principal);
  note.principal = *principal;
  Result<> event = co_await recorder_.record_change(loop, std::move(note), until);
  co_return CreatedKey{{std::move(event)}, std::move(fresh.id), std::move(fresh.text)};
}

net::Task<Result<ShortenedKey>> KeyService::shorten(net::Loop& loop, MonotonicTime until, std::string id,
                                                    std::chrono::nanoseconds overlap) {
  if (overlap < std::chrono::nanoseconds{0})
    co_return failure(ErrorCode::invalid, "an overlap is not negative");
  const WallTime now = clock_.wall();
  const WallTime ends = overlap < WallTime::max() - now ? now + overlap : WallTime::max();
  ChangeNote note = recorder_.note_of("key.rotate", id, "its overlap is shortened");
  db::Work<std::string> work = [id, ends, note](db::Session& session) {
    return end_earlier(session, id, ends, note);
  };
  const auto principal =
      co_await store_.transact<std::string>(loop, db::Store::Mode::write, until, std::move(work));
  GATEHOUSE_CO_CHECK(principal);
  note.principal = *principal;
  Result<> event = co_await recorder_.record_change(loop, std::move(note), until);
  co_return ShortenedKey{{std::move(event)}, ends};
}

net::Task<Result<Recorded>> KeyService::revoke(net::Loop& loop, MonotonicTime until, std::string id) {
  ChangeNote note = recorder_.note_of("key.revoke", id);
  db::Work<std::string> work = [id, now = clock_.wall(), note](db::Session& session) {
    return mark_revoked(session, id, now, note);
  };
  const auto principal =
      co_await store_.transact<std::string>(loop, db::Store::Mode::write, until, std::move(work));
  GATEHOUSE_CO_CHECK(principal);
  note.principal = *principal;
  Result<> event = co_await recorder_.record_change(loop, std::move(note), until);
  co_return Recorded{std::move(event)};
}

net::Task<Result<std::vector<ListedKey>>> KeyService::list(net::Loop& loop, MonotonicTime until) {
  return store_.transact<std::vector<ListedKey>>(loop, db::Store::Mode::read, until, read_list_of_keys);
}

net::Task<Result<KeyChange>> last_change(net::Loop& loop, db::Store& store, MonotonicTime until) {
  return store.transact<KeyChange>(loop, db::Store::Mode::read, until, read_last_change);
}

}  // namespace gatehouse::store
