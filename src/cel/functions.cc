#include "cel/functions.h"

#include <algorithm>

#include "base/strings.h"
#include "base/text_map.h"

namespace gatehouse::cel {
namespace {

std::vector<std::string_view> split_outside_parentheses(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i == text.size() || (text[i] == separator && depth == 0)) {
      parts.push_back(trimmed(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  return parts;
}

// The table is part of the program: a text that does not parse is a bug, and throws when it is first used.
Overload parse_overload(std::string_view text) {
  Overload overload;
  const std::size_t arrow = text.find("->");
  std::string_view parameters = trimmed(text.substr(0, arrow));
  if (parameters.starts_with('.')) {
    overload.method = true;
    parameters.remove_prefix(1);
  }
  if (!parameters.empty()) {
    for (const std::string_view part : split_outside_parentheses(parameters, ',')) {
      overload.parameters.push_back(parse_type(part).value());
    }
  }
  overload.result = parse_type(trimmed(text.substr(arrow + 2))).value();
  return overload;
}

const TextMap<Function>& table() {
  static const TextMap<Function> functions = [] {
    TextMap<Function> made;
    for (const auto definitions : {operator_functions(), conversion_functions(), text_functions(),
                                   format_functions(), math_functions(), time_functions(),
                                   network_functions(), collection_functions(), optional_functions()}) {
      for (const Definition& definition : definitions) {
        Function function{definition.name, {}, definition.call};
        for (const std::string_view text : split_outside_parentheses(definition.overloads, ';')) {
          function.overloads.push_back(parse_overload(text));
        }
        made.emplace(std::string(definition.name), std::move(function));
      }
    }
    return made;
  }();
  return functions;
}

}  // namespace

const Function* find_function(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : &found->second;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names;
  for (const auto& [name, function] : table()) names.push_back(function.name);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace gatehouse::cel
