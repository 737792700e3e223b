// Header fields that a document may declare as parameters, and of which no upstream receives the client's
// value: Gatehouse writes them itself, or drops them.
#pragma once

#include <string>
#include <string_view>

namespace gatehouse::policy {

// Whether the name is that of such a field. Conditions, limits and lookups cannot read it: they would decide
// by a value that the upstream does not receive.
bool is_written_here(std::string_view header);
// "use `request.ip`": what says the same with effect.
std::string use_instead_of(std::string_view header);

}  // namespace gatehouse::policy
