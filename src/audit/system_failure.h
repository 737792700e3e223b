#pragma once

#include <cerrno>
#include <string_view>
#include <system_error>

#include <fmt/format.h>

#include "base/result.h"

namespace gatehouse::audit {

// A system call on a file failed; `errno` says how. Worth another try.
inline std::unexpected<Error> system_failure(std::string_view doing, std::string_view file) {
  return failure(ErrorCode::unavailable,
                 fmt::format("cannot {} {}: {}", doing, file, std::generic_category().message(errno)),
                 Retry::yes);
}

}  // namespace gatehouse::audit
