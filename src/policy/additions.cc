#include "policy/added_headers.h"

#include <algorithm>
#include <optional>
#include <ranges>

#include "base/strings.h"

namespace gatehouse::policy {
namespace {

const OperationSettings* settings_of(const Settings& settings, const openapi::Operation& operation) {
  const auto found = std::ranges::find_if(settings.operations, [&](const OperationSettings& one) {
    return !one.name.empty() && (one.name == operation.id || one.name == operation.title());
  });
  return found == settings.operations.end() ? nullptr : &*found;
}

}  // namespace

std::vector<openapi::AddedHeader> added_headers(const Settings& settings, const openapi::Operation& operation,
                                                Problems& problems) {
  const OperationSettings* const own = settings_of(settings, operation);
  std::optional<OperationSettings> extension;
  if (operation.gatehouse) {
    Problems told_by_compile;
    extension = read_operation(
        doc::Field(*operation.gatehouse.source, operation.gatehouse.value, "x-gatehouse", told_by_compile),
        operation.title());
  }
  std::optional<PlacedText> upstream = settings.defaults.upstream;
  std::vector<const FieldSettings*> levels;  // the narrowest first
  const OperationSettings* const in_document = extension ? &*extension : nullptr;
  for (const OperationSettings* one : {in_document, own}) {
    if (one == nullptr) continue;
    if (one->upstream) upstream = one->upstream;
    if (one->fields) levels.push_back(&*one->fields);
  }
  if (upstream) {
    const auto found = settings.upstreams.find(upstream->value);
    if (found != settings.upstreams.end()) levels.push_back(&found->second.fields);
  }
  levels.push_back(&settings.fields);

  std::vector<openapi::AddedHeader> headers;
  for (const FieldSettings* const level : levels) {
    for (const ForwardedField& entry : level->forward) {
      const auto same = [&](const openapi::AddedHeader& one) {
        return equal_ignoring_case(one.name, entry.name.value);
      };
      if (!entry.schema || std::ranges::any_of(headers, same)) continue;
      headers.push_back({entry.name.value, doc::Field(entry.schema->source(), entry.schema->value(),
                                                      entry.schema->path(), problems)});
    }
  }
  return headers;
}

}  // namespace gatehouse::policy
