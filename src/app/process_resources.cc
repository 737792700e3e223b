#include "app/process_resources.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <variant>

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "audit/event_cursor.h"
#include "audit/event_files.h"
#include "audit/file_sink.h"
#include "audit/metrics.h"
#include "audit/query.h"
#include "audit/sink_reader.h"
#include "audit/store_sink.h"
#include "base/encoding.h"
#include "base/file.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "core/instructions.h"
#include "db/catalogue.h"
#include "db/connection.h"
#include "net/finish.h"
#include "store/instruction_service.h"
#include "store/key_maker.h"
#include "store/key_service.h"
#include "store/pepper_check.h"

namespace gatehouse::app {
namespace {

constexpr unsigned kBlockingThreads = 4;
// Of which one caller has a quarter: the others find a thread and a place.
constexpr net::PoolShares kHandlerShares{16, 256, 4, 64};
constexpr std::size_t kCheckQueue = 64;
constexpr std::size_t kBlockingQueue = 1024;
constexpr std::size_t kLargestFile = std::size_t{4} << 20U;  // certificates and keys

// Creates the file for its owner only; another process that was faster wins.
Result<> write_secret(const std::string& path, std::string_view text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) {
    if (errno == EEXIST) return {};
    return failure(ErrorCode::denied, fmt::format("{} cannot be created: {}", path, std::strerror(errno)));
  }
  const bool whole =
      ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(file) == 0;
  ::close(file);
  if (whole) return {};
  ::unlink(path.c_str());  // half a secret would be taken for one at the next start
  return failure(ErrorCode::unavailable, fmt::format("{} cannot be written: is the disk full?", path));
}

Result<> make_folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) return {};
  std::error_code error;
  const bool made = std::filesystem::create_directories(folder, error);
  if (error) {
    return failure(ErrorCode::denied,
                   fmt::format("the folder {} cannot be created: {}", folder.string(), error.message()));
  }
  if (made) ::chmod(folder.c_str(), 0700);
  return {};
}

// One function for each kind of sink.
using OpenedSink = Result<std::unique_ptr<audit::Sink>>;
OpenedSink open_sink(const policy::StdoutSettings&) { return audit::stdout_sink(); }
OpenedSink open_sink(const policy::LogFileSettings& log) {
  GATEHOUSE_CHECK(make_folder_of(log.path.value));
  return audit::file_sink({log.path.value, log.rotate, log.keep});
}

// The sinks of `log:`. A new name begins with the next event.
Result<std::vector<std::unique_ptr<audit::SinkReader>>> open_log(const policy::Settings& settings,
                                                                 const audit::SinkReaderOptions& options) {
  std::vector<std::unique_ptr<audit::Sink>> sinks;
  std::vector<std::string> names;
  for (const policy::LogSettings& log : settings.log) {
    GATEHOUSE_TRY(auto sink, std::visit([](const auto& kind) { return open_sink(kind); }, log));
    names.emplace_back(sink->name());
    sinks.push_back(std::move(sink));
  }
  {
    GATEHOUSE_TRY(auto connection, db::Connection::open({.path = settings.store}));
    GATEHOUSE_CHECK(audit::EventCursor::forget_others(connection, names));
  }
  std::vector<std::unique_ptr<audit::SinkReader>> readers;
  for (std::size_t i = 0; i < sinks.size(); ++i) {
    // A place that cannot be kept now is kept a second later: the sink need not stand still for long.
    GATEHOUSE_TRY(auto connection, db::Connection::open({.path = settings.store,
                                                         .access = db::Access::read_write,
                                                         .busy_timeout = std::chrono::seconds(1)}));
    GATEHOUSE_TRY(auto cursor, audit::EventCursor::open(std::move(connection), names[i]));
    readers.push_back(std::make_unique<audit::SinkReader>(std::move(sinks[i]), std::move(cursor), options));
  }
  return readers;
}

bool asserts(const policy::PolicySet& policy) {
  for (const policy::Operation& operation : policy.operations) {
    if (operation.asserts) return true;
  }
  return false;
}

