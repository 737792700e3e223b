// How many durable changes a second the store on SQLite takes, by how many wait for theirs at once.
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>
#include <unistd.h>

#include "base/clock.h"
#include "db/sqlite_store.h"
#include "net/finish.h"

namespace gatehouse::db {
namespace {

constexpr Statement kBenchTable[] = {"CREATE TABLE things (id INTEGER PRIMARY KEY, content TEXT)"};

void durable_inserts(benchmark::State& state) {
  std::string folder = (std::filesystem::temp_directory_path() / "gatehouse-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return state.SkipWithError("no folder");
  {
    const SystemClock clock;
    net::Loop loop(clock);
    const auto store =
        *SqliteStore::open({.path = folder + "/store.db"}, clock, SqliteStore::Replaced::refuse);
    if (!net::finish(loop, store->migrate(loop, "things", kBenchTable))) state.SkipWithError("no table");
    const auto insert = [&](std::int64_t& left) -> net::Task<void> {
      Work<bool> work = [](Session& session) -> net::Task<Result<bool>> {
        auto rows = co_await session.run("INSERT INTO things (content) VALUES ('a webhook, say')", {});
        GATEHOUSE_CO_CHECK(rows);
        co_return true;
      };
      auto done = co_await store->transact<bool>(loop, Store::Mode::write,
                                                 clock.monotonic() + std::chrono::hours{1}, std::move(work));
      if (!done) std::abort();
      if (--left == 0) loop.stop();
    };
    for (auto _ : state) {
      std::int64_t left = state.range(0);
      for (std::int64_t i = state.range(0); i > 0; --i) net::spawn(loop, insert(left));
      loop.run();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
  }
  std::filesystem::remove_all(folder);
}
BENCHMARK(durable_inserts)->Arg(1)->Arg(16)->Arg(256)->UseRealTime();

}  // namespace
}  // namespace gatehouse::db
