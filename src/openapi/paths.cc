#include "openapi/paths.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "doc/reader.h"

namespace gatehouse::openapi {
namespace {

constexpr std::size_t kMostBases = 16;

// RFC 3986 section 3.3, less percent-encoding: one path has one spelling.
bool is_literal(char c) {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
         std::string_view("-._~!$&'()*+,;=:@/").find(c) != std::string_view::npos;
}

bool has_unreachable_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "." || segment == ".." || (segment.empty() && !path.empty())) return true;
  }
  return false;
}

// Every text that the variables `{name}` in `url` can make of it, up to a bound.
std::vector<std::string> with_variables(const std::string& url, const std::optional<doc::Field>& variables,
                                        const doc::Field& at) {
  std::vector<std::string> made = {""};
  const auto append = [&](std::string_view text) {
    for (std::string& one : made) one += text;
  };
  std::string_view rest = url;
  while (!rest.empty()) {
    const std::size_t open = std::min(rest.find('{'), rest.size());
    append(rest.substr(0, open));
    rest.remove_prefix(open);
    if (rest.empty()) break;
    const std::size_t close = rest.find('}');
    if (close == rest.npos) {
      at.problem("`{` without `}` in the server's URL");
      return {};
    }
    const std::string_view name = rest.substr(1, close - 1);
    rest.remove_prefix(close + 1);
    const auto variable = variables ? variables->value().find(name) : std::nullopt;
    const auto fallback = variable ? variable->find_string("default") : std::nullopt;
    if (!fallback) {
      at.problem("the server's variable `" + std::string(name) + "` needs a `default` under `variables`");
      return {};
    }
    std::vector<std::string> values = {std::string(*fallback)};
    if (const auto choices = variable->find("enum"); choices && choices->is_array()) {
      for (const json::Value choice : choices->elements()) {
        if (choice.is_string() && choice.string() != *fallback) values.emplace_back(choice.string());
      }
    }
    if (values.size() * made.size() > kMostBases) values.resize(1);
    std::vector<std::string> next;
    for (const std::string& one : made) {
      for (const std::string& value : values) next.push_back(one + value);
    }
    made = std::move(next);
  }
  return made;
}

std::string path_of(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != url.npos) {
    url.remove_prefix(scheme + 3);
    url.remove_prefix(std::min(url.find('/'), url.size()));
  } else if (url.starts_with("//")) {
    url.remove_prefix(2);
    url.remove_prefix(std::min(url.find('/'), url.size()));
  }
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

}  // namespace

std::vector<std::string> template_names(std::string_view path, const doc::Field& at) {
  std::vector<std::string> names;
  if (!path.starts_with('/')) {
    at.problem("a path begins with `/`");
    return names;
  }
  if (has_unreachable_segment(path))
    at.problem("no request has such a path: empty and dot segments are refused");
  bool after_name = false;
  while (!path.empty()) {
    const char c = path.front();
    if (c != '{') {
      if (!is_literal(c)) {
        at.problem(
            c == '?' || c == '#'
                ? "a path ends before `?` and `#`: no request could match; declare query parameters instead"
                : "`" + std::string(1, c) + "` cannot be part of a path");
        return names;
      }
      path.remove_prefix(1);
      after_name = false;
      continue;
    }
    const std::size_t close = path.find('}');
    if (close == path.npos || close == 1 || path.substr(1, close - 1).find_first_of("{/") != path.npos) {
      at.problem("a parameter in a path is written `{name}`");
      return names;
    }
    if (after_name)
      at.problem("two parameters side by side cannot be told apart; put a literal between them");
    const std::string name(path.substr(1, close - 1));
    if (std::ranges::find(names, name) != names.end()) {
      at.problem("`{" + name + "}` is twice in the path; rename one");
    } else {
      names.push_back(name);
    }
    path.remove_prefix(close + 1);
    after_name = true;
  }
  return names;
}

bool crosses_slashes(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    path.remove_prefix(end);
    if (segment == "*" || segment == "**") return true;
    for (auto open = segment.find('{'); open != segment.npos; open = segment.find('{', open + 1)) {
      const std::string_view name = segment.substr(open + 1, segment.find('}', open) - open - 1);
      if (name.find_first_of(":*") != name.npos || name.ends_with("...") || name.ends_with('+')) return true;
    }
  }
  return false;
}

std::vector<std::string> base_paths(const doc::Field& servers) {
  std::vector<std::string> bases;
  // A server that no request could name is none, as long as there is another.
  std::optional<std::pair<doc::Field, std::string>> unusable;
  for (const doc::Field& server : servers.list()) {
    doc::Reader in(server);
    in.ignore({"description", "name"});
    const auto url_field = in.required_field("url");
    const auto url = url_field && url_field->value().is_string()
                         ? std::optional(std::string(url_field->value().string()))
                         : std::nullopt;
    const auto variables = in.take("variables");
    in.finish(doc::Extensions::allowed);
    if (!url) continue;
    for (const std::string& made : with_variables(*url, variables, *url_field)) {
      std::string base = path_of(made);
      const bool fine = base.empty() || (base.starts_with('/') && std::ranges::all_of(base, is_literal) &&
                                         !has_unreachable_segment(base));
      if (!fine) {
        if (!unusable) unusable.emplace(*url_field, base);
      } else if (std::ranges::find(bases, base) == bases.end()) {
        bases.push_back(std::move(base));
      }
    }
  }
  if (bases.empty() && unusable) {
    unusable->first.problem(
        "`" + unusable->second +
        "` cannot be the beginning of a path; write an absolute URL, or a path that begins with `/`");
  }
  if (bases.empty()) bases.emplace_back();
  return bases;
}

bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

}  // namespace gatehouse::openapi
