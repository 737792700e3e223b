#include "review/weak_places.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace gatehouse::review {
namespace {

using policy::Operation;

const openapi::Api& document_of(const policy::PolicySet& policy, const Operation& operation) {
  const auto has = [&](const openapi::Api& api) {
    return std::ranges::any_of(api.operations,
                               [&](const openapi::Operation& one) { return &one == operation.api; });
  };
  return policy.apis.size() == 1 ? policy.apis.front() : *std::ranges::find_if(policy.apis, has);
}

}  // namespace

std::vector<WeakPlace> weak_places(const policy::PolicySet& policy, schema::Weakness::Kind kind) {
  std::map<std::tuple<const openapi::Api*, std::string_view, std::uint32_t, std::string_view>, WeakPlace>
      found;
  const auto look = [&](const openapi::Api& api, const Operation& operation, const schema::Schema* schema) {
    if (schema == nullptr) return;
    for (const schema::Weakness* const weakness : schema->weaknesses()) {
      if (weakness->kind != kind) continue;
      WeakPlace& weak = found[{&api, weakness->document, weakness->offset, weakness->keyword}];
      if (weak.operations.empty()) weak.place = api.place_of(*weakness);
      weak.keyword = weakness->keyword;
      if (weak.operations.empty() || weak.operations.back() != &operation)
        weak.operations.push_back(&operation);
    }
  };
  for (const Operation& operation : policy.operations) {
    const openapi::Api& api = document_of(policy, operation);
    for (const openapi::Parameter& parameter : operation.api->parameters)
      look(api, operation, parameter.checked_by.get());
    if (!operation.api->body) continue;
    for (const openapi::Content& content : operation.api->body->content)
      look(api, operation, content.checked_by.get());
  }
  std::vector<WeakPlace> list;
  for (auto& [key, weak] : found) list.push_back(std::move(weak));
  std::sort(list.begin(), list.end(), [](const WeakPlace& a, const WeakPlace& b) {
    return std::tie(a.place.file, a.place.line, a.place.column, a.keyword) <
           std::tie(b.place.file, b.place.line, b.place.column, b.keyword);
  });
  return list;
}

}  // namespace gatehouse::review