bool exists(const std::string& path) {
  // if it cannot be examined it cannot be created either, and that error has the reason
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

// A file beside the store, where the configuration names none.
std::string beside_store(const policy::Settings& settings, std::string_view extension) {
  return std::filesystem::path(settings.store).replace_extension(extension).string();
}

Result<std::shared_ptr<const crypto::Signer>> open_signer(const policy::Settings& settings) {
  const bool own = settings.assertion_key.value.empty();
  const std::string path = own ? beside_store(settings, "assertion.pem") : settings.assertion_key.value;
  if (own && !exists(path)) {
    GATEHOUSE_TRY(const auto fresh, crypto::Signer::generate(crypto::KeyType::p256));
    GATEHOUSE_CHECK(write_secret(path, fresh.private_pem().reveal()));
  }
  GATEHOUSE_TRY(const std::string pem, read_whole(path));
  GATEHOUSE_TRY(auto signer, crypto::Signer::from_pem(pem));
  return std::make_shared<const crypto::Signer>(std::move(signer));
}

// Of the process, not of a request: keys could not be fetched, or not be confirmed, or a sink lost events.
Event failure_of_process(std::string_view name, WallTime now) {
  Event event;
  event.name = name;
  event.time = now;
  event.has_client = false;
  event.outcome = Outcome::failed;
  event.stage = Stage::authenticate;
  return event;
}

std::int64_t seconds_since_1970(WallTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

}  // namespace

void tell_operator(std::string_view text) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  // It may contain another server's text.
  fmt::print(stderr, "{:%FT%TZ} gatehouse: {}\n", now, printable(text));
}

Result<std::string> read_whole(const std::string& path) {
  auto text = read_file(path, kLargestFile);
  if (!text) text.error().text = fmt::format("{}: {}", path, text.error().text);
  return text;
}

Result<std::shared_ptr<db::SqliteStore>> open_store(const policy::Settings& settings, const Clock& clock,
                                                    db::SqliteStore::Replaced replaced) {
  GATEHOUSE_CHECK(make_folder_of(settings.store));
  GATEHOUSE_TRY(auto store, db::SqliteStore::open({.path = settings.store}, clock, replaced));
  net::Loop loop(clock);
  GATEHOUSE_CHECK(net::finish(loop, store::prepare_key_tables(loop, *store)));
  return store;
}

Result<std::unique_ptr<audit::Sink>> open_event_sink(const policy::Settings& settings) {
  GATEHOUSE_TRY(auto connection, db::Connection::open({.path = settings.store}));
  GATEHOUSE_CHECK(audit::prepare_event_tables(connection));
  audit::Retention retention;
  retention.age = settings.keep_events;
  retention.size = settings.keep_size;
  // Files are deleted as a whole: at most a sixteenth of the kept size at once.
  retention.file = std::min(retention.file, ByteCount{settings.keep_size.bytes / 16});
  retention.on_filling = tell_operator;
  return audit::store_sink(std::move(connection), std::move(retention));
}

Result<bool> has_event(const std::string& store, std::string_view id) {
  GATEHOUSE_TRY(auto connection, db::Connection::open({.path = store, .access = db::Access::read_only}));
  const auto found = audit::explain(connection, id);
  if (!found && found.error().code == ErrorCode::not_found) return false;
  if (!found) return std::unexpected(found.error());
  return !found->lines.empty();
}

