// A moment as an operator writes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"

namespace gatehouse::app {

enum class Direction : std::uint8_t { past, future };

// `15m` is so long ago, or from now on; `12:00` is the last, or the next, time of that name; and
// `2026-11-28T03:00`, with seconds and a zone where they are written. Without a zone it is UTC, as events are
// shown.
std::optional<WallTime> parse_moment(std::string_view text, WallTime now, Direction direction);

}  // namespace gatehouse::app
