// Whose request it is and what it names, where trusted proxies stand in front.
#pragma once

#include <expected>
#include <optional>
#include <span>

#include "base/ip.h"
#include "http/fields.h"
#include "http/host.h"
#include "http/malformed.h"

namespace gatehouse::http {

bool is_trusted(const IpAddress& peer, std::span<const IpNetwork> trusted);

// The peer, unless it is trusted; then X-Forwarded-For is read from the right (every line of it, the last
// first), through addresses that are trusted too, to the first that is not. Where all are trusted, the
// leftmost. An entry that has to be read and is no address (`1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`,
// `[2001:db8::1]`, `[2001:db8::1]:80`) is Malformed::field_value: guessing would give the client the choice
// of its address.
std::expected<IpAddress, Malformed> client_address(const IpAddress& peer, const Fields& fields,
                                                   std::span<const IpNetwork> trusted);

// The authority that the client named to the first proxy: the first value of X-Forwarded-Host, or the first
// `host` of Forwarded (RFC 7239 section 5.3). Nothing where neither says one. What does not parse, and two
// that disagree, are Malformed::field_value. Ask only where the peer is trusted. Views of the fields.
std::expected<std::optional<HostPort>, Malformed> forwarded_host(const Fields& fields);

}  // namespace gatehouse::http
