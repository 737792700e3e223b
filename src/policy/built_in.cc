#include "policy/built_in.h"

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "doc/reader.h"
#include "doc/source.h"
#include "openapi/load.h"
#include "policy/settings_fields.h"
#include "policy/stated.h"

namespace gatehouse::policy {
namespace {

// The user's settings of a built-in operation.
class Restatement {
 public:
  Restatement(const Settings& settings, OperationSettings& built_in, OperationSettings& users,
              Problems& problems)
      : settings_(settings), built_in_(built_in), users_(users), problems_(problems) {}

  void run() {
#define GATEHOUSE_RESTATE(key, member, type, reader, restated) \
  if (is_stated(users_.member)) restated(key, built_in_.member, users_.member);
    GATEHOUSE_OPERATION_FIELDS(GATEHOUSE_RESTATE)
#undef GATEHOUSE_RESTATE
    built_in_.place = users_.place;
  }

 private:
  void problem(std::string_view what) {
    problems_.add(users_.place, fmt::format("operations.{}: {}", users_.name, what));
  }

  // The rules of operation_fields.h, for a field that the user states.

  void fixed(std::string_view key, const auto&, const auto&) {
    problem(fmt::format("`{}` is fixed, because Gatehouse answers this operation itself; remove it", key));
  }

  static void replaced(std::string_view, auto& into, auto& from) { into = std::move(from); }

  void limits(std::string_view, std::optional<std::vector<PlacedText>>& into,
              std::optional<std::vector<PlacedText>>& from) {
    for (const PlacedText& needed : *into) {
      const std::set<std::string> by = counted_by(needed.value);
      const bool is_kept =
          std::ranges::any_of(*from, [&](const PlacedText& limit) { return counted_by(limit.value) == by; });
      if (!is_kept)
        problem(fmt::format("`limits` needs one per {}, as `{}` is; add one, or leave `limits` out",
                            fmt::join(by, " and "), needed.value));
    }
    into = std::move(from);
  }

  void body(std::string_view, std::optional<ByteCount>& into, const std::optional<ByteCount>& from) {
    if (!into || *from > *into) {
      problem(into ? fmt::format("`body` may be at most {}: this operation needs no more", to_text(*into))
                   : std::string("`body`: this operation accepts none; remove it"));
      return;
    }
    into = from;
  }

  // The kinds of key of the limits of that name; empty if there is no such limit.
  std::set<std::string> counted_by(std::string_view limit) const {
    std::set<std::string> parts;
    const auto found = settings_.limits.find(std::string(limit));
    if (found == settings_.limits.end()) return parts;
    for (const PlacedText& part : found->second.per) parts.insert(part.value);
    return parts;
  }

  const Settings& settings_;
  OperationSettings& built_in_;
  OperationSettings& users_;
  Problems& problems_;
};

// The configuration's entry for that operation, by its operationId or its title.
auto entry_of(std::string_view operation, const openapi::Api& api, Settings& settings) {
  const auto described = std::ranges::find(api.operations, operation, &openapi::Operation::id);
  const std::string title = described == api.operations.end() ? std::string() : described->title();
  return std::ranges::find_if(settings.operations, [&](const OperationSettings& entry) {
    return entry.name == operation || (!title.empty() && entry.name == title);
  });
}

// One group's part of the settings.
void add_policy(const BuiltInGroup& group, const openapi::Api& api, const Place& place, Settings& settings,
                Problems& problems) {
  const auto source = doc::parse(std::string(group.policy), fmt::format("{}.yaml", group.name), problems);
  if (!source) return;
  doc::Reader in(*source, source->root(), std::string(group.name), problems);
  const auto each = [&](std::string_view key, const auto& add) {
    if (const auto field = in.take(key)) {
      for (const auto& [name, value] : field->map()) add(name, value);
    }
  };
  each("roles", [&](const std::string& role, const doc::Field& patterns) {
    for (PlacedText& pattern : placed_list(patterns)) {
      pattern.place = place;
      settings.roles[role].push_back(std::move(pattern));
    }
  });
  each("limits", [&](const std::string& name, const doc::Field& limit) {
    if (const auto users = settings.limits.find(name); users != settings.limits.end()) {
      problems.add(users->second.place,
                   fmt::format("limits.{}: is a reserved limit of Gatehouse; give yours another name", name));
      return;
    }
    LimitSettings read = read_limit(name, limit);
    read.place = place;
    for (PlacedText& part : read.per) part.place = place;
    settings.limits.emplace(name, std::move(read));
  });
  each("operations", [&](const std::string& name, const doc::Field& operation) {
    OperationSettings built_in = read_operation(operation, name);
    built_in.place = place;
    for (std::optional<PlacedText>* text :
         {&built_in.permission, &built_in.open, &built_in.sensitive, &built_in.cache_control}) {
      if (*text) (*text)->place = place;
    }
    if (built_in.limits) {
      for (PlacedText& limit : *built_in.limits) limit.place = place;
    }
    const auto users = entry_of(name, api, settings);
    if (users == settings.operations.end()) {
      settings.operations.push_back(std::move(built_in));
      return;
    }
    Restatement(settings, built_in, *users, problems).run();
    *users = std::move(built_in);
  });
  in.finish();
}

}  // namespace

std::vector<openapi::Api> add_built_ins(std::span<const BuiltInGroup* const> groups, Settings& settings,
                                        std::vector<const BuiltInOperation*>& operations,
                                        Problems& problems) {
  std::vector<openapi::Api> apis;
  for (const BuiltInGroup* const group : groups) {
    const Place* const turned_on = group->turned_on(settings);
    if (turned_on == nullptr) continue;
    const Place place = *turned_on;
    const doc::ReadFile read = [group](const std::filesystem::path&) -> Result<std::string> {
      return std::string(group->document);
    };
    openapi::Api& api =
        apis.emplace_back(openapi::load(fmt::format("{}.yaml", group->name), read, {}, problems));
    add_policy(*group, api, place, settings, problems);
    // One that lacked its target would be a person's operation, with the default upstream.
    const auto disagree = [&](std::string_view operation) {
      problems.add(place, fmt::format("{}: the operations and targets of `{}` disagree; this is a bug of "
                                      "Gatehouse: please report it",
                                      operation, group->name));
    };
    for (openapi::Operation& operation : api.operations) {
      operation.place = place;
      if (std::ranges::find(group->operations, operation.id, &BuiltInOperation::name) ==
          group->operations.end())
        disagree(operation.id);
    }
    for (const BuiltInOperation& operation : group->operations) {
      operations.push_back(&operation);
      if (std::ranges::find(api.operations, operation.name, &openapi::Operation::id) == api.operations.end())
        disagree(operation.name);
    }
  }
  return apis;
}

}  // namespace gatehouse::policy
