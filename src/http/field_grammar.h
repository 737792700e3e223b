// The grammars of standard request fields, and the part of a value that is forwarded to an upstream: the
// `grammar` column of field_table.h. A value that does not parse is dropped, because the standards require
// ignoring it (RFC 9110 sections 13.1.3 and 14.2): an upstream never reads a value that Gatehouse could not
// read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gatehouse::http {

// A production, the section that defines it, and its bound. White space at the ends has been taken off.
enum class FieldGrammar : std::uint8_t {
  text,             // visible characters, spaces and UTF-8; up to 1 KiB
  list,             // the same, of members that are not looked at one by one
  accept,           // media ranges with weights (RFC 9110 section 12.5.1), 32; also `*`, which Java sends
  tokens_weighted,  // Accept-Charset, Accept-Encoding (sections 12.5.2 and 12.5.3), 32
  languages,        // language ranges with weights (section 12.5.4; RFC 4647 section 2.1), 32
  language_tags,    // Content-Language (section 8.5; RFC 5646 section 2.1, by its shape), 32
  tokens,           // a list of tokens (section 5.6.2), 32
  token,            // one
  entity_tags,  // `*` or a list (sections 8.8.3 and 13.1.1), 16. A single tag without quotes too: browsers
                // echo them
  date,         // HTTP-date in its three forms (section 5.6.7)
  tag_or_date,  // If-Range (section 13.1.5), with a strong tag
  byte_ranges,  // Range with the unit `bytes` (section 14.1.2), 8
  preferences,  // Prefer (RFC 7240 section 2), 32
  products,     // User-Agent (RFC 9110 section 10.1.5): products and comments; up to 1 KiB
  origin,       // `null` or one serialised origin (RFC 6454 section 6.2; Fetch)
  directives,   // Cache-Control (RFC 9111 section 5.2), 32
  digests,      // a dictionary of byte sequences (RFC 9530 sections 2 and 3), 8, without parameters
  priority,     // `u` from 0 to 7 and `i` (RFC 9218 section 4), and nothing beside
  fetch_site,   // the closed words of Fetch Metadata
  fetch_mode,
  fetch_dest,
  fetch_user,
  gpc,             // `1` (Global Privacy Control)
  requested_with,  // `XMLHttpRequest`
  trace_state,     // W3C Trace Context section 3.3.1, 32
  baggage,         // W3C Baggage section 3.3.1, 64 members and 8 KiB
};
inline constexpr std::size_t kFieldGrammarCount = static_cast<std::size_t>(FieldGrammar::baggage) + 1;

// Whether several lines of a field are one list (RFC 9110 section 5.3). Of any other field that comes twice,
// two readers could take two values.
bool is_list(FieldGrammar grammar);

enum class Kept : std::uint8_t {
  whole,    // forwarded as sent
  part,     // the members that parse, which were appended
  nothing,  // is left out
};

// Time is linear in the value's length. `part` grows only where the answer is Kept::part, by the members that
// parse, parted by ", ". Lists in which the absence of a member could let more happen (entity tags, byte
// ranges, digests, Content-Language) are kept whole or not at all.
Kept keep(FieldGrammar grammar, std::string_view value, std::string& part);

}  // namespace gatehouse::http
