#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/process_resources.h"
#include "app/store_session.h"
#include "app/table.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/entropy.h"
#include "base/utf8.h"
#include "json/writer.h"
#include "store/key_service.h"

namespace gatehouse::app {
namespace {

struct KeyOptions {
  std::string config = "gatehouse.yaml";
  std::string id;
  std::optional<std::string> expires;
  std::optional<std::string> overlap;
  std::optional<std::string> sha256;
  std::vector<std::string> addresses;
  store::KeyRequest request;
  bool json = false;
};

struct KeySession : StoreSession {
  store::KeyService& keys;
};

// Whether the command makes keys. Where it does not, it works although the pepper is lost.
enum class Makes : std::uint8_t { keys, none };

int with_keys(const KeyOptions& words, Makes makes, const std::function<int(const KeySession&)>& work) {
  return with_store("key", words.config, Requires::all_settings, [&](const StoreSession& store) {
    const SystemClock clock;
    SystemEntropy entropy;
    Result<std::shared_ptr<const crypto::KeyHasher>> hasher;
    if (makes == Makes::keys) {
      hasher = open_key_hasher(store.settings, store.store);
    } else {
      // Of a pepper that is drawn here, and hashes nothing.
      std::array<std::uint8_t, 32> drawn{};
      entropy.fill(drawn);
      auto idle =
          crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(drawn.begin(), drawn.end())));
      if (idle) {
        hasher = std::make_shared<const crypto::KeyHasher>(*std::move(idle));
      } else {
        hasher = std::unexpected(idle.error());
      }
    }
    if (!hasher) return fail("key", hasher.error().text);
    store::KeyService keys(store.store, **hasher, entropy, clock, store.recorder.actor());
    return work({store, keys});
  });
}

std::string date(WallTime time) {
  if (time == WallTime::max()) return "never";
  return fmt::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(time));
}

int show_new_key(const KeyOptions& words, const KeySession& store, Result<store::CreatedKey> created) {
  if (!created) return fail("key", fmt::format("no key was made: {}", created.error().text));
  const int status = store.status_of(*created);
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

// Some permission must come with the roles, or every operation would refuse the key.
Result<> check_usable(const policy::Settings& settings, const store::KeyRequest& request) {
  const auto grants = [&](const std::string& role) {
    const auto found = settings.roles.find(role);
    return found != settings.roles.end() && !found->second.empty();
  };
  if (grants("authenticated") || std::ranges::any_of(request.roles, grants)) return {};
  std::vector<std::string> roles;
  for (const auto& [role, permissions] : settings.roles) {
    if (role != "anonymous" && !permissions.empty()) roles.push_back(role);
  }
  const std::string there = roles.empty() ? "the configuration has no role with a permission"
                                          : fmt::format("add --role; there are: {}", fmt::join(roles, ", "));
  return failure(
      ErrorCode::invalid,
      fmt::format("{}, so every operation would refuse it; {}",
                  request.roles.empty() ? "it has no role" : "its roles have no permission", there));
}

// Completes the request by the words, and holds it against the configuration.
Result<> complete_request(KeyOptions& words, const policy::Settings& settings) {
  for (const std::string& role : words.request.roles) {
    if (!settings.roles.contains(role))
      return failure(ErrorCode::invalid, fmt::format("the configuration has no role `{}`", role));
  }
  GATEHOUSE_CHECK(check_usable(settings, words.request));
  GATEHOUSE_CHECK(choose_authenticators(settings, words.request));
  if (words.expires) {
    words.request.lifetime = parse_duration(*words.expires);
    if (!words.request.lifetime) wrong_usage("--expires", "must be a duration such as 90d");
  }
  for (const std::string& text : words.addresses) {
    const auto network = IpNetwork::parse(text);
    if (!network) wrong_usage("--address", "must be an address or a network such as 10.0.0.0/8");
    words.request.addresses.push_back(*network);
  }
  return {};
}

int create(KeyOptions& words) {
  return with_keys(words, Makes::keys, [&](const KeySession& store) {
    if (const auto complete = complete_request(words, store.settings); !complete)
      return fail("key", fmt::format("no key was made: {}", complete.error().text));
    return show_new_key(words, store,
                        store.finish(store.keys.create(store.loop, StoreSession::until(), words.request)));
  });
}

// The digest of the key that `import` gets: as the option says it, or of the first line of standard input, so
// that the key stands in no list of processes and in no history.
crypto::Digest256 read_imported(const KeyOptions& words) {
  if (words.sha256) {
    const auto bytes = from_hex(*words.sha256);
    crypto::Digest256 digest{};
    if (!bytes || bytes->size() != digest.size()) wrong_usage("--sha256", "must be 64 hexadecimal digits");
    std::ranges::copy(*bytes, digest.begin());
    return digest;
  }
  constexpr std::size_t kShortest = 16, kLongest = 1024;
  std::string line;
  std::getline(std::cin, line);
  while (line.ends_with('\r')) line.pop_back();
  const Secret<std::string> key(std::move(line));
  const std::string_view text = key.reveal();
  const bool visible = std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; });
  if (text.size() < kShortest || text.size() > kLongest || !visible) {
    wrong_usage(
        "import",
        fmt::format("reads the key from standard input: {} to {} visible ASCII characters in one line; or "
                    "name its digest with --sha256",
                    kShortest, kLongest));
  }
  if (text.starts_with("gh_"))
    wrong_usage("import",
                "is for keys of other systems; `gatehouse key create` makes those that begin with `gh_`");
  return crypto::sha256(text);
}

