#include "app/configuration_changes.h"

#include <map>
#include <string_view>

#include <fmt/format.h>

#include "doc/source.h"
#include "json/document.h"

namespace gatehouse::app {
namespace {

class Comparison {
 public:
  // `where` stands before each key: "" or "api.json: ".
  void compare(std::string_view where, json::Value before, json::Value after) {
    where_ = where;
    values("", before, after);
  }
  void add(std::string_view verb, std::string_view what) {
    lines_.push_back(fmt::format("{} {}", verb, what));
  }

  std::vector<std::string> take() {
    if (lines_.size() <= kMostChanges) return std::move(lines_);
    const std::size_t more = lines_.size() - kMostChanges;
    lines_.resize(kMostChanges);
    lines_.push_back(fmt::format("and {} more", more));
    return std::move(lines_);
  }

 private:
  void values(const std::string& path, json::Value before, json::Value after) {
    if (!before.is_object() || !after.is_object()) {
      if (!json::equal(before, after)) add("changed", where_ + (path.empty() ? "the whole file" : path));
      return;
    }
    const auto child = [&](std::string_view key) {
      return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
    };
    Members later = members_of(after);
    for (const json::Member member : before.members()) {
      const auto other = later.find(member.key());
      if (other == later.end()) {
        add("removed", where_ + child(member.key()));
        continue;
      }
      values(child(member.key()), member.value, other->second);
      later.erase(other);
    }
    for (const auto& [key, value] : later) add("added", where_ + child(key));
  }

  using Members = std::map<std::string_view, json::Value>;
  static Members members_of(json::Value object) {
    Members members;
    for (const json::Member member : object.members()) members.emplace(member.key(), member.value);
    return members;
  }

  std::string where_;
  std::vector<std::string> lines_;
};

using Sources = std::map<std::string_view, json::Value>;

// With the files that they refer to, and without the configuration, which may hold security schemes.
Sources documents_of(const policy::PolicySet& policy) {
  Sources all;
  for (const openapi::Api& api : policy.apis) {
    for (const auto& source : api.sources) {
      if (source != policy.settings.source) all.emplace(source->name(), source->root());
    }
  }
  return all;
}

}  // namespace

std::vector<std::string> changes_between(const policy::PolicySet& before, const policy::PolicySet& after) {
  Comparison comparison;
  comparison.compare("", before.settings.source->root(), after.settings.source->root());
  const Sources earlier = documents_of(before);
  const Sources later = documents_of(after);
  for (const auto& [name, document] : earlier) {
    const auto other = later.find(name);
    if (other == later.end()) {
      comparison.add("removed", name);
    } else {
      comparison.compare(fmt::format("{}: ", name), document, other->second);
    }
  }
  for (const auto& [name, document] : later) {
    if (!earlier.contains(name)) comparison.add("added", name);
  }
  return comparison.take();
}

}  // namespace gatehouse::app
