// One event as one line of JSON (product contract, section 5): flat, members in a fixed order, OpenTelemetry
// names where there are any. No line can be forged from inside a value: what is not plain text is escaped,
// down to C1 controls and the characters that turn the direction of a terminal's text, and bytes that are not
// UTF-8 become U+FFFD.
//
// Redaction by value: of what others said in `detail`, a handler for one, which may repeat what it was sent,
// every run that is a credential of the request, in any spelling (credential_search.h), is replaced by
// "[redacted]". Nothing else is looked through: a caller could otherwise send "getOrder", Gatehouse's own
// words, its own name or the id of an order as a second key, and so take the operation, what went wrong,
// itself or the order out of the event of its own attack. An attribute that holds a secret by its form is
// withheld by the code that makes the event.
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
inline constexpr std::size_t kMostDropped = 17;     // sixteen, and how many more
inline constexpr std::size_t kLongestDropped = 64;
inline constexpr std::size_t kMostProven = 7;  // beside the first; more are left out

// Appends the event and a line feed. Allocates only when `out` has to grow.
void append_event(std::string& out, const Event& event);

// Replaces every run of bytes in `text` that is equal to a credential, as it is, percent-encoded or escaped
// as in JSON, and a beginning of one at the end of the text, which may have been cut there. For originals of
// other servers' answers, which may repeat the request.
void scrub(std::string& text, std::span<const std::string_view> credentials);

}  // namespace gatehouse::audit
