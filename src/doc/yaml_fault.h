// Why a text is not YAML, in the words of a person who writes it: the parser tells only what it looked for.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace gatehouse::doc {

struct YamlFault {
  std::size_t offset = 0;
  std::string what;
};

// Of a text that the parser refused at `offset` with `message`. The time is linear in the text.
YamlFault explain_yaml_fault(std::string_view text, std::size_t offset, std::string_view message);

}  // namespace gatehouse::doc
