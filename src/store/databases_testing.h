// For tests of this room: the databases on which each service runs, for INSTANTIATE_TEST_SUITE_P.
#pragma once

#include <functional>
#include <memory>
#include <ostream>
#include <string>

#include "base/clock.h"
#include "db/postgres_store.h"
#include "db/testing.h"
#include "store/testing.h"

namespace gatehouse::store::testing {

// Opens the same database again with each call.
using OpenStore = std::function<std::shared_ptr<db::Store>()>;
struct Database {
  std::string name;
  std::function<OpenStore(const TestFolder&)> make;
};
inline void PrintTo(const Database& database, std::ostream* out) { *out << database.name; }

inline const SystemClock kSystemClock;

inline const Database kSqlite{"Sqlite", [](const TestFolder& folder) -> OpenStore {
                                return [path = (folder.path() / "keys.db").string()] {
                                  return open_sqlite(path, db::SqliteStore::Replaced::follow);
                                };
                              }};
inline const Database kPostgres{"Postgres", [](const TestFolder&) -> OpenStore {
                                  auto& cluster = db::testing::PostgresCluster::instance();
                                  return [&cluster, name = cluster.new_database().database] {
                                    return std::make_shared<db::PostgresStore>(cluster.options(name),
                                                                               kSystemClock);
                                  };
                                }};
// Waits at every statement.
inline const Database kSuspending{"Suspending", [](const TestFolder&) -> OpenStore {
                                    return [] { return std::make_shared<db::testing::SuspendingStore>(); };
                                  }};
inline const auto name_of_database = [](const auto& database) { return database.param.name; };

}  // namespace gatehouse::store::testing
