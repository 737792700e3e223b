// `cache_control`: the directives of an answer. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace gatehouse::policy {

// Why the text is not a value of Cache-Control (RFC 9111 section 5.2, RFC 5861, RFC 8246); nothing: it is
// one.
std::optional<std::string> cache_control_fault(std::string_view text);

}  // namespace gatehouse::policy
