// JSONPath (RFC 9535) without functions and slices. Internal to this room.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "openapi/tree.h"

namespace gatehouse::openapi {

// What `path` selects, each once, in the order of the document; or what is wrong with it.
std::expected<std::vector<Tree*>, std::string> select(std::string_view path, Tree& root);

}  // namespace gatehouse::openapi
