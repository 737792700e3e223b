#include "store/pepper_check.h"

#include <string_view>
#include <utility>

#include "db/store.h"

namespace gatehouse::store {
namespace {

net::Task<Result<>> compare(db::Session& session, std::optional<crypto::Digest256> fingerprint,
                            WallTime now) {
  auto known = co_await session.run("SELECT fingerprint FROM gatehouse_pepper", {});
  GATEHOUSE_CO_CHECK(known);
  std::string_view bytes;
  if (fingerprint) bytes = {reinterpret_cast<const char*>(fingerprint->data()), fingerprint->size()};
  if (!known->empty() && fingerprint && (*known)[0].bytes(0) == bytes) co_return Result<>{};
  // A store of an earlier version has no fingerprint: its pepper, if it is there, is taken for the right one.
  if (!known->empty() || !fingerprint) {
    const db::Parameter values[] = {nanoseconds_of(now)};
    auto keys = co_await session.run(
        "SELECT 1 FROM gatehouse_keys WHERE revoked_at IS NULL AND (expires IS NULL OR expires > $1) AND "
        "(overlap_until IS NULL OR overlap_until > $1) LIMIT 1",
        values);
    GATEHOUSE_CO_CHECK(keys);
    if (!keys->empty()) co_return failure(ErrorCode::conflict, "keys of the store are in force");
  }
  if (!fingerprint) co_return Result<>{};
  auto rows = co_await session.run("DELETE FROM gatehouse_pepper", {});
  GATEHOUSE_CO_CHECK(rows);
  const db::Parameter values[] = {db::Blob{bytes}};
  rows = co_await session.run("INSERT INTO gatehouse_pepper (fingerprint) VALUES ($1)", values);
  GATEHOUSE_CO_CHECK(rows);
  co_return Result<>{};
}

}  // namespace

net::Task<Result<>> check_pepper(net::Loop& loop, db::Store& store, MonotonicTime until,
                                 std::optional<crypto::Digest256> fingerprint, WallTime now) {
  db::Work<void> work = [fingerprint, now](db::Session& session) {
    return compare(session, fingerprint, now);
  };
  Result<> done = co_await store.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
  co_return done;
}

}  // namespace gatehouse::store
