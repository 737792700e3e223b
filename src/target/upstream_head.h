// The head of a request to an upstream.
#pragma once

#include <string>
#include <string_view>

#include "core/target.h"

namespace gatehouse::target {

// What the client sent as it was accepted, but for the fields that http/field_table.h ends here and for what
// carries a credential of any configured scheme, verified or not.
void write_upstream_head(std::string& out, const Call& call, const Permit& permit, const Input& input,
                         std::string_view host, std::string_view base_path, std::string_view assertion);

// The fields by which an upstream learns who asks, and under which ids.
void append_caller(std::string& out, const Call& call, const Principal& principal,
                   std::string_view assertion);

}  // namespace gatehouse::target