Result<std::shared_ptr<const crypto::KeyHasher>> open_key_hasher(const policy::Settings& settings,
                                                                 db::SqliteStore& store) {
  const bool own = settings.pepper_file.value.empty();
  const std::string path = own ? beside_store(settings, "pepper") : settings.pepper_file.value;
  const SystemClock clock;
  net::Loop loop(clock);
  const auto check = [&](std::optional<crypto::Digest256> fingerprint) -> Result<> {
    Result<> same = net::finish(loop, store::check_pepper(loop, store, clock.monotonic() + kStorePatience,
                                                          fingerprint, clock.wall()));
    if (same || same.error().code != ErrorCode::conflict) return same;
    return failure(
        ErrorCode::conflict,
        fmt::format("{} {}, so none of the keys in {} would be accepted; restore it from the backup "
                    "of the store. If it is lost: revoke each key (`gatehouse key list`, `gatehouse "
                    "key revoke ID`), start the server, and make new keys",
                    path, fingerprint ? "is not the pepper that the keys were made with" : "is missing",
                    settings.store));
  };
  if (own && !exists(path)) {
    GATEHOUSE_CHECK(check(std::nullopt));
    GATEHOUSE_CHECK(make_folder_of(path));
    std::array<std::uint8_t, 32> fresh{};
    SystemEntropy().fill(fresh);
    GATEHOUSE_CHECK(write_secret(path, hex(fresh) + "\n"));
  }
  GATEHOUSE_TRY(std::string text, read_whole(path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  auto hasher = crypto::KeyHasher::with_pepper(Secret<std::string>(std::move(text)));
  if (!hasher) return failure(ErrorCode::invalid, fmt::format("{}: {}", path, hasher.error().text));
  GATEHOUSE_CHECK(check(hasher->fingerprint()));
  return std::make_shared<const crypto::KeyHasher>(*std::move(hasher));
}

ProcessResources::ProcessResources()
    : clock([]() -> const Clock& {
        static const Clock& forever = *new SystemClock;
        return forever;
      }()),
      limiter(entropy),
      shared{.clock = clock, .limits = limiter, .connections = {}, .admin_connections = {}},
      threads(std::make_shared<net::BlockingPool>(kBlockingThreads, kBlockingQueue)),
      instructions(std::make_shared<InstructionBoard>()),
      server_(Uuid::v7(clock.wall(), entropy).text()),
      reloaded_at_(seconds_since_1970(clock.wall())) {}

// The store's thread may continue for as long as someone holds the keys.
ProcessResources::~ProcessResources() {
  const std::lock_guard lock(background_->mutex);
  background_->worker.reset();
}

Result<std::unique_ptr<ProcessResources>> ProcessResources::make(const policy::PolicySet& policy) {
  const policy::Settings& settings = policy.settings;
  auto resources = std::make_unique<ProcessResources>();
  // Half of the cores: a caller's expensive bodies do not take them all.
  const unsigned check_threads = std::max(1U, std::thread::hardware_concurrency() / 2);
  resources->checkers = std::make_shared<net::BlockingPool>(
      net::PoolShares{check_threads, kCheckQueue, std::max(1U, check_threads / 2), kCheckQueue / 4});
  GATEHOUSE_TRY(auto store, open_store(settings, resources->clock, db::SqliteStore::Replaced::follow));
  GATEHOUSE_TRY(resources->hasher, open_key_hasher(settings, *store));
  resources->store_ = store;
  GATEHOUSE_TRY(auto confirm, store::confirm_in_serving_mark(store));
  const auto report = [background = resources->background_, &clock = resources->clock](
                          const Result<>& confirmed) { report_confirming(*background, clock, confirmed); };
  GATEHOUSE_TRY(auto keys, store::KeyStore::open(std::move(store), resources->clock,
                                                 {.confirm = std::move(confirm),
                                                  .report = report,
                                                  .instructions = resources->instructions}));
  resources->shared.instructions = resources->instructions;
  resources->keys = std::move(keys);
  GATEHOUSE_CHECK(resources->open_for(policy));
  // The journal writes to the store alone: `gatehouse log` and the sinks of `log:` read it there.
  std::vector<std::unique_ptr<audit::Sink>> sinks;
  GATEHOUSE_TRY(sinks.emplace_back(), open_event_sink(settings));
  audit::SinkReaderOptions reading;
  reading.on_problem = tell_operator;
  // A sink's thread may outlive the resources.
  reading.on_loss = [background = resources->background_](std::string_view sink, std::uint64_t events) {
    report_loss(*background, sink, events);
  };
  GATEHOUSE_TRY(auto readers, open_log(settings, reading));
  audit::JournalOptions options;
  options.counts = settings.listen.admin ? audit::Counts::of_events : audit::Counts::none;
  options.on_problem = tell_operator;
  resources->journal = std::make_unique<audit::Journal>(std::move(sinks), resources->clock,
                                                        std::move(options), std::move(readers));
  {
    const std::lock_guard lock(resources->background_->mutex);
    resources->background_->worker = resources->journal->worker(nullptr);
  }
  resources->shared.trouble = [&own = *resources]() -> std::string_view {
    if (own.journal->failing()) return "the store takes no events";
    if (own.keys->stale()) return "the store cannot be read";
    return {};
  };
  resources->record_left_changes();
  return resources;
}

void ProcessResources::record_left_changes() {
  constexpr std::chrono::seconds kLongest{2};
  // Anew each time: the file may be another one.
  const auto maker = store::KeyMaker::hold(store_->path(), entropy);
  if (!maker) return;
  net::Loop loop(clock);
  const auto record = journal->worker(&loop);
  store::ChangeActor actor{.record = record.get(), .maker = &*maker};
  actor.has_event = [path = store_->path()](std::string_view id) { return has_event(path, id); };
  store::KeyService service(*store_, *hasher, entropy, clock, std::move(actor));
  const auto left = net::finish(loop, service.recorder().record_left(loop, clock.monotonic() + kLongest));
  if (left && *left > 0)
    tell_operator(fmt::format("recorded {} changes of keys whose commands ended before they did", *left));
}

void ProcessResources::report_reload(store::ReloadOutcome outcome) {
  constexpr std::chrono::seconds kLongest{5};
  const bool reloaded = outcome.done == store::ReloadOutcome::Done::reloaded;
  reload_refused_ = !reloaded;
  if (reloaded) reloaded_at_ = seconds_since_1970(clock.wall());
  if (outcome.reload.empty()) return;
  outcome.server = server_;
  net::Loop loop(clock);
  const store::ChangeRecorder nothing(*store_, entropy, clock, {});
  store::InstructionService service(*store_, clock, nothing);
  const auto reported =
      net::finish(loop, service.report(loop, clock.monotonic() + kLongest, std::move(outcome)));
  if (!reported) {
    tell_operator(fmt::format("`gatehouse reload` does not get its result: {}", reported.error().text));
  }
}

Result<> ProcessResources::open_for(const policy::PolicySet& policy) {
  if (policy.statements && !statement_threads) {
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    statement_threads = std::make_unique<target::StatementThreads>(target::StatementShares::for_cores(cores));
  }
  const bool has_handler = std::ranges::any_of(
      policy.operations, [](const auto& operation) { return operation.handler() != nullptr; });
  if (has_handler && !handler_threads) {
    handler_threads = std::make_shared<net::BlockingPool>(kHandlerShares);
  }
  if (asserts(policy) && !signer) {
    GATEHOUSE_TRY(signer, open_signer(policy.settings));
  }
  return {};
}

std::shared_ptr<target::Database> ProcessResources::database_of(const policy::PolicySet& policy) {
  if (!policy.statements) return nullptr;
  const std::string& path = policy.settings.database;
  auto database = database_.lock();
  if (!database || database->connections.path() != path ||
      database->connections.file() != policy.database_file) {
    database.reset(new target::Database{
        db::Pool({.path = path, .access = db::Access::read_write, .longest = db::kLongestOfStatements},
                 policy.database_file),
        *statement_threads, clock});
    database_ = database;
  }
  return database;
}

void ProcessResources::Background::record(const Event& event) {
  const std::lock_guard lock(mutex);
  if (worker) worker->record(event);
}

void ProcessResources::report_confirming(Background& background, const Clock& clock,
                                         const Result<>& confirmed) {
  if (confirmed) {
    tell_operator("`gatehouse key` can confirm again which keys this server has read");
    return;
  }
  tell_operator(fmt::format(
      "`gatehouse key` cannot confirm which keys this server has read, and ends with status 3: {}",
      confirmed.error().text));
  Event event = failure_of_process("serving", clock.wall());
  event.detail = confirmed.error().text;
  background.record(event);
}

// Events that a sink of `log:` will never get: the store has deleted them. The server has logged it.
void ProcessResources::report_loss(Background& background, std::string_view sink, std::uint64_t events) {
  Event event = failure_of_process("sink", SystemClock().wall());
  event.stage = Stage::respond;
  event.rule = sink;
  const std::string detail = fmt::format("{} events were deleted before the sink read them", events);
  event.detail = detail;
  background.record(event);
}

// Each failure is an event; only a new failure is logged for the operator.
void ProcessResources::report_keys(const server::JwksSource::Report& report) {
  using Report = server::JwksSource::Report;
  if (report.news == Report::News::fresh) {
    tell_operator(fmt::format("the keys of {}: {}", report.source, report.text));
  }
  if (report.kind != Report::Kind::failed && report.kind != Report::Kind::stale) return;
  Event event = failure_of_process("keys", clock.wall());
  event.reason = facts_of(Reason::keys_unavailable).name;
  event.rule = report.source;
  event.detail = report.text;
  background_->record(event);
}

std::shared_ptr<CallerShares> ProcessResources::concurrency(const policy::Operation& operation) {
  if (operation.concurrency == 0) return nullptr;
  const std::lock_guard lock(mutex_);
  // By name and number: a reload that changes the number begins a new count.
  std::shared_ptr<CallerShares>& places =
      concurrency_[fmt::format("{}\n{}", operation.name, operation.concurrency)];
  if (!places) places = std::make_shared<CallerShares>(operation.concurrency);
  return places;
}

void ProcessResources::render_metrics(std::string& out) const {
  journal->render(out);
  using Type = audit::MetricType;
  const auto given = instructions->current();
  const auto counted = [&](Instruction::Kind kind) {
    return given ? static_cast<double>(given->count(kind)) : 0.0;
  };
  const audit::Sample samples[] = {
      {"gatehouse_connections", "Open connections.", Type::gauge,
       static_cast<double>(shared.connections.open())},
      {"gatehouse_body_memory_bytes", "Memory of requests' bodies and held answers, at most `memory.bodies`.",
       Type::gauge, static_cast<double>(shared.bodies->used())},
      {"gatehouse_body_memory_refused_total",
       "Requests refused because bodies and held answers took all of `memory.bodies`.", Type::counter,
       static_cast<double>(shared.bodies->refused())},
      {"gatehouse_limiter_forgotten_total", "Allowances evicted before they were full again.", Type::counter,
       static_cast<double>(limiter.forgotten())},
      {"gatehouse_keys_unreadable", "API keys whose rows cannot be read.", Type::gauge,
       static_cast<double>(keys->unreadable())},
      {"gatehouse_keys_unconfirmed",
       "1 while `gatehouse key` cannot confirm which keys this server has read, else 0.", Type::gauge,
       keys->cannot_confirm() ? 1.0 : 0.0},
      {"gatehouse_config_last_reload_successful",
       "1 if the last reload was taken up, or there was none, else 0.", Type::gauge,
       reload_refused_ ? 0.0 : 1.0},
      {"gatehouse_config_last_reload_success_timestamp_seconds",
       "When the configuration in use was loaded, in seconds since 1970.", Type::gauge,
       static_cast<double>(reloaded_at_.load())},
      {"gatehouse_blocked_addresses", "Addresses and networks that `gatehouse block` named.", Type::gauge,
       counted(Instruction::Kind::block_address)},
      {"gatehouse_blocked_principals", "Principals that `gatehouse block` named.", Type::gauge,
       counted(Instruction::Kind::block_principal)},
      {"gatehouse_maintenance", "Entries of `gatehouse maintenance list`.", Type::gauge,
       counted(Instruction::Kind::maintenance)},
      {"gatehouse_issuer_key_failures_total", "Fetches of issuers' keys that failed.", Type::counter,
       static_cast<double>(issuers.failures())},
      {"gatehouse_issuer_key_age_seconds",
       "Seconds since the last successful fetch of an issuer's keys, for the issuer with the oldest.",
       Type::gauge, static_cast<double>(issuers.oldest().count())},
      {"gatehouse_token_cache_bytes", "Memory of the cache of verified tokens and certificates.", Type::gauge,
       static_cast<double>(tokens->bytes)},
      {"gatehouse_token_cache_entries", "Verified tokens and certificates in the cache.", Type::gauge,
       static_cast<double>(tokens->entries)},
      {"gatehouse_token_cache_evicted_total", "Cache entries that were evicted before they ended.",
       Type::counter, static_cast<double>(tokens->evicted)},
  };
  audit::render(out, samples);
  if (!statement_threads) return;
  const audit::Sample statements[] = {
      {"gatehouse_statements_waiting", "Statements that wait for a thread.", Type::gauge,
       static_cast<double>(statement_threads->waiting())},
      {"gatehouse_statements_running", "Running statements.", Type::gauge,
       static_cast<double>(statement_threads->running())},
  };
  audit::render(out, statements);
}

}  // namespace gatehouse::app
