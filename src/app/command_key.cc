#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/load_policy.h"
#include "app/process_resources.h"
#include "app/table.h"
#include "audit/event_files.h"
#include "audit/journal.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/utf8.h"
#include "db/sqlite_store.h"
#include "json/writer.h"
#include "net/finish.h"
#include "net/loop.h"
#include "store/key_maker.h"
#include "store/key_service.h"
#include "store/key_store.h"
#include "store/serving_mark.h"

namespace gatehouse::app {
namespace {

struct KeyOptions {
  std::string config = "gatehouse.yaml";
  std::string id;
  std::optional<std::string> expires;
  std::string overlap = "7d";
  std::vector<std::string> addresses;
  store::KeyRequest request;
  bool json = false;
};

// The exit status of a change that is stored, but not confirmed by a running server, or without an event.
constexpr int kNotConfirmed = 3;

std::string date(WallTime time) {
  if (time == WallTime::max()) return "never";
  return fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

// Ends the process with `last_words` where the work takes too long: the store may be locked, and a call into
// a disk that hangs does not return.
class Watchdog {
 public:
  static constexpr std::chrono::seconds kPatience{15};

  explicit Watchdog(std::string last_words)
      : thread_([this, words = std::move(last_words)] {
          std::unique_lock lock(mutex_);
          if (changed_.wait_for(lock, kPatience, [this] { return done_; })) return;
          fail("key", words);
          std::_Exit(1);
        }) {}
  ~Watchdog() {
    stop();
    thread_.join();
  }
  // The work is done.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    changed_.notify_all();
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;  // last: it uses the others
};

// The keys of the configuration's store, for one command.
struct KeySession {
  const policy::Settings& settings;
  db::SqliteStore& store;
  store::KeyService& service;
  net::Loop& loop;
  Watchdog& watchdog;

  template <typename T>
  T finish(net::Task<T> task) const {
    return net::finish(loop, std::move(task));
  }
  static MonotonicTime until() { return SystemClock().monotonic() + kStorePatience; }

  Result<store::KeyVersion> version() const {
    GATEHOUSE_TRY(const store::KeyChange change, finish(service.last_change(loop, until())));
    // Looked at last: where another file has taken the path meanwhile, the change was made to one that is
    // gone.
    GATEHOUSE_TRY(const db::FileIdentity file, store.file());
    return store::KeyVersion{file, change.number, change.value};
  }
};

int with_keys(const KeyOptions& words, const std::function<int(const KeySession&)>& work) {
  const auto settings = load_settings(words.config, "the command did nothing");
  if (!settings) return 1;
  Watchdog watchdog(
      fmt::format("{} did not answer within {} s, so it is unknown whether anything has changed; check with "
                  "`gatehouse key list`, and try again",
                  settings->store, Watchdog::kPatience.count()));
  const SystemClock clock;
  const auto store = open_store(*settings, clock, db::SqliteStore::Replaced::refuse);
  if (!store) return fail("key", store.error().text);
  const auto hasher = open_key_hasher(*settings);
  if (!hasher) return fail("key", hasher.error().text);
  SystemEntropy entropy;
  auto sink = open_event_sink(*settings);
  if (!sink) return fail("key", sink.error().text);
  net::Loop loop(clock);
  std::vector<std::unique_ptr<audit::Sink>> sinks;
  sinks.push_back(*std::move(sink));
  audit::Journal journal(std::move(sinks), clock);
  const auto record = journal.worker(&loop);
  const auto maker = store::KeyMaker::hold((*store)->path(), entropy);
  if (!maker) return fail("key", maker.error().text);
  store::KeyActor actor{record.get(), fmt::format("uid:{}", ::getuid()), "command", &*maker};
  actor.has_event = [path = (*store)->path()](std::string_view id) { return has_event(path, id); };
  store::KeyService service(**store, **hasher, entropy, clock, std::move(actor));
  if (const auto left = net::finish(loop, service.record_left(loop, KeySession::until())); !left) {
    fail("key", fmt::format(
                    "events of earlier changes of keys could not be recorded, and are noted in the store: {}",
                    left.error().text));
  }
  return work({*settings, **store, service, loop, watchdog});
}

// After a change that is in the store: waits until every running server has read it. So a revoked key is
// refused when the command returns, and a script can use the key that it has just made. Gives the exit
// status: kNotConfirmed where a server has not confirmed it in time. Where no server runs on the store, that
// is said: it may be the wrong configuration.
int let_servers_read(const KeySession& keys) {
  constexpr std::chrono::seconds kPatience{5};
  keys.watchdog.stop();
  const auto state = store::wait_for_servers(keys.store.path(), [&] { return keys.version(); }, kPatience);
  if (!state) {
    return fail(
        "key",
        fmt::format("the change is stored, but it is unknown whether a running server has read it: {}",
                    state.error().text),
        kNotConfirmed);
  }
  if (state->behind > 0) {
    return fail(
        "key",
        fmt::format("the change is stored, but {} of {} running servers did not confirm within {} s that "
                    "they have read it; a server that cannot read its store refuses all keys after {} s",
                    state->behind, state->running, kPatience.count(), store::KeyStore::kStaleAfter.count()),
        kNotConfirmed);
  }
  if (state->running == 0) {
    fmt::print(stderr,
               "No running server uses {}: the change applies to servers that start with it. Check that -c "
               "names the configuration of the running server.\n",
               keys.store.path());
  }
  return 0;
}

// After a change: the status of `let_servers_read`, or kNotConfirmed if the change left no event.
int status_of(const KeySession& keys, const store::Recorded& change) {
  const int status = let_servers_read(keys);
  if (change.event) return status;
  return fail(
      "key",
      fmt::format("the change is stored, but its event could not be recorded, and is noted in the store: {}",
                  change.event.error().text),
      kNotConfirmed);
}

int show_new_key(const KeyOptions& words, const KeySession& keys, Result<store::CreatedKey> created) {
  if (!created) return fail("key", fmt::format("no key was made: {}", created.error().text));
  const int status = status_of(keys, *created);
  if (words.json) {
    fmt::print("{{\"id\":\"{}\",\"key\":\"{}\"}}\n", created->id, created->text.reveal());
  } else {
    fmt::print("{}\n", created->text.reveal());
    fmt::print(stderr, "Key {}: this is the only time it is shown. Store it as a secret.\n", created->id);
  }
  return status;
}

// A key belongs to an authenticator. Where there is one for keys, it is that one's; where there are several,
// the operator says whose.
Result<> choose_authenticators(const policy::Settings& settings, store::KeyRequest& request) {
  std::vector<std::string> known;
  for (const auto& [name, authenticator] : settings.authenticators) {
    if (authenticator.takes_keys()) known.push_back(name);
  }
  if (known.empty())
    return failure(ErrorCode::invalid, "the configuration has no authenticator of type api_key or basic");
  std::vector<std::string>& chosen = request.authenticators;
  if (chosen.empty() && known.size() == 1) chosen = known;
  if (chosen.empty()) {
    return failure(
        ErrorCode::invalid,
        fmt::format(
            "the configuration has several authenticators for keys; choose one with --authenticator: {}",
            fmt::join(known, ", ")));
  }
  for (const std::string& name : chosen) {
    if (std::ranges::find(known, name) == known.end()) {
      return failure(ErrorCode::invalid,
                     fmt::format("the configuration has no authenticator `{}` of type api_key; there are: {}",
                                 name, fmt::join(known, ", ")));
    }
    const std::string& prefix = settings.authenticators.at(name).prefix.value;
    if (!request.principal.starts_with(prefix)) {
      return failure(
          ErrorCode::invalid,
          fmt::format("the principals of `{0}` begin with `{1}`, its prefix; write --principal {1}{2}", name,
                      prefix, request.principal));
    }
  }
  return {};
}

int create(KeyOptions& words) {
  return with_keys(words, [&](const KeySession& keys) {
    for (const std::string& role : words.request.roles) {
      if (!keys.settings.roles.contains(role))
        return fail("key", fmt::format("the configuration has no role `{}`", role));
    }
    if (const auto chosen = choose_authenticators(keys.settings, words.request); !chosen) {
      return fail("key", chosen.error().text);
    }
    if (words.expires) {
      words.request.lifetime = parse_duration(*words.expires);
      if (!words.request.lifetime) wrong_usage("--expires", "must be a duration such as 90d");
    }
    for (const std::string& text : words.addresses) {
      const auto network = IpNetwork::parse(text);
      if (!network) wrong_usage("--address", "must be an address or a network such as 10.0.0.0/8");
      words.request.addresses.push_back(*network);
    }
    return show_new_key(words, keys,
                        keys.finish(keys.service.create(keys.loop, KeySession::until(), words.request)));
  });
}

std::string state_of(const StoredKey& key, WallTime now) {
  if (key.revoked || now >= key.overlap_ends) return "revoked";
  if (now >= key.expires) return "expired";
  if (key.overlap_ends != WallTime::max()) return "ending";
  return "active";
}

void print_json(const store::ListedKey& key, WallTime now) {
  json::Document document;
  json::Builder builder(document);
  const auto text = [&](std::string_view name, std::string_view value) {
    builder.key(name);
    builder.string(value);
  };
  builder.begin_object();
  text("id", key.record.id);
  text("principal", key.record.principal);
  builder.key("roles");
  builder.begin_array();
  for (const std::string& role : key.record.roles) builder.string(role);
  builder.end_array();
  builder.key("authenticators");
  builder.begin_array();
  for (const std::string& name : key.record.authenticators) builder.string(name);
  builder.end_array();
  text("state", state_of(key.record, now));
  text("created", date(key.record.created));
  text("expires", date(key.record.expires));
  text("last_used", key.last_used ? date(*key.last_used) : "never");
  builder.end_object();
  fmt::print("{}\n", printable(json::to_text(document.root())));
}

int list(const KeyOptions& words) {
  return with_keys(words, [&](const KeySession& keys) {
    const auto listed = keys.finish(keys.service.list(keys.loop, KeySession::until()));
    if (!listed) return fail("key", listed.error().text);
    const WallTime now = SystemClock().wall();
    Table table({{"ID", Column::Align::left, Column::Fit::whole},
                 {"PRINCIPAL"},
                 {"ROLES"},
                 {"STATE"},
                 {"EXPIRES"},
                 {"LAST USED"}});
    for (const store::ListedKey& key : *listed) {
      if (words.json) {
        print_json(key, now);
        continue;
      }
      const std::string state = state_of(key.record, now);
      table.add({key.record.id,
                 key.record.principal,
                 fmt::format("{}", fmt::join(key.record.roles, ",")),
                 {state, state == "active" ? Paint::green : Paint::faint},
                 date(key.record.expires),
                 key.last_used ? date(*key.last_used) : "never"});
    }
    fmt::print("{}", table.take(Screen::standard_output()));
    return 0;
  });
}

// The id of a key is no secret; a whole key would stand in a terminal's, or a script's, log.
void check_id(const KeyOptions& words) {
  if (words.id.starts_with("gh_"))
    wrong_usage("id", "is a whole key; write its id alone, the characters between `gh_` and the next `_`");
}

int rotate(const KeyOptions& words) {
  check_id(words);
  return with_keys(words, [&](const KeySession& keys) {
    const auto overlap = parse_duration(words.overlap);
    if (!overlap) wrong_usage("--overlap", "must be a duration such as 7d");
    return show_new_key(words, keys,
                        keys.finish(keys.service.rotate(keys.loop, KeySession::until(), words.id, *overlap)));
  });
}

int revoke(const KeyOptions& words) {
  check_id(words);
  return with_keys(words, [&](const KeySession& keys) {
    const auto done = keys.finish(keys.service.revoke(keys.loop, KeySession::until(), words.id));
    if (!done) return fail("key", fmt::format("the key {} is NOT revoked: {}", words.id, done.error().text));
    const int status = status_of(keys, *done);
    if (status == 0) fmt::print(stderr, "Key {} is revoked.\n", words.id);
    return status;
  });
}

}  // namespace

void add_key(CLI::App& program, int& status) {
  Command key(program, "key", "Create, list, rotate and revoke API keys. A key is shown once.",
              "gatehouse key create --principal partner:acme --role partner --expires 365d");
  const auto words = std::make_shared<KeyOptions>();
  const auto config = [&](Command& command) {
    command.option("-c,--config", words->config, "The configuration");
  };

  Command made(key, "create", "Make a key and print it once",
               "gatehouse key create --principal partner:acme --role partner --address 203.0.113.0/24");
  config(made);
  made.option("--principal", words->request.principal, "The principal of the key, such as partner:acme",
              Need::required);
  made.option("--role", words->request.roles, "A role of the configuration; may be repeated");
  made.option("--scope", words->request.scopes, "A scope; may be repeated");
  made.option("--tenant", words->request.tenant, "The tenant");
  made.option("--authenticator", words->request.authenticators,
              "An authenticator that accepts the key, if several accept keys; may be repeated");
  made.option("--expires", words->expires, "How long the key is valid, such as 365d");
  made.option("--address", words->addresses,
              "An address or network from which the key may be used; may be repeated");
  made.flag("--json", words->json, "For programs: {\"id\", \"key\"}");
  made.run(status, [words] { return create(*words); });

  Command listed(key, "list", "List every key with its principal, state and last use", "gatehouse key list");
  config(listed);
  listed.flag("--json", words->json, "For programs: one object per line");
  listed.run(status, [words] { return list(*words); });

  Command rotated(key, "rotate", "Make a new key for the same principal; the old one stays valid for a while",
                  "gatehouse key rotate 1a2B3c4D5e6F --overlap 7d");
  config(rotated);
  rotated.option("id", words->id, "The key's id", Need::required);
  rotated.option("--overlap", words->overlap, "How long the old key stays valid");
  rotated.flag("--json", words->json, "For programs: {\"id\", \"key\"}");
  rotated.run(status, [words] { return rotate(*words); });

  Command revoked(key, "revoke", "End a key at once, on every worker", "gatehouse key revoke 1a2B3c4D5e6F");
  config(revoked);
  revoked.option("id", words->id, "The key's id", Need::required);
  revoked.run(status, [words] { return revoke(*words); });
}

}  // namespace gatehouse::app
