// The documents of `gatehouse init`, beside each other in one configuration.
#pragma once

#include <string>
#include <vector>

#include "openapi/api.h"

namespace gatehouse::app {

// An entry of `openapi`, and its upstream.
struct StartingDocument {
  std::string file;       // as the configuration will name it
  std::string upstream;   // the upstream's name
  std::string url;        // and its URL
  std::string name = {};  // DocumentSettings::name and strip, where another document makes them necessary
  std::string strip = {};
};

// The names of upstreams, of the documents' files: `backend` for one document.
void name_upstreams(std::vector<StartingDocument>& documents);

// The operations and schemes of all documents. A document gets a name if one of its operations has the name
// of another document's, and a `strip` if one has its method and path.
openapi::Api beside_each_other(std::vector<openapi::Api> apis, std::vector<StartingDocument>& documents);

}  // namespace gatehouse::app
