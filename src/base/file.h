// Files read whole.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace gatehouse {

// The content of the regular file at `path`, at most `most` bytes. Another kind of file (a folder, a pipe, a
// device) is an error; the call never waits for one. The errors name the remedy, but not the path.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace gatehouse
