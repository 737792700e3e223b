#include "app/starting_documents.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "app/proposed_operation.h"

namespace gatehouse::app {
namespace {

// A word of the file's name that no other one is.
std::string word_for(const StartingDocument& document, std::set<std::string>& taken) {
  const std::string stem = slug(std::filesystem::path(document.file).stem().string());
  const std::string word = stem.empty() ? "service" : stem;
  std::string unique = word;
  for (int number = 2; !taken.insert(unique).second; ++number) unique = fmt::format("{}-{}", word, number);
  return unique;
}

// A path without the names of its parameters.
std::string form_of(std::string_view path) {
  std::string form;
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (path[at] == '{') at = std::min(path.find('}', at), path.size() - 1);
    form += path[at];
  }
  return form;
}

std::set<std::string> names_of(const openapi::Api& api) {
  std::set<std::string> names;
  for (const openapi::Operation& operation : api.operations) names.insert(operation.name());
  return names;
}

std::set<std::string> paths_of(const openapi::Api& api) {
  std::set<std::string> paths;
  for (const openapi::Operation& operation : api.operations) {
    for (const std::string& route : operation.routes)
      paths.insert(fmt::format("{} {}", openapi::name(operation.method), form_of(route)));
  }
  return paths;
}

bool meet(const std::set<std::string>& one, const std::set<std::string>& other) {
  return std::ranges::any_of(one, [&](const std::string& text) { return other.contains(text); });
}

}  // namespace

void name_upstreams(std::vector<StartingDocument>& documents) {
  std::set<std::string> taken;
  for (StartingDocument& document : documents)
    document.upstream = documents.size() == 1 ? "backend" : word_for(document, taken);
}

openapi::Api beside_each_other(std::vector<openapi::Api> apis, std::vector<StartingDocument>& documents) {
  openapi::Api all = std::move(apis.front());
  std::set<std::string> names = names_of(all);
  std::set<std::string> paths = paths_of(all);
  for (std::size_t i = 1; i < apis.size(); ++i) {
    openapi::Api& api = apis[i];
    if (meet(names, names_of(api))) {
      documents[i].name = documents[i].upstream;
      for (openapi::Operation& operation : api.operations) operation.document = documents[i].name;
    }
    if (meet(paths, paths_of(api))) {
      documents[i].strip = "/" + documents[i].upstream;
      for (openapi::Operation& operation : api.operations) {
        for (std::string& route : operation.routes) route.insert(0, documents[i].strip);
      }
    }
    names.merge(names_of(api));
    paths.merge(paths_of(api));
    for (openapi::SecurityScheme& scheme : api.security_schemes) {
      if (all.scheme(scheme.name) == nullptr) all.security_schemes.push_back(std::move(scheme));
    }
    std::ranges::move(api.operations, std::back_inserter(all.operations));
    std::ranges::move(api.sources, std::back_inserter(all.sources));
    all.open_inputs = all.open_inputs | api.open_inputs;
    all.title += ", " + api.title;
  }
  return all;
}

}  // namespace gatehouse::app
