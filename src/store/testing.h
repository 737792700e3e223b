// For tests of this room: a store in a folder of its own, the keys in it by calls that block, and a second
// connection to its file.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <unistd.h>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/secret.h"
#include "crypto/api_key.h"
#include "db/connection.h"
#include "db/sqlite_store.h"
#include "net/finish.h"
#include "store/key_service.h"
#include "store/key_store.h"
#include "store/pepper_check.h"
#include "store/serving_mark.h"

namespace gatehouse::store::testing {

class TestFolder {
 public:
  TestFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gatehouse-keys-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// KeyService, each call to its end.
class BlockingKeys {
 public:
  BlockingKeys(std::shared_ptr<db::Store> store, const crypto::KeyHasher& hasher, const Clock& clock,
               ChangeActor actor = {})
      : store_(std::move(store)), service_(*store_, hasher, entropy_, clock, std::move(actor)) {
    const auto made = net::finish(loop_, prepare_key_tables(loop_, *store_));
    if (!made) throw std::runtime_error(made.error().text);
  }
  Result<CreatedKey> create(KeyRequest request) {
    return net::finish(loop_, service_.create(loop_, soon(), std::move(request)));
  }
  Result<std::vector<ListedKey>> list() { return net::finish(loop_, service_.list(loop_, soon())); }
  Result<CreatedKey> rotate(std::string id, std::chrono::nanoseconds overlap) {
    return net::finish(loop_, service_.rotate(loop_, soon(), std::move(id), overlap));
  }
  Result<ImportedKey> import_key(KeyRequest request, const crypto::Digest256& sha256) {
    return net::finish(loop_, service_.import_key(loop_, soon(), std::move(request), sha256));
  }
  Result<ShortenedKey> shorten(std::string id, std::chrono::nanoseconds overlap) {
    return net::finish(loop_, service_.shorten(loop_, soon(), std::move(id), overlap));
  }
  Result<> check_pepper(std::optional<crypto::Digest256> fingerprint, WallTime now) {
    return net::finish(loop_, store::check_pepper(loop_, *store_, soon(), fingerprint, now));
  }
  Result<Recorded> revoke(std::string id) {
    return net::finish(loop_, service_.revoke(loop_, soon(), std::move(id)));
  }
  Result<std::size_t> record_left() {
    return net::finish(loop_, service_.recorder().record_left(loop_, soon()));
  }
  Result<KeyChange> last_change() { return net::finish(loop_, store::last_change(loop_, *store_, soon())); }

 private:
  MonotonicTime soon() const { return system_clock_.monotonic() + std::chrono::seconds{60}; }

  SystemClock system_clock_;
  SystemEntropy entropy_;
  net::Loop loop_{system_clock_};
  std::shared_ptr<db::Store> store_;
  KeyService service_;
};

inline std::shared_ptr<db::SqliteStore> open_sqlite(const std::string& path,
                                                    db::SqliteStore::Replaced replaced) {
  static const SystemClock clock;
  auto store = db::SqliteStore::open({.path = path, .durability = db::Durability::normal}, clock, replaced);
  if (!store) throw std::runtime_error(store.error().text);
  return *std::move(store);
}

// The dependencies of `gatehouse key`: the store's file, which must stay the same.
class KeyCommands : public BlockingKeys {
 public:
  KeyCommands(const std::string& path, const crypto::KeyHasher& hasher, const Clock& clock)
      : KeyCommands(open_sqlite(path, db::SqliteStore::Replaced::refuse), hasher, clock) {}
  Result<KeyVersion> version() {
    GATEHOUSE_TRY(const KeyChange change, last_change());
    GATEHOUSE_TRY(const db::FileIdentity file, sqlite_->file());
    return KeyVersion{file, change.number, change.value};
  }

 private:
  KeyCommands(std::shared_ptr<db::SqliteStore> store, const crypto::KeyHasher& hasher, const Clock& clock)
      : BlockingKeys(store, hasher, clock), sqlite_(std::move(store)) {}
  std::shared_ptr<db::SqliteStore> sqlite_;
};

inline std::unique_ptr<KeyStore> serve_keys(const std::string& path, const Clock& clock,
                                            KeyStoreOptions options = {}) {
  auto keys = KeyStore::open(open_sqlite(path, db::SqliteStore::Replaced::follow), clock, std::move(options));
  if (!keys) throw std::runtime_error(keys.error().text);
  return *std::move(keys);
}

// As serve_keys(), in the mark that commands look at.
inline std::unique_ptr<KeyStore> serve_marked_keys(const std::string& path, const Clock& clock,
                                                   KeyStoreOptions::ReportConfirming report = {}) {
  auto store = open_sqlite(path, db::SqliteStore::Replaced::follow);
  auto confirm = confirm_in_serving_mark(store);
  if (!confirm) throw std::runtime_error(confirm.error().text);
  auto keys =
      KeyStore::open(std::move(store), clock, {.confirm = *std::move(confirm), .report = std::move(report)});
  if (!keys) throw std::runtime_error(keys.error().text);
  return *std::move(keys);
}

}  // namespace gatehouse::store::testing
