#include "store/key_store.h"

#include <algorithm>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/text_map.h"
#include "core/instructions.h"
#include "crypto/api_key.h"
#include "db/sqlite_store.h"
#include "db/store.h"
#include "net/finish.h"
#include "net/loop.h"
#include "net/notifier.h"
#include "store/instruction_service.h"
#include "store/key_rows.h"
#include "store/key_service.h"
#include "store/key_table.h"
#include "store/serving_mark.h"

namespace gatehouse::store {

namespace {

constexpr std::int64_t kRowsAtOnce = 10'000;
// How long one look may wait for the store: a look that takes longer is repeated.
constexpr std::chrono::seconds kLookFor{5};
constexpr std::chrono::seconds kWriteUsesFor{5};
constexpr std::chrono::milliseconds kWriteLastUsesFor{100};  // when the server ends

// One of the two repeated tasks of the thread, and its waiters.
class RepeatedTask {
 public:
  RepeatedTask(net::Loop& loop, std::chrono::milliseconds pause, std::function<net::Task<Result<>>()> work)
      : loop_(loop), pause_(pause), work_(std::move(work)) {}

  net::Task<void> repeat() {
    for (;;) {
      const std::uint64_t seen = asked_for_.version();
      std::vector<std::promise<Result<>>> asked;
      {
        const std::lock_guard lock(mutex_);
        asked.swap(asked_);
      }
      const Result<> done = co_await work_();
      for (auto& one : asked) one.set_value(done);
      co_await asked_for_.wait(loop_, seen, loop_.now() + pause_);
    }
  }
  // From another thread: the result of a run that begins after the call.
  Result<> run() {
    std::future<Result<>> done;
    {
      const std::lock_guard lock(mutex_);
      done = asked_.emplace_back().get_future();
    }
    asked_for_.notify();
    return done.get();
  }

 private:
  net::Loop& loop_;
  const std::chrono::milliseconds pause_;
  const std::function<net::Task<Result<>>()> work_;
  net::Notifier asked_for_;
  std::mutex mutex_;
  std::vector<std::promise<Result<>>> asked_;
};

}  // namespace

class KeyStore::Snapshot final : public KeySnapshot {
 public:
  enum class Imported : std::uint8_t { none, some };
  Snapshot(std::uint64_t generation, KeyTable table, std::shared_ptr<KeyUses> uses,
           Imported imported = Imported::none)
      : generation_(generation), table_(std::move(table)), uses_(std::move(uses)), imported_(imported) {}

  const StoredKey* find(std::string_view id) const override { return table_.find(id); }
  void used(const StoredKey& key, WallTime now) const override {
    // Every key here is a KeyEntry.
    uses_->note(static_cast<const KeyEntry&>(key),
                std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  }
  std::uint64_t generation() const override { return generation_; }
  bool has_imported() const override { return imported_ == Imported::some; }
  const KeyTable& table() const { return table_; }

 private:
  std::uint64_t generation_;
  KeyTable table_;
  std::shared_ptr<KeyUses> uses_;
  Imported imported_;
};

// The keys that one transaction has read: all of them, or the changed ones.
struct KeyStore::Read {
  bool same_history = true;
  KeyChange last;
  std::vector<KeyTable::Change> changes;                 // no id comes twice
  std::vector<std::string> unreadable;                   // of changes
  std::optional<std::vector<Instruction>> instructions;  // nothing: they have not changed

  void add(std::string_view id, const db::RowSet::Row& row, std::size_t column) {
    auto key = read_key(row, column);
    if (!key) unreadable.emplace_back(id);
    changes.push_back({std::string(id), key ? std::make_shared<const KeyEntry>(*std::move(key)) : nullptr});
  }
  void add_removed(std::string_view id) { changes.push_back({std::string(id), nullptr}); }
};

// The thread that keeps a KeyStore up to date.
class KeyStore::Reader {
 public:
  Reader(KeyStore& keys, std::shared_ptr<db::Store> store, KeyStoreOptions options)
      : keys_(keys), store_(std::move(store)), options_(std::move(options)) {}
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Reads all keys, and starts the thread.
  Result<> begin();
  Result<> look_now() { return looking_.run(); }
  Result<> write_now() { return writing_.run(); }

 private:
  net::Task<Result<>> look();
  net::Task<Result<bool>> follow(KeyChange last);  // false: its history is not the one that `last` is of
  net::Task<Result<>> read_all();
  void take_over(const Read& read, const KeyTable& before);
  void publish_instructions(Read& read);
  void confirm();
  net::Task<Result<>> write_pending(std::chrono::milliseconds patience);

