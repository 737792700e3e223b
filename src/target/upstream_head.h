// The heads at the border to an upstream: what goes in with a request, and what of an answer may leave.
#pragma once

#include <string>
#include <string_view>

#include "core/target.h"

namespace gatehouse::target {

// The head of the request to the upstream: what the client sent as it was accepted, but for its credentials
// and for what says who it is.
void write_upstream_head(std::string& out, const Call& call, const Permit& permit, const Input& input,
                         std::string_view host, std::string_view base_path, std::string_view assertion);

// The fields by which an upstream learns who asks, and under which ids.
void append_caller(std::string& out, const Call& call, const Principal& principal,
                   std::string_view assertion);

// Whether a response field may leave.
bool may_leave(const http::Field& field);

// A redirect to the upstream's own address leads to this server, where its client is: the address stays
// inside. Any other location stays as it is. Valid as long as `location`.
std::string_view from_outside(std::string_view location, std::string_view host, std::string_view base_path);

}  // namespace gatehouse::target
