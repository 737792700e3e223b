// A document of `gatehouse init` that is named by its URL.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace gatehouse::app {

// A file as it is. A URL is fetched once, with the system's authorities, and written into the folder under
// the last part of its path; a file that is there stays as it is, and is an error.
Result<std::filesystem::path> local_document(const std::string& named, const std::filesystem::path& folder);

}  // namespace gatehouse::app
