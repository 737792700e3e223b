// The objects that exist once in a running server, besides its policy: the store, the limiter, the journal,
// the threads.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/issuer_keys.h"
#include "audit/journal.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/result.h"
#include "core/caller_shares.h"
#include "crypto/api_key.h"
#include "crypto/signer.h"
#include "db/sqlite_store.h"
#include "net/blocking_pool.h"
#include "net/loop_thread.h"
#include "policy/policy_set.h"
#include "server/shared.h"
#include "store/key_store.h"
#include "store/limiter.h"
#include "target/database.h"

namespace gatehouse {
class InstructionBoard;
}
namespace gatehouse::store {
struct ReloadOutcome;
}

namespace gatehouse::app {

// How long a command waits for the store.
constexpr std::chrono::seconds kStorePatience{10};

// Opens the store of these settings, and makes the tables of keys in it. `clock` must outlive the store.
Result<std::shared_ptr<db::SqliteStore>> open_store(const policy::Settings& settings, const Clock& clock,
                                                    db::SqliteStore::Replaced replaced);
// The events in the store of these settings, with their tables.
Result<std::unique_ptr<audit::Sink>> open_event_sink(const policy::Settings& settings);
// The keyed hash of API keys. Its pepper is a file of 64 hex digits, created at the first call if it is
// missing and no key of the store is in force. `conflict`: the keys were made with another one.
Result<std::shared_ptr<const crypto::KeyHasher>> open_key_hasher(const policy::Settings& settings,
                                                                 db::SqliteStore& store);
// Whether the events in the store at that path have one of this `request.id`.
Result<bool> has_event(const std::string& store, std::string_view id);
// The whole file.
Result<std::string> read_whole(const std::string& path);
// For operators, on standard error: one line with the time.
void tell_operator(std::string_view text);

struct ProcessResources {
  static Result<std::unique_ptr<ProcessResources>> make(const policy::PolicySet& policy);
  ProcessResources();
  ~ProcessResources();

  // Opens the resources that this policy needs and that no policy before it needed.
  Result<> open_for(const policy::PolicySet& policy);
  // The database that the policy's statements were checked against; null where it has none.
  std::shared_ptr<target::Database> database_of(const policy::PolicySet& policy);
  // Null where the operation is not bounded. Shared by all workers, kept over reloads.
  std::shared_ptr<CallerShares> concurrency(const policy::Operation& operation);
  void render_metrics(std::string& out) const;
  // Records the events of changes of keys whose process ended before it did (store/key_service.h). Blocks;
  // what fails is tried again with the next call.
  void record_left_changes();
  // Keeps what became of a reload: for metrics, and, where a command asked for it (`reload`), in the store.
  void report_reload(store::ReloadOutcome outcome);

  // Never destroyed: a statement that nothing stops reads it to the end of the process.
  const Clock& clock;
  SystemEntropy entropy;
  store::Limiter limiter;
  server::Shared shared;
  std::unique_ptr<target::StatementThreads> statement_threads;  // null where no operation has a statement
  const std::shared_ptr<net::BlockingPool> threads;
  // Gatehouse's own requests to other servers: tasks that belong to no worker.
  net::LoopThread background_loop{clock};
  // Null where no operation has a handler. Apart from the others: a handler may take as long as its
  // operation's timeout, or longer.
  std::shared_ptr<net::BlockingPool> handler_threads;
  std::shared_ptr<net::BlockingPool> checkers;  // for schema checks that take long
  std::shared_ptr<const crypto::KeyHasher> hasher;
  std::shared_ptr<store::KeyStore> keys;
  const std::shared_ptr<InstructionBoard> instructions;
  std::shared_ptr<const crypto::Signer> signer;
  std::unique_ptr<audit::Journal> journal;
  const std::shared_ptr<crypto::CacheMeter> tokens = std::make_shared<crypto::CacheMeter>();

 private:
  void report_keys(const server::JwksSource::Report& report);

  // Records events that no worker sees: issuers' keys, the store's state.
  struct Background {
    void record(const Event& event);
    std::mutex mutex;
    std::unique_ptr<audit::Journal::Worker> worker;  // null before there is a journal, and when it ends
  };
  const std::shared_ptr<Background> background_ = std::make_shared<Background>();
  static void report_confirming(Background& background, const Clock& clock, const Result<>& confirmed);
  static void report_loss(Background& background, std::string_view sink, std::uint64_t events);

 public:
  // Destroyed before the objects that it reports to.
  IssuerKeys issuers{background_loop, *threads, [this](const auto& report) { report_keys(report); }};

 private:
  std::shared_ptr<db::SqliteStore> store_;
  const std::string server_;  // its name among those of the store
  std::atomic<bool> reload_refused_{false};
  std::atomic<std::int64_t> reloaded_at_;  // seconds since 1970 of the last load that succeeded
  std::mutex mutex_;                       // workers assemble their parts at the same time
  std::map<std::string, std::shared_ptr<CallerShares>> concurrency_;
  std::weak_ptr<target::Database> database_;  // the last one
};

}  // namespace gatehouse::app
