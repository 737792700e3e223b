// The proposals of `gatehouse init` for `fields`: names of header fields and cookies that an upstream may
// need and that are declared nowhere. Proposals are comments, for the owner to decide about.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/dropped_names.h"
#include "openapi/api.h"

namespace gatehouse::app {

struct MentionedFields {
  std::vector<std::string> undeclared;  // in the order of the document, each once
  std::vector<std::string> gatehouses;  // that go on never, or as Gatehouse writes them (`X-Request-Id`)
};

// Request fields that the document's descriptions, summaries and `x-` extensions speak of and that no
// operation declares: `X-Tenant`, "the `Idempotency-Key` header". Answers' fields are not among them, as far
// as the document or the text beside a name says so. At most 20 of each.
MentionedFields mentioned_fields(const openapi::Api& api);

// An entry of `fields.forward`, with a schema to say more in.
std::string forwarded_entry(std::string_view name);

// `fields` with a line for each frequent name, as comments; empty if there is none. Names that cannot be
// forwarded, that a standard forwards, or that browsers send by themselves are not proposed. `period`: such
// as `7d`, for the text.
std::string forward_proposals(const std::vector<audit::DroppedName>& names, std::string_view period);
// The fewest requests that make a name one that came often.
inline constexpr std::uint64_t kOften = 10;

}  // namespace gatehouse::app
