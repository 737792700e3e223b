#include "policy/additions.h"

#include <algorithm>
#include <optional>
#include <ranges>
#include <vector>

namespace gatehouse::policy {
namespace {

const OperationSettings* settings_of(const Settings& settings, const openapi::Operation& operation) {
  const auto names = operation.names();
  const auto found = std::ranges::find_if(settings.operations, [&](const OperationSettings& one) {
    return !one.name.empty() && (one.name == names[0] || one.name == names[1]);
  });
  return found == settings.operations.end() ? nullptr : &*found;
}

}  // namespace

openapi::Additions additions(const Settings& settings, const DocumentSettings& document,
                             const openapi::Operation& operation, Problems& problems) {
  const OperationSettings* const own = settings_of(settings, operation);
  std::optional<OperationSettings> extension;
  if (operation.gatehouse) {
    Problems told_by_compile;
    extension = read_operation(
        doc::Field(*operation.gatehouse.source, operation.gatehouse.value, "x-gatehouse", told_by_compile),
        operation.name());
  }
  const auto again = [&](const doc::Field& field) {  // with problems that live as long as the document's
    return doc::Field(field.source(), field.value(), field.path(), problems);
  };
  openapi::Additions added;
  added.deep = settings.defaults.deep;
  std::optional<std::vector<PlacedText>> media_types = settings.defaults.media_types;
  std::optional<PlacedText> upstream = document.upstream ? document.upstream : settings.defaults.upstream;
  std::vector<const FieldSettings*> levels;  // the narrowest first
  const OperationSettings* const in_document = extension ? &*extension : nullptr;
  for (const OperationSettings* one : {in_document, own}) {
    if (one == nullptr) continue;
    if (one->exclude) added.serving = openapi::Serving::not_served;
    if (one->upstream) upstream = one->upstream;
    if (one->media_types) media_types = one->media_types;
    if (one->security) added.own_security = again(*one->security);
    if (one->deep) added.deep = *one->deep;
    if (one->encoded_slash) {
      added.encoded_slash.clear();
      for (const PlacedText& name : *one->encoded_slash) added.encoded_slash.push_back(name.value);
    }
    if (one->fields) levels.push_back(&*one->fields);
  }
  if (upstream) {
    const auto found = settings.upstreams.find(upstream->value);
    if (found != settings.upstreams.end()) levels.push_back(&found->second.fields);
  }
  levels.push_back(&settings.fields);

  if (settings.defaults.security) added.security = again(*settings.defaults.security);
  if (media_types) {
    added.media_types.emplace();
    for (const PlacedText& type : *media_types) added.media_types->push_back(type.value);
  }
  for (const FieldSettings* const level : levels) {
    for (const ForwardedField& entry : level->forward) {
      if (entry.schema) added.headers.push_back({entry.name.value, again(*entry.schema)});
    }
  }
  return added;
}

}  // namespace gatehouse::policy
