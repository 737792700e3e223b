#include "policy/load.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "db/catalogue.h"
#include "doc/load.h"
#include "openapi/load.h"
#include "policy/additions.h"
#include "policy/built_in.h"
#include "policy/compile.h"

namespace gatehouse::policy {
namespace {

bool needs_database(const Settings& settings, const std::vector<openapi::Api>& apis) {
  const auto has_sql = [](const OperationSettings& operation) {
    return operation.sql || (operation.resource && operation.resource->sql);
  };
  if (std::any_of(settings.operations.begin(), settings.operations.end(), has_sql)) return true;
  for (const openapi::Api& api : apis) {
    for (const openapi::Operation& operation : api.operations) {
      if (!operation.gatehouse) continue;
      const auto resource = operation.gatehouse.value.find("resource");
      if (operation.gatehouse.value.find("sql") || (resource && resource->find("sql"))) return true;
    }
  }
  return false;
}

// Statements are checked against the tables as they are: a database that is not there is a problem, not a new
// file.
std::optional<db::Connection> open_database(const Settings& settings, Problems& problems) {
  std::error_code error;  // where either is missing they are not the same
  if (settings.database == settings.store ||
      std::filesystem::equivalent(settings.database, settings.store, error)) {
    problems.add(settings.database_place,
                 fmt::format("database: {} is also the store's file, and a long write of the API would block "
                             "keys and events; give the API's tables a file of their own",
                             settings.database));
    return std::nullopt;
  }
  auto connection = db::Connection::open(
      {.path = settings.database, .access = db::Access::read_write, .longest = db::kLongestOfStatements});
  if (connection) return *std::move(connection);
  problems.add(settings.database_place,
               fmt::format("the database {} of the statements cannot be opened: {}; name it with `database: "
                           "sqlite:PATH`, and create its tables first",
                           settings.database, connection.error().text));
  return std::nullopt;
}

// A network in each line, as in `blocked.addresses`; what stands behind `#` is a comment.
void read_blocked(Admittance& admittance, const doc::ReadFile& read, Problems& problems) {
  const PlacedText& file = admittance.blocked_file;
  if (file.value.empty()) return;
  const std::string shown = shown_path(file.value);
  const auto text = read(file.value);
  if (!text) {
    problems.add(file.place, fmt::format("blocked.addresses: {}: {}", shown, text.error().text));
    return;
  }
  std::uint32_t number = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++number;
    std::string_view word = line.substr(0, line.find('#'));
    while (!word.empty() && std::string_view(" \t\r").contains(word.back())) word.remove_suffix(1);
    while (!word.empty() && std::string_view(" \t").contains(word.front())) word.remove_prefix(1);
    if (word.empty()) continue;
    if (const auto network = IpNetwork::parse(word)) {
      admittance.blocked.push_back(*network);
    } else {
      problems.add({shown, number, 1},
                   fmt::format("blocked.addresses: `{}` is not a network; write it as 10.0.0.0/8", word));
    }
  }
}

std::filesystem::path as_shown(const PlacedText& path) { return shown_path(path.value); }

// The overlays of each document, by its place in Settings::openapi.
std::vector<std::vector<std::shared_ptr<const doc::Source>>> read_overlays(const Settings& settings,
                                                                           const doc::ReadFile& read,
                                                                           Problems& problems) {
  std::vector<std::vector<std::shared_ptr<const doc::Source>>> all(settings.openapi.size());
  for (const PlacedText& overlay : settings.overlays) {
    const auto source = doc::load(as_shown(overlay), read, problems);
    if (!source) continue;
    const auto extends = source->root().find_string("extends");
    std::size_t used = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      // A URI, of which only the file's name can be compared.
      const std::string name = std::filesystem::path(settings.openapi[i].file.value).filename().string();
      const bool named = extends && std::filesystem::path(*extends).filename().string() == name;
      if (!named && (extends || all.size() > 1)) continue;
      all[i].push_back(source);
      ++used;
    }
    if (used == 0)
      problems.add(overlay.place,
                   fmt::format("overlays: {}: names no document; say in its `extends` which of `openapi` it "
                               "changes, by the name of the file",
                               source->name()));
  }
  return all;
}

}  // namespace

std::string shown_path(std::string_view file) {
  const std::filesystem::path near =
      std::filesystem::path(file).lexically_proximate(std::filesystem::current_path());
  return near.string().starts_with("..") ? std::string(file) : near.string();
}

std::shared_ptr<const PolicySet> load(const std::filesystem::path& path, const LoadOptions& options,
                                      Problems& problems) {
  const auto source = doc::load(path, options.read, problems);
  if (!source) return nullptr;
  const std::string directory = std::filesystem::absolute(path).parent_path().string();
  CompileInput input;
  input.settings = read_settings(*source, directory, problems);
  input.settings.source = source;
  input.handlers = options.handlers;
  read_blocked(input.settings.admittance, options.read, problems);
  if (options.examine) options.examine(input.settings, problems);

  const Caps& caps = input.settings.defaults.caps;
  openapi::LoadOptions load_options{.cap_string = caps.string,
                                    .cap_items = caps.items,
                                    .cap_properties = caps.properties,
                                    .plus = input.settings.defaults.plus,
                                    .semicolon = input.settings.defaults.semicolon,
                                    .dates = input.settings.defaults.dates,
                                    .configuration = source};
  if (const auto& schemes = input.settings.security_schemes)
    load_options.security_schemes = doc::Field(*source, schemes->value(), schemes->path(), problems);
  const std::size_t at_overlays = problems.size();
  const auto overlays = read_overlays(input.settings, options.read, problems);
  bool readable = problems.size() == at_overlays && !input.settings.is_unread("openapi");
  for (std::size_t i = 0; i < input.settings.openapi.size(); ++i) {
    const DocumentSettings& placed = input.settings.openapi[i];
    const PlacedText& document = placed.file;
    const std::size_t before = problems.size();
    const auto shown = as_shown(document);
    load_options.overlays = overlays[i];
    load_options.placement = {.prefix = placed.prefix ? std::optional(placed.prefix->value) : std::nullopt,
                              .strip = placed.strip.value,
                              .name = placed.name.value};
    load_options.additions = [&](const openapi::Operation& operation) {
      return additions(input.settings, placed, operation, problems);
    };
    // A missing file is an error at the place that names it. Reading twice costs little.
    if (const auto text = options.read(shown); !text) {
      problems.add(document.place,
                   fmt::format("openapi: {}: {}; name an OpenAPI document{}", shown.string(),
                               text.error().text, shown.is_absolute() ? "" : ", relative to this file"));
      readable = false;
      continue;
    }
    if (options.begins) options.begins(shown);
    input.apis.push_back(openapi::load(shown, options.read, load_options, problems));
    readable = readable && problems.size() == before;
  }
  for (openapi::Api& api : add_built_ins(options.built_ins, input.settings, input.built_ins, problems))
    input.apis.push_back(std::move(api));
  // Problems of missing parts of an unreadable document would only add noise.
  if (!readable || input.settings.openapi.empty()) return nullptr;

  std::optional<db::Connection> database;
  if (needs_database(input.settings, input.apis)) {
    database = open_database(input.settings, problems);
    if (!database) return nullptr;
    input.database = &*database;
  }
  return compile(std::move(input), problems);
}

}  // namespace gatehouse::policy
