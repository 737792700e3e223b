// lab: runs the questions of an outside suite on an engine. A subject answers one question, a JSON object,
// with one line of JSON (without the line's end). There is no second code path: a subject calls the functions
// that the server calls.
#pragma once

#include <string>

#include "json/document.h"

namespace gatehouse::lab {

std::string answer_schema(json::Value question);
std::string answer_json(json::Value question);
std::string answer_cel(json::Value question);
std::string answer_jws(json::Value question);
std::string answer_param(json::Value question);
std::string answer_openapi(json::Value question);
std::string answer_field(json::Value question);

}  // namespace gatehouse::lab
