// Files read whole.
#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"

namespace gatehouse {

// The content of the regular file at `path`, at most `most` bytes. What is none (a folder, a pipe, a device)
// is an error, and nothing is waited for. The errors say what to do, and leave it to the caller to name the
// path.
Result<std::string> read_file(const std::string& path, std::size_t most);

}  // namespace gatehouse
