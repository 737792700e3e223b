// The fields of an upstream's head that leave: those that http/field_table.h allows, those that the
// operation's document declares, and no others.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/answer_rules.h"
#include "core/target.h"
#include "http/response_parser.h"

namespace gatehouse::target {

// Where an answer's references lead.
struct AnswerPlace {
  std::string_view authority;      // the host of this server that the request names; may be empty
  std::string_view base_path;      // of the upstream: stands before the paths of this server
  std::string_view stripped = {};  // stands before the paths of this server, and the upstream's lack it
};

// Appends the fields that may leave to `response.fields`, and keeps the upstream's Allow in `report.allow`: a
// gate compares it with the document.
void take_answer_fields(const http::ResponseHead& head, const AnswerRules& rules, const AnswerPlace& place,
                        Response& response, CallReport& report);

// Appends a URI reference (RFC 3986 section 4.1) as the client may see it: one that names a host of an
// upstream, or this server itself, becomes a path of this server, without the base path. A path gets
// `stripped` in front, unless it is below it already: an upstream may read X-Forwarded-Prefix. Any other
// stays as it is. False, and nothing is appended, where the reference may not leave: it names another port of
// such a host, holds user information, or is one that a browser would read differently (`\`, controls,
// `http:host`, `http://127.1`).
bool append_reference(std::string& out, std::string_view reference, std::span<const InsideHost> inside,
                      const AnswerPlace& place);

}  // namespace gatehouse::target
