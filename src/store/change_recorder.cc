#include "store/change_recorder.h"

#include <span>
#include <utility>
#include <vector>

#include "base/uuid.h"
#include "core/audit_sink.h"
#include "core/event.h"
#include "db/store.h"
#include "store/key_maker.h"

namespace gatehouse::store {
namespace {

// The event's name, and how it calls the subject of the change.
struct Naming {
  std::string_view event = "key", subject = "key";
};

Naming naming_of(std::string_view operation) {
  if (operation == "block.address" || operation == "unblock.address") return {"instruction", "address"};
  if (operation == "block.principal" || operation == "unblock.principal") return {"instruction", "principal"};
  if (operation.starts_with("maintenance.")) return {"instruction", "operations"};
  if (operation == "reload") return {"instruction", "reload"};
  return {};
}

}  // namespace

ChangeNote ChangeRecorder::note_of(std::string_view operation, std::string_view subject,
                                   std::string detail) const {
  ChangeNote note;
  if (actor_.record == nullptr) return note;
  note.time = clock_.wall();
  note.id = Uuid::v7(note.time, entropy_).text();
  note.operation = operation;
  note.key = subject;
  note.actor = actor_.id;
  note.scheme = actor_.scheme;
  note.detail = std::move(detail);
  if (actor_.maker != nullptr) note.maker = actor_.maker->number();
  return note;
}

net::Task<Result<>> ChangeRecorder::record(const ChangeNote& note, MonotonicTime until) const {
  const Naming naming = naming_of(note.operation);
  const Attribute resource[] = {{naming.subject, note.key}, {"principal", note.principal}};
  Event event;
  event.name = naming.event;
  event.request_id = note.id;
  event.time = note.time;
  event.has_client = false;
  event.operation = note.operation;
  event.resource = std::span(resource).first(naming.subject == "key" ? 2 : 1);
  event.user_id = note.actor;
  event.scheme = note.scheme;
  event.outcome = Outcome::allowed;
  event.detail = note.detail;
  Result<> recorded = co_await actor_.record->record_durably(event, until);
  co_return recorded;
}

net::Task<Result<>> ChangeRecorder::record_change(net::Loop& loop, ChangeNote note,
                                                  MonotonicTime until) const {
  if (actor_.record == nullptr) co_return Result<>{};
  Result<> recorded = co_await record(note, until);
  if (!recorded) co_return recorded;
  db::Work<void> work = [id = note.id](db::Session& session) { return remove_note(session, id); };
  // What stays although its event is recorded goes with the next record_left().
  const Result<> removed =
      co_await store_.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
  static_cast<void>(removed);
  co_return recorded;
}

net::Task<Result<>> ChangeRecorder::record_once(const ChangeNote& note, MonotonicTime until) const {
  if (actor_.has_event) {
    GATEHOUSE_CO_TRY(const bool there, actor_.has_event(note.id));
    if (there) co_return Result<>{};
  }
  Result<> recorded = co_await record(note, until);
  co_return recorded;
}

net::Task<Result<std::size_t>> ChangeRecorder::record_left(net::Loop& loop, MonotonicTime until) const {
  if (actor_.record == nullptr || actor_.maker == nullptr) co_return std::size_t{0};
  auto notes =
      co_await store_.transact<std::vector<ChangeNote>>(loop, db::Store::Mode::read, until, read_notes);
  GATEHOUSE_CO_CHECK(notes);
  std::size_t left = 0;
  for (const ChangeNote& note : *notes) {
    GATEHOUSE_CO_TRY(const bool ended, actor_.maker->take_over(note.maker));
    if (!ended) continue;
    Result<> recorded = co_await record_once(note, until);
    if (recorded) {
      db::Work<void> work = [id = note.id](db::Session& session) { return remove_note(session, id); };
      recorded = co_await store_.transact<void>(loop, db::Store::Mode::write, until, std::move(work));
    }
    actor_.maker->give_back(note.maker);
    GATEHOUSE_CO_CHECK(recorded);
    ++left;
  }
  co_return left;
}

}  // namespace gatehouse::store
