// The client's address and the requested host of a request that came through trusted proxies.
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
// first), through addresses that are trusted too, to the first that is not. If all are trusted, the leftmost.
// An entry that has to be read and is not an address (`1.2.3.4`, `1.2.3.4:80`, `2001:db8::1`,
// `[2001:db8::1]`, `[2001:db8::1]:80`) is Malformed::field_value: a guess would let the client choose its
// address. The elements of Forwarded (RFC 7239) are read in the same way, up to one that says no address. Two
// fields that name different clients are Malformed::field_value.
std::expected<IpAddress, Malformed> client_address(const IpAddress& peer, const Fields& fields,
                                                   std::span<const IpNetwork> trusted);

// The authority that the client named to the first proxy: the first value of X-Forwarded-Host, or the first
// `host` of Forwarded (RFC 7239 section 5.3). Nothing if neither has one. A value that does not parse, and
// two that disagree, are Malformed::field_value. Call only if the peer is trusted. Views of the fields.
std::expected<std::optional<HostPort>, Malformed> forwarded_host(const Fields& fields);

}  // namespace gatehouse::http
