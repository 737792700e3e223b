// The head of a request to an upstream.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/target.h"

namespace gatehouse::target {

// Built from an allow-list: method, path and query as accepted; the fields that http/field_table.h allows and
// those that the call's rules name; the cookies that its rules name, written anew. Credentials of configured
// schemes are not forwarded, verified or not, except one with `forward: true` that has proven the permit's
// principal.
void write_upstream_head(std::string& out, const Call& call, const Permit& permit, std::string_view host,
                         std::string_view base_path, std::string_view assertion);

// Whether a body goes on with the request: what describes one goes on with one only.
enum class WithBody : std::uint8_t { no, yes };

// Of the client's fields and cookies those that go on.
void append_client_fields(std::string& out, const Call& call, const Principal& principal, WithBody body);

// The fields that name the caller to an upstream, and the request's ids.
void append_caller(std::string& out, const Call& call, const Principal& principal,
                   std::string_view assertion);

}  // namespace gatehouse::target