  KeyStore& keys_;
  const std::shared_ptr<db::Store> store_;
  const KeyStoreOptions options_;
  const std::shared_ptr<KeyUses> uses_ = std::make_shared<KeyUses>();
  const SystemClock clock_;
  net::Loop loop_{clock_};
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<const Snapshot>(0, KeyTable(), uses_);
  std::optional<KeyChange> last_;  // that snapshot_ has; nothing: all keys are to be read
  TextSet unreadable_;             // the ids
  RepeatedTask looking_{loop_, kPoll, [this] { return look(); }};
  RepeatedTask writing_{loop_, kWriteUses, [this] { return write_pending(kWriteUsesFor); }};
  std::thread thread_;
};

KeyStore::KeyStore(const Clock& clock)
    : clock_(clock), none_(std::make_shared<Snapshot>(0, KeyTable(), std::make_shared<KeyUses>())) {}

KeyStore::~KeyStore() = default;

Result<std::unique_ptr<KeyStore>> KeyStore::open(std::shared_ptr<db::Store> store, const Clock& clock,
                                                 KeyStoreOptions options) {
  std::unique_ptr<KeyStore> keys(new KeyStore(clock));
  keys->reader_ = std::make_unique<Reader>(*keys, std::move(store), std::move(options));
  GATEHOUSE_CHECK(keys->reader_->begin());
  return keys;
}

Result<> KeyStore::Reader::begin() {
  GATEHOUSE_CHECK(net::finish(loop_, look()));
  thread_ = std::thread([this] {
    net::spawn(loop_, looking_.repeat());
    net::spawn(loop_, writing_.repeat());
    loop_.run();
  });
  return {};
}

KeyStore::Reader::~Reader() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
  loop_.cancel_tasks();
  static_cast<void>(net::finish(loop_, write_pending(kWriteLastUsesFor)));
}

bool KeyStore::stale() const {
  const std::int64_t age =
      clock_.monotonic().time_since_epoch().count() - looked_at_.load(std::memory_order_relaxed);
  return age > std::chrono::nanoseconds(kStaleAfter).count();
}

std::shared_ptr<const KeySnapshot> KeyStore::snapshot() const {
  if (stale()) return none_;
  const std::lock_guard lock(current_);
  return snapshot_;
}

std::uint64_t KeyStore::generation() const {
  return stale() ? none_->generation() : current_generation_.load(std::memory_order_acquire);
}

void KeyStore::publish(std::shared_ptr<const Snapshot> snapshot) {
  std::shared_ptr<const KeySnapshot> next = std::move(snapshot);
  const std::lock_guard lock(current_);
  snapshot_.swap(next);
  current_generation_.store(snapshot_->generation(), std::memory_order_release);
}

Result<> KeyStore::refresh() { return reader_->look_now(); }
Result<> KeyStore::write_uses() { return reader_->write_now(); }

net::Task<Result<>> KeyStore::Reader::look() {
  const std::int64_t begun = keys_.clock_.monotonic().time_since_epoch().count();
  if (last_) {
    const Result<bool> same_history = co_await follow(*last_);
    if (!same_history) {
      // The tables are not there: an older backup. The next look makes them.
      if (same_history.error().code == ErrorCode::invalid) last_.reset();
      co_return std::unexpected(same_history.error());
    }
    if (!*same_history) last_.reset();
  }
  if (!last_) {
    const Result<> all = co_await read_all();
    GATEHOUSE_CO_CHECK(all);
  }
  confirm();
  keys_.looked_at_.store(begun, std::memory_order_relaxed);
  co_return Result<>{};
}

net::Task<Result<bool>> KeyStore::Reader::follow(KeyChange last) {
  db::Work<Read> work = [last](db::Session& session) -> net::Task<Result<Read>> {
    Read read;
    read.last = last;
    TextSet seen;
    for (;;) {
      const db::Parameter values[] = {read.last.number, kRowsAtOnce};
      auto rows = co_await session.run("SELECT c.number, c.value, c.id, " GATEHOUSE_KEY_COLUMNS
                                       " FROM gatehouse_key_changes AS c "
                                       "LEFT JOIN gatehouse_keys AS k ON k.id = c.id "
                                       "WHERE c.number >= $1 ORDER BY c.number LIMIT $2",
                                       values);
      GATEHOUSE_CO_CHECK(rows);
      // The change that is known comes again, unless another history has taken its place.
      read.same_history =
          !rows->empty() && KeyChange{(*rows)[0].integer(0), (*rows)[0].integer(1)} == read.last;
      for (std::size_t i = 1; read.same_history && i < rows->size(); ++i) {
        const db::RowSet::Row row = (*rows)[i];
        read.same_history = row.integer(0) == read.last.number + 1;
        read.last = {row.integer(0), row.integer(1)};
        const std::string_view id = row.bytes(2);
        if (!seen.emplace(id).second) continue;
        if (id == kInstructionsChanged) {
          read.instructions.emplace();
          continue;
        }
        if (row.is_null(3)) {
          read.add_removed(id);
        } else {
          read.add(id, row, 3);
        }
      }
      if (!read.same_history || rows->size() < static_cast<std::size_t>(kRowsAtOnce)) break;
    }
    if (read.same_history && read.instructions) {
      auto instructions = co_await read_instructions(session);
      GATEHOUSE_CO_CHECK(instructions);
      read.instructions = *std::move(instructions);
    }
    co_return read;
  };
  auto read = co_await store_->transact<Read>(loop_, db::Store::Mode::read, clock_.monotonic() + kLookFor,
                                              std::move(work));
  GATEHOUSE_CO_CHECK(read);
  if (!read->same_history) co_return false;
  publish_instructions(*read);
  if (!read->changes.empty()) {
    take_over(*read, snapshot_->table());
  } else {
    last_ = read->last;
  }
  co_return true;
}

net::Task<Result<>> KeyStore::Reader::read_all() {
  const Result<> prepared = co_await prepare_key_tables(loop_, *store_);
  GATEHOUSE_CO_CHECK(prepared);
  // One transaction, so that the change is the last of these keys.
  db::Work<Read> work = [](db::Session& session) -> net::Task<Result<Read>> {
    Read read;
    auto last = co_await read_last_change(session);
    GATEHOUSE_CO_CHECK(last);
    read.last = *last;
    auto instructions = co_await read_instructions(session);
    GATEHOUSE_CO_CHECK(instructions);
    read.instructions = *std::move(instructions);
    std::string behind;
    for (;;) {
      const db::Parameter values[] = {behind, kRowsAtOnce};
      auto rows = co_await session.run("SELECT " GATEHOUSE_KEY_COLUMNS
                                       " FROM gatehouse_keys AS k WHERE k.id > $1 ORDER BY k.id LIMIT $2",
                                       values);
      GATEHOUSE_CO_CHECK(rows);
      for (std::size_t i = 0; i < rows->size(); ++i) read.add((*rows)[i].bytes(0), (*rows)[i], 0);
      if (rows->size() < static_cast<std::size_t>(kRowsAtOnce)) co_return read;
      behind = (*rows)[rows->size() - 1].bytes(0);
    }
  };
  // However many there are: a server that has read none refuses all.
  auto read = co_await store_->transact<Read>(loop_, db::Store::Mode::read, clock_.monotonic() + kStaleAfter,
                                              std::move(work));
  GATEHOUSE_CO_CHECK(read);
  unreadable_.clear();
  publish_instructions(*read);
  take_over(*read, KeyTable());
  co_return Result<>{};
}

void KeyStore::Reader::take_over(const Read& read, const KeyTable& before) {
  for (const KeyTable::Change& change : read.changes) unreadable_.erase(change.id);
  unreadable_.insert(read.unreadable.begin(), read.unreadable.end());
  keys_.unreadable_.store(unreadable_.size(), std::memory_order_relaxed);
  const bool imported = (snapshot_->has_imported() && before.size() > 0) ||
                        std::ranges::any_of(read.changes, [](const KeyTable::Change& change) {
                          return change.entry != nullptr && change.id.starts_with(crypto::kImportedPrefix);
                        });
  snapshot_ =
      std::make_shared<const Snapshot>(snapshot_->generation() + 1, KeyTable(before, read.changes), uses_,
                                       imported ? Snapshot::Imported::some : Snapshot::Imported::none);
  keys_.publish(snapshot_);
  last_ = read.last;
}

void KeyStore::Reader::publish_instructions(Read& read) {
  if (!read.instructions || !options_.instructions) return;
  options_.instructions->publish(std::make_shared<const Instructions>(*std::move(read.instructions)));
}

// Only after the snapshot is in its place: a command that reads the confirmation relies on it.
void KeyStore::Reader::confirm() {
  if (!options_.confirm || !last_) return;
  const Result<> confirmed = options_.confirm(*last_);
  if (keys_.cannot_confirm_.exchange(!confirmed) != !confirmed && options_.report) options_.report(confirmed);
}

net::Task<Result<>> KeyStore::Reader::write_pending(std::chrono::milliseconds patience) {
  const auto uses = std::make_shared<const std::vector<KeyUses::Use>>(uses_->take());
  if (uses->empty()) co_return Result<>{};
  db::Work<void> work = [uses](db::Session& session) -> net::Task<Result<>> {
    for (const KeyUses::Use& use : *uses) {
      const db::Parameter values[] = {use.second * 1'000'000'000, use.key->id};
      auto rows = co_await session.run(
          {"UPDATE gatehouse_keys SET last_used = max(coalesce(last_used, 0), $1) WHERE id = $2",
           "UPDATE gatehouse_keys SET last_used = greatest(last_used, $1) WHERE id = $2"},
          values);
      GATEHOUSE_CO_CHECK(rows);
    }
    co_return Result<>{};
  };
  const Result<> written = co_await store_->transact<void>(loop_, db::Store::Mode::write,
                                                           clock_.monotonic() + patience, std::move(work));
  if (!written) {  // to be written next time
    for (const KeyUses::Use& use : *uses) uses_->note(*use.key, use.second);
  }
  co_return written;
}

Result<KeyStoreOptions::Confirm> confirm_in_serving_mark(std::shared_ptr<db::SqliteStore> store) {
  GATEHOUSE_TRY(auto held, ServingMark::hold(store->path()));
  return [store = std::move(store),
          mark = std::make_shared<ServingMark>(std::move(held))](const KeyChange& change) -> Result<> {
    GATEHOUSE_TRY(const db::FileIdentity file, store->file());
    return mark->confirm(store->path(), {file, change.number, change.value});
  };
}

}  // namespace gatehouse::store
