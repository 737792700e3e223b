// Where the schemas of requests are weaker or stricter than they say (schema/schema.h).
#pragma once

#include <string_view>
#include <vector>

#include "base/problems.h"
#include "policy/policy_set.h"
#include "schema/schema.h"

namespace gatehouse::review {

// One such place, and the operations that accept its values.
struct WeakPlace {
  Place place;
  std::string_view keyword;
  std::vector<const policy::Operation*> operations;
};

// In the order of the documents. A place that several operations share is there once.
std::vector<WeakPlace> weak_places(const policy::PolicySet& policy, schema::Weakness::Kind kind);

}  // namespace gatehouse::review