int import_key(KeyOptions& words) {
  const crypto::Digest256 digest = read_imported(words);
  return with_keys(words, Makes::keys, [&](const KeySession& store) {
    if (const auto complete = complete_request(words, store.settings); !complete)
      return fail("key", fmt::format("no key was imported: {}", complete.error().text));
    const auto done =
        store.finish(store.keys.import_key(store.loop, StoreSession::until(), words.request, digest));
    if (!done) return fail("key", fmt::format("no key was imported: {}", done.error().text));
    const int status = store.status_of(*done);
    if (words.json) {
      fmt::print("{{\"id\":\"{}\"}}\n", done->id);
    } else {
      fmt::print("{}\n", done->id);
    }
    return status;
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
  text("ends", date(std::min(key.record.expires, key.record.overlap_ends)));
  text("last_used", key.last_used ? date(*key.last_used) : "never");
  builder.end_object();
  fmt::print("{}\n", printable(json::to_text(document.root())));
}

int list(const KeyOptions& words) {
  return with_keys(words, Makes::none, [&](const KeySession& store) {
    const auto listed = store.finish(store.keys.list(store.loop, StoreSession::until()));
    if (!listed) return fail("key", listed.error().text);
    const WallTime now = SystemClock().wall();
    Table table({{"ID", Column::Align::left, Column::Fit::whole},
                 {"PRINCIPAL"},
                 {"ROLES"},
                 {"STATE"},
                 {"ENDS"},
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
                 date(std::min(key.record.expires, key.record.overlap_ends)),
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

// A second rotation makes no second key: it ends the old one earlier.
int shorten(const KeyOptions& words, const KeySession& store, std::chrono::nanoseconds overlap,
            std::string_view successor) {
  const auto done = store.finish(store.keys.shorten(store.loop, StoreSession::until(), words.id, overlap));
  if (!done) return fail("key", fmt::format("nothing has changed: {}", done.error().text));
  const int status = store.status_of(*done);
  if (words.json) {
    fmt::print("{{\"id\":\"{}\",\"ends\":\"{}\"}}\n", words.id, date(done->ends));
  } else {
    fmt::print(stderr, "Key {} was rotated before, to {}. It now ends at {}; no other key was made.\n",
               words.id, successor, date(done->ends));
  }
  return status;
}

int rotate(const KeyOptions& words) {
  check_id(words);
  return with_keys(words, Makes::keys, [&](const KeySession& store) {
    const auto overlap = parse_duration(words.overlap.value_or("7d"));
    if (!overlap) wrong_usage("--overlap", "must be a duration such as 7d");
    const auto listed = store.finish(store.keys.list(store.loop, StoreSession::until()));
    if (!listed) return fail("key", listed.error().text);
    const auto old = std::ranges::find(*listed, words.id, [](const auto& key) { return key.record.id; });
    if (words.overlap && old != listed->end() && !old->rotated_to.empty())
      return shorten(words, store, *overlap, old->rotated_to);
    return show_new_key(
        words, store, store.finish(store.keys.rotate(store.loop, StoreSession::until(), words.id, *overlap)));
  });
}

int revoke(const KeyOptions& words) {
  check_id(words);
  return with_keys(words, Makes::none, [&](const KeySession& store) {
    const auto done = store.finish(store.keys.revoke(store.loop, StoreSession::until(), words.id));
    if (!done) return fail("key", fmt::format("the key {} is NOT revoked: {}", words.id, done.error().text));
    const int status = store.status_of(*done);
    if (status == 0) fmt::print(stderr, "Key {} is revoked.\n", words.id);
    return status;
  });
}

}  // namespace

void add_key(CLI::App& program, int& status) {
  Command key(program, "key", "Create, import, list, rotate and revoke API keys. A key is shown once.",
              "gatehouse key create --principal partner:acme --role partner --expires 365d");
  const auto words = std::make_shared<KeyOptions>();
  const auto config = [&](Command& command) {
    command.option("-c,--config", words->config, "The configuration");
  };

  const auto of_new_key = [&](Command& command) {
    command.option("--principal", words->request.principal, "The principal of the key, such as partner:acme",
                   Need::required);
    command.option("--role", words->request.roles, "A role of the configuration; may be repeated");
    command.option("--scope", words->request.scopes, "A scope; may be repeated");
    command.option("--tenant", words->request.tenant, "The tenant");
    command.option("--authenticator", words->request.authenticators,
                   "An authenticator that accepts the key, if several accept keys; may be repeated");
    command.option("--expires", words->expires, "How long the key is valid, such as 365d");
    command.option("--address", words->addresses,
                   "An address or network from which the key may be used; may be repeated");
  };

  Command made(key, "create", "Make a key and print it once",
               "gatehouse key create --principal partner:acme --role partner --address 203.0.113.0/24");
  config(made);
  of_new_key(made);
  made.flag("--json", words->json, "For programs: {\"id\", \"key\"}");
  made.run(status, [words] { return create(*words); });

  Command imported(key, "import", "Take over a key of another system; it is read from standard input",
                   "gatehouse key import --principal partner:acme --role partner --expires 365d < key.txt");
  config(imported);
  of_new_key(imported);
  imported.option("--sha256", words->sha256, "Its SHA-256 in hexadecimal digits, in place of the key");
  imported.flag("--json", words->json, "For programs: {\"id\"}");
  imported.run(status, [words] { return import_key(*words); });

  Command listed(key, "list", "List every key with its principal, state and last use", "gatehouse key list");
  config(listed);
  listed.flag("--json", words->json, "For programs: one object per line");
  listed.run(status, [words] { return list(*words); });

  Command rotated(key, "rotate", "Make a new key for the same principal; the old one stays valid for a while",
                  "gatehouse key rotate 1a2B3c4D5e6F --overlap 7d");
  config(rotated);
  rotated.option("id", words->id, "The key's id", Need::required);
  rotated.option("--overlap", words->overlap,
                 "How long the old key stays valid, 7d if it is not given; for a key that was rotated "
                 "before, it shortens that");
  rotated.flag("--json", words->json, "For programs: {\"id\", \"key\"}");
  rotated.run(status, [words] { return rotate(*words); });

  Command revoked(key, "revoke", "End a key at once, on every worker", "gatehouse key revoke 1a2B3c4D5e6F");
  config(revoked);
  revoked.option("id", words->id, "The key's id", Need::required);
  revoked.run(status, [words] { return revoke(*words); });
}

}  // namespace gatehouse::app
