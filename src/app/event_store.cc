#include "app/event_store.h"

#include <filesystem>

#include <fmt/format.h>

#include "audit/event_fields.h"
#include "base/problems.h"
#include "doc/load.h"
#include "doc/source.h"
#include "json/document.h"
#include "json/parser.h"
#include "policy/settings.h"

namespace gatehouse::app {
namespace {

Result<std::string> path_of_store(const std::string& config) {
  Problems problems;
  const auto source = doc::load(config, doc::disk_files(), problems);
  std::string path;
  if (source)
    path = policy::read_settings(*source, std::filesystem::absolute(config).parent_path().string(), problems)
               .store;
  if (!path.empty()) return path;
  return failure(ErrorCode::invalid,
                 fmt::format("the place of the events cannot be read from {} (-c names another file):\n{}",
                             config, problems.text()));
}

Result<bool> has_events(db::Connection& connection) {
  GATEHOUSE_TRY(db::Rows rows, connection.query("SELECT 1 FROM sqlite_schema WHERE name = 'gatehouse_runs'"));
  return rows.next();
}

}  // namespace

Result<EventStore> open_event_store(const std::string& config) {
  GATEHOUSE_TRY(std::string path, path_of_store(config));
  const auto none_yet = [&] {
    return failure(ErrorCode::not_found,
                   fmt::format("there are no events in {} yet; `gatehouse serve -c {}` records them there",
                               path, config));
  };
  auto connection = db::Connection::open({.path = path, .access = db::Access::read_only});
  if (!connection && connection.error().code == ErrorCode::not_found) return none_yet();
  if (!connection) return std::unexpected(connection.error());
  GATEHOUSE_TRY(const bool there, has_events(*connection));
  if (!there) return none_yet();
  return EventStore{std::move(path), *std::move(connection)};
}

Result<audit::DroppedNames> count_dropped(EventStore& store, const audit::EventFilter& filter) {
  audit::DroppedNames names;
  json::Parser parser;
  json::Document event;
  GATEHOUSE_CHECK(audit::read_events(store.connection, filter, [&](const audit::StoredEvent& stored) {
    // Most events have none, and need no second parse.
    constexpr const auto& kKey = audit::kFieldKey<audit::FieldName("http.request.dropped").index()>;
    if (stored.line.contains(std::string_view(kKey.data(), kKey.size())) && parser.parse(stored.line, event))
      names.add(event.root());
    return true;
  }));
  return names;
}

}  // namespace gatehouse::app
