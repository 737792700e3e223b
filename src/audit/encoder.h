// One event as one line of JSON (product contract, section 5): flat, members in a fixed order, OpenTelemetry
// names where there are any. No line can be forged from inside a value: what is not plain text is escaped,
// down to C1 controls and the characters that turn the direction of a terminal's text, and bytes that are not
// UTF-8 become U+FFFD.
//
// Redaction by value: a free-text part (whatever the request or a peer had a say in) in which a credential of
// the request occurs, as it is, percent-encoded or escaped as JSON does, is replaced as a whole by
// "[redacted]". Texts of the configuration and of Gatehouse itself are no free text, and neither is who was
// proven: a caller could otherwise send "getOrder" or its own name as a second key, and so remove the
// operation or itself from the event of its own attack.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "core/event.h"

namespace gatehouse::audit {

// Longer texts are cut, at a character, and end in "…".
inline constexpr std::size_t kLongestText = 256;
inline constexpr std::size_t kLongestDetail = 1024;
inline constexpr std::size_t kMostAttributes = 16;  // of a kind; more are left out
inline constexpr std::size_t kMostProven = 7;       // beside the first; more are left out

// Appends the event and a line feed. Allocates only when `out` has to grow.
void append_event(std::string& out, const Event& event);

// Replaces every run of bytes in `text` that is equal to a credential, as it is, percent-encoded or escaped
// as JSON does. For originals of other servers' answers, which may repeat what they were sent.
void scrub(std::string& text, std::span<const std::string_view> credentials);

}  // namespace gatehouse::audit
