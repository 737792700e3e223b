// How `init` proposes to read the parts of a query whose form OpenAPI leaves open.
#pragma once

#include <string>
#include <vector>

#include "openapi/api.h"

namespace gatehouse::app {

struct ProposedReading {
  std::vector<std::string> decisions;  // comments: the questions that the settings answer
  std::string settings;  // of `defaults`, each with ", " behind it: "plus: space, deep: exploded, "
};

ProposedReading proposed_reading(const openapi::Api& api);

}  // namespace gatehouse::app
