// The head of a request to an upstream.
#pragma once

#include <string>
#include <string_view>

#include "core/target.h"

namespace gatehouse::target {

// Built from a list: method, path and query as they were accepted; of the fields those that
// http/field_table.h lets go on and those that the call's rules name; the cookies that its rules name,
// written anew. What carries a credential of any configured scheme ends here, verified or not, but for one
// that says `forward: true` and has proven the permit's principal.
void write_upstream_head(std::string& out, const Call& call, const Permit& permit, std::string_view host,
                         std::string_view base_path, std::string_view assertion);

// Of the client's fields and cookies those that go on.
void append_client_fields(std::string& out, const Call& call, const Principal& principal);

// The fields by which an upstream learns who asks, and under which ids.
void append_caller(std::string& out, const Call& call, const Principal& principal,
                   std::string_view assertion);

}  // namespace gatehouse::target
