// How the files that people write are read from the disk.
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/problems.h"
#include "base/result.h"
#include "doc/load.h"
#include "doc/source.h"

namespace gatehouse::doc {

// How files are read, passed in so that a test needs no disk.
using ReadFile = std::function<Result<std::string>(const std::filesystem::path& path)>;
// Regular files on disk, at most `most` bytes.
ReadFile disk_files(std::size_t most = Limits{}.bytes);

// The file, named in places as `path` is written.
std::shared_ptr<const Source> load(const std::filesystem::path& path, const ReadFile& read,
                                   Problems& problems, const Limits& limits = {});

}  // namespace gatehouse::doc
