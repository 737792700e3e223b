// `gatehouse init`: a configuration to start from. It has the contents of the API's document, and questions
// marked DECIDE for decisions that only the owner can make. A missing decision is a problem for `gatehouse
// check`, never a guess that opens something.
#pragma once

#include <string>

#include "openapi/api.h"

namespace gatehouse::app {

struct StarterOptions {
  std::string document;  // as the configuration will name it
  std::string upstream;  // its URL
};

// The text of a gatehouse.yaml that names every operation of `api`.
std::string starter(const openapi::Api& api, const StarterOptions& options);

// The text as a YAML scalar: as it is where no reader could take it for anything else, or in double quotes.
std::string yaml_text(std::string_view text);

}  // namespace gatehouse::app
