// The operations of a configuration as `gatehouse check` prints them: each with its path as clients ask for
// it.
#pragma once

#include <string>

#include "json/writer.h"
#include "policy/policy_set.h"

namespace gatehouse::app {

// A table with a row for each path of each operation, and lines about schemas that are closed or bounded by
// default.
std::string served_as_text(const policy::PolicySet& policy);
// The same as members of the object that is being written.
void write_served(json::Builder& out, const policy::PolicySet& policy);

}  // namespace gatehouse::app
