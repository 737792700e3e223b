// Whose request it is, where trusted proxies stand in front.
#pragma once

#include <expected>
#include <span>

#include "base/ip.h"
#include "http/fields.h"
#include "http/malformed.h"

namespace gatehouse::http {

// The peer, unless it is trusted; then X-Forwarded-For is read from the right (every line of it, the last
// first), through addresses that are trusted too, to the first that is not. Where all are trusted, the
// leftmost. An entry that has to be read and is no address (`1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`,
// `[2001:db8::1]`, `[2001:db8::1]:80`) is Malformed::field_value: guessing would give the client the choice
// of its address.
std::expected<IpAddress, Malformed> client_address(const IpAddress& peer, const Fields& fields,
                                                   std::span<const IpNetwork> trusted);

}  // namespace gatehouse::http
