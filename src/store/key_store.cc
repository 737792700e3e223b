#include "store/key_store.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "base/text_map.h"
#include "store/key_rows.h"

namespace gatehouse::store {

// Last uses that another writer is in the way of are written next time: looking for revocations goes first.
static constexpr std::chrono::milliseconds kPatience{20};

struct KeyStore::Entry : StoredKey {
  explicit Entry(StoredKey key) : StoredKey(std::move(key)) {}
  mutable std::atomic<std::int64_t> last_used{0};  // seconds since 1970; 0: not since it was last written
  mutable const Entry* next_used = nullptr;        // in Snapshot::uses, while last_used is not 0
};

struct KeyStore::Snapshot final : KeySnapshot {
  explicit Snapshot(std::uint64_t number) : generation_(number) {}

  const StoredKey* find(std::string_view id) const override {
    const auto found = keys.find(id);
    return found == keys.end() ? nullptr : found->second.get();
  }
  void used(const StoredKey& key, WallTime now) const override {
    // Every key here is an Entry.
    note(static_cast<const Entry&>(key),
         std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  }
  // Most requests only read the line that the workers share: the first use since the last writing puts the
  // key into the list, and a later one writes once a second.
  void note(const Entry& entry, std::int64_t second) const {
    std::int64_t last = entry.last_used.load(std::memory_order_relaxed);
    while (last < second && !entry.last_used.compare_exchange_weak(last, second, std::memory_order_acq_rel)) {
    }
    if (last != 0) return;
    entry.next_used = uses.load(std::memory_order_relaxed);
    while (!uses.compare_exchange_weak(entry.next_used, &entry, std::memory_order_release,
                                       std::memory_order_relaxed)) {
    }
  }
  std::uint64_t generation() const override { return generation_; }

  TextMap<std::unique_ptr<Entry>> keys;
  mutable std::atomic<const Entry*> uses{nullptr};  // the keys whose last use is to be written
  std::size_t unreadable = 0;

 private:
  std::uint64_t generation_;
};

KeyStore::KeyStore(db::OpenOptions options, db::Connection connection, const Clock& clock)
    : clock_(clock),
      none_(std::make_shared<Snapshot>(0)),
      options_(std::move(options)),
      connection_(std::move(connection)),
      file_(file_at(options_.path)) {}

std::optional<db::FileIdentity> KeyStore::file_at(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) != 0) return std::nullopt;
  return db::FileIdentity{facts.st_dev, facts.st_ino};
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

Result<std::unique_ptr<KeyStore>> KeyStore::open(db::OpenOptions options, const Clock& clock, Confirm confirm,
                                                 ReportConfirming report) {
  options.busy_timeout = kPatience;
  const auto before = file_at(options.path);
  GATEHOUSE_TRY(db::Connection connection, db::Connection::open(options));
  std::unique_ptr<KeyStore> store(new KeyStore(std::move(options), std::move(connection), clock));
  if (confirm == Confirm::in_serving_mark) {
    GATEHOUSE_TRY(store->mark_, ServingMark::hold(store->connection_.path()));
    store->report_confirming_ = std::move(report);
  }
  if (before) store->file_ = before;  // one that took its place meanwhile is seen at the next look
  GATEHOUSE_CHECK(store->refresh());
  store->thread_ = std::thread([self = store.get()] { self->watch(); });
  return store;
}

KeyStore::~KeyStore() {
  {
    const std::lock_guard lock(database_);
    stop_ = true;
  }
  stop_changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (snapshot_) static_cast<void>(write_uses());
}

Result<> KeyStore::refresh() {
  const std::lock_guard lock(database_);
  return look();
}

Result<> KeyStore::write_uses() {
  const std::lock_guard lock(database_);
  return write_pending();
}

std::size_t KeyStore::unreadable() const {
  const std::lock_guard lock(current_);
  return snapshot_->unreadable;
}

Result<> KeyStore::look() {
  const std::int64_t now = clock_.monotonic().time_since_epoch().count();
  if (const auto file = file_at(options_.path); file != file_) {
    if (!file) return failure(ErrorCode::not_found, "the store's file is gone", Retry::yes);
    db::OpenOptions options = options_;
    options.access = db::Access::read_write;
    GATEHOUSE_TRY(connection_, db::Connection::open(options));
    file_ = file;
    data_version_ = -1;
    key_version_.reset();
  }
  GATEHOUSE_TRY(const std::int64_t data_version, connection_.data_version());
  if (data_version != data_version_) {
    GATEHOUSE_CHECK(reload());
    data_version_ = data_version;
  }
  confirm_version();
  looked_at_.store(now, std::memory_order_relaxed);
  return {};
}

Result<> KeyStore::reload() {
  // One transaction, so that the version belongs to the rows.
  GATEHOUSE_TRY(db::Transaction transaction,
                db::Transaction::begin(connection_, db::Transaction::Kind::read));
  GATEHOUSE_TRY(const KeyVersionRow key_version, read_key_version(connection_));
  if (key_version == key_version_) return transaction.commit();

  auto snapshot = std::make_shared<Snapshot>(++generation_);
  {
    GATEHOUSE_TRY(db::Rows rows,
                  connection_.query("SELECT " GATEHOUSE_KEY_COLUMNS " FROM gatehouse_keys AS k"));
    for (;;) {
      GATEHOUSE_TRY(const bool more, rows.next());
      if (!more) break;
      auto record = read_key(rows);
      if (!record) {
        ++snapshot->unreadable;
        continue;
      }
      auto entry = std::make_unique<Entry>(*std::move(record));
      std::string id = entry->id;
      snapshot->keys.emplace(std::move(id), std::move(entry));
    }
  }
  GATEHOUSE_CHECK(transaction.commit());
  const std::shared_ptr<Snapshot> oldest = std::move(before_);
  {
    const std::lock_guard lock(current_);
    before_ = std::exchange(snapshot_, std::move(snapshot));
    current_generation_.store(snapshot_->generation(), std::memory_order_release);
  }
  key_version_ = key_version;
  confirm_version();
  if (oldest) static_cast<void>(write_uses_of(*oldest));  // a command that waits goes first
  return {};
}

// Only after the snapshot is in its place: a command that reads the version relies on it.
void KeyStore::confirm_version() {
  // One that fails is repeated at the next look, and until then the command says that nothing was confirmed.
  if (!mark_ || !file_ || !key_version_) return;
  const auto confirmed =
      mark_->confirm(connection_.path(), {*file_, key_version_->number, key_version_->value});
  if (cannot_confirm_.exchange(!confirmed) != !confirmed && report_confirming_) report_confirming_(confirmed);
}

Result<> KeyStore::write_pending() {
  if (before_) GATEHOUSE_CHECK(write_uses_of(*before_));
  return write_uses_of(*snapshot_);
}

Result<> KeyStore::write_uses_of(Snapshot& snapshot) {
  std::vector<std::pair<const Entry*, std::int64_t>> pending;
  const Entry* entry = snapshot.uses.exchange(nullptr, std::memory_order_acquire);
  while (entry != nullptr) {
    const Entry* const next = entry->next_used;  // once last_used is 0 it is a worker's to write
    pending.emplace_back(entry, entry->last_used.exchange(0, std::memory_order_acq_rel));
    entry = next;
  }
  if (pending.empty()) return {};
  const auto write = [&]() -> Result<> {
    GATEHOUSE_TRY(db::Transaction transaction,
                  db::Transaction::begin(connection_, db::Transaction::Kind::write));
    for (const auto& [used, second] : pending) {
      GATEHOUSE_CHECK(connection_.execute(
          "UPDATE gatehouse_keys SET last_used = max(coalesce(last_used, 0), ?) WHERE id = ?",
          {second * 1'000'000'000, used->id}));
    }
    return transaction.commit();
  };
  auto written = write();
  if (!written) {  // to be written next time
    for (const auto& [used, second] : pending) snapshot.note(*used, second);
  }
  return written;
}

void KeyStore::watch() {
  const auto looks_between_writes = kWriteUses / kPoll;
  int looks = 0;
  std::unique_lock lock(database_);
  while (!stop_changed_.wait_for(lock, kPoll, [&] { return stop_; })) {
    // A look that fails leaves looked_at_ behind, and lookups say so in time.
    static_cast<void>(look());
    if (++looks % looks_between_writes == 0) static_cast<void>(write_pending());
  }
}

}  // namespace gatehouse::store
