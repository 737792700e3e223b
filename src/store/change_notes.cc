#include "store/change_notes.h"

#include <cstddef>

#include "db/store.h"

namespace gatehouse::store {

net::Task<Result<>> write_note(db::Session& session, ChangeNote note) {
  if (note.id.empty()) co_return Result<>{};
  const db::Parameter values[] = {note.id,        nanoseconds_of(note.time),
                                  note.operation, note.key,
                                  note.principal, note.actor,
                                  note.scheme,    note.detail,
                                  note.maker};
  auto rows = co_await session.run(
      "INSERT INTO gatehouse_key_events (id, time, operation, key, principal, actor, scheme, detail, maker) "
      "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      values);
  GATEHOUSE_CO_CHECK(rows);
  co_return Result<>{};
}

net::Task<Result<>> remove_note(db::Session& session, std::string id) {
  const db::Parameter values[] = {id};
  auto rows = co_await session.run("DELETE FROM gatehouse_key_events WHERE id = $1", values);
  GATEHOUSE_CO_CHECK(rows);
  co_return Result<>{};
}

net::Task<Result<std::vector<ChangeNote>>> read_notes(db::Session& session) {
  auto rows = co_await session.run(
      "SELECT id, time, operation, key, principal, actor, scheme, detail, maker FROM gatehouse_key_events "
      "ORDER BY id LIMIT 100",
      {});
  GATEHOUSE_CO_CHECK(rows);
  std::vector<ChangeNote> notes;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const db::RowSet::Row row = (*rows)[i];
    ChangeNote& note = notes.emplace_back();
    note.id = row.bytes(0);
    note.time = wall_time_from_nanoseconds(row.integer(1));
    note.operation = row.bytes(2);
    note.key = row.bytes(3);
    note.principal = row.bytes(4);
    note.actor = row.bytes(5);
    note.scheme = row.bytes(6);
    note.detail = row.bytes(7);
    note.maker = row.integer(8);
  }
  co_return notes;
}

}  // namespace gatehouse::store
