// `gatehouse init`: a configuration to start from. It has the contents of the API's document, and questions
// marked DECIDE for decisions that only the owner can make. A missing decision is a problem for `gatehouse
// check`, never a guess that opens something.
#pragma once

#include <string>
#include <vector>

#include "app/starting_documents.h"
#include "openapi/api.h"

namespace gatehouse::app {

// The text of a gatehouse.yaml that names every operation of `api`, which has those of all documents.
std::string starter(const openapi::Api& api, const std::vector<StartingDocument>& documents);

// Entries of `operations` for these operations of `api`, and the permissions of roles that they need.
std::string starter_of(const openapi::Api& api, const std::vector<const openapi::Operation*>& operations);

}  // namespace gatehouse::app
