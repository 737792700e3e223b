// Values of a configuration that Gatehouse writes.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

namespace gatehouse::app {

// The text as a YAML scalar: as it is where no reader could take it for anything else, or in double quotes.
std::string yaml_text(std::string_view text);
// A list in brackets that begins at this column, over as many lines as it takes.
std::string yaml_list(const std::set<std::string>& texts, std::size_t column);

}  // namespace gatehouse::app
