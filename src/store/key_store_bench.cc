// The cost of one change of a key for a server with a million keys.
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "store/key_table.h"
#include "store/testing.h"

namespace gatehouse::store {
namespace {

constexpr int kKeys = 1'000'000;

StoredKey stored(int i) {
  StoredKey key;
  key.id = "key" + std::to_string(1'000'000'000 + i);
  key.principal = "partner:acme";
  key.roles = {"partner"};
  return key;
}

const KeyTable& million() {
  static const KeyTable table = [] {
    std::vector<KeyTable::Change> all;
    for (int i = 0; i < kKeys; ++i) {
      StoredKey key = stored(i);
      std::string id = key.id;
      all.push_back({std::move(id), std::make_shared<const KeyEntry>(std::move(key))});
    }
    return KeyTable(KeyTable(), all);
  }();
  return table;
}

// The table in memory alone.
void change_one_key(benchmark::State& state) {
  const KeyTable& before = million();
  int i = 0;
  std::size_t copied = 0;
  for (auto _ : state) {
    StoredKey key = stored(i++ * 7919 % kKeys);
    std::string id = key.id;
    const KeyTable::Change changes[] = {{std::move(id), std::make_shared<const KeyEntry>(std::move(key))}};
    const KeyTable after(before, changes);
    copied += after.copied();
    benchmark::DoNotOptimize(after);
  }
  state.counters["keys_copied"] =
      benchmark::Counter(static_cast<double>(copied), benchmark::Counter::kAvgIterations);
}
BENCHMARK(change_one_key)->Unit(benchmark::kMicrosecond);

void find_a_key(benchmark::State& state) {
  const KeyTable& table = million();
  std::vector<std::string> ids;
  for (int i = 0; i < 4096; ++i) ids.push_back(stored(i * 211).id);
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(table.find(ids[i++ % ids.size()]));
}
BENCHMARK(find_a_key);

// From the commit of a revocation to the snapshot that has it; and the cost of reading all keys instead.
class Served {
 public:
  Served()
      : hasher_(*crypto::KeyHasher::with_pepper(Secret<std::string>(std::string(32, 'p')))),
        keys_(path(), hasher_, clock_) {
    db::Connection connection = *db::Connection::open({.path = path()});
    const auto made = connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) "
        "INSERT INTO gatehouse_keys (id, principal, tenant, roles, scopes, hash, created, addresses) "
        "SELECT printf('key%09d', i), 'partner:acme', '', '[\"partner\"]', '[]', zeroblob(32), 0, '[]' FROM "
        "n");
    if (!made) throw std::runtime_error(made.error().text);
  }
  static Served& instance() {
    static Served served;
    return served;
  }
  std::string path() const { return (folder_.path() / "keys.db").string(); }
  std::unique_ptr<KeyStore> serve() { return testing::serve_keys(path(), clock_); }
  testing::KeyCommands& keys() { return keys_; }

 private:
  const testing::TestFolder folder_;
  SystemClock clock_;
  crypto::KeyHasher hasher_;
  testing::KeyCommands keys_;
};

void serve_a_change(benchmark::State& state) {
  Served& served = Served::instance();
  const auto store = served.serve();
  int i = 0;
  char id[16];
  for (auto _ : state) {
    state.PauseTiming();
    std::snprintf(id, sizeof id, "key%09d", ++i);
    if (!served.keys().revoke(id)) std::abort();
    state.ResumeTiming();
    if (!store->refresh()) std::abort();
  }
}
BENCHMARK(serve_a_change)->Unit(benchmark::kMicrosecond)->UseRealTime()->Iterations(200);

void read_all_keys(benchmark::State& state) {
  for (auto _ : state) {
    const auto store = Served::instance().serve();
    state.PauseTiming();
    benchmark::DoNotOptimize(store->snapshot());
    state.ResumeTiming();
  }
}
BENCHMARK(read_all_keys)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(2);

}  // namespace
}  // namespace gatehouse::store
