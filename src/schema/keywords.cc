#include "schema/keywords.h"

#include <iterator>
#include <unordered_map>

namespace gatehouse::schema {
namespace {

enum class About : std::uint8_t { nothing, instances };
struct KeywordFacts {
  std::string_view name;
  About about;
};

constexpr KeywordFacts kKeywords[] = {
#define GATEHOUSE_KEYWORD(keyword, name, about) {name, About::about},
    GATEHOUSE_KEYWORDS(GATEHOUSE_KEYWORD)
#undef GATEHOUSE_KEYWORD
};

}  // namespace

std::optional<Keyword> find_keyword(std::string_view name) {
  static const auto known = [] {
    std::unordered_map<std::string_view, Keyword> map;
    for (std::size_t i = 0; i < std::size(kKeywords); ++i)
      map.emplace(kKeywords[i].name, static_cast<Keyword>(i));
    return map;
  }();
  const auto found = known.find(name);
  if (found == known.end()) return std::nullopt;
  return found->second;
}

std::string_view name(Keyword keyword) { return kKeywords[static_cast<std::size_t>(keyword)].name; }

Keywords::Keywords(json::Value schema) {
  if (!schema.is_object()) return;
  for (const json::Member member : schema.members()) {
    if (const auto keyword = find_keyword(member.key())) {
      nodes_[static_cast<std::size_t>(*keyword)] = member.value.node();
    }
  }
}

bool Keywords::only(Keyword keyword) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i] != nullptr && kKeywords[i].about == About::instances && static_cast<Keyword>(i) != keyword)
      return false;
  }
  return has(keyword);
}

}  // namespace gatehouse::schema
