// The variables of a condition or a limit's key on one request: values in place, looked up when an expression
// reads them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/program.h"
#include "core/proofs.h"
#include "gate/exchange.h"

namespace gatehouse::gate {

// Borrowed from the exchange, or from the owner of a copy of it.
struct RequestView {
  // `request`: identified, and its input checked.
  explicit RequestView(const Exchange& exchange);
  RequestView(const CheckedRequest& request, const IpAddress& from);

  const policy::Operation& operation;
  const Principal& principal;
  const IpAddress& client;
  std::string_view id;
  std::string_view method;
  WallTime received{};
  json::Value parameters, body, object;  // null Value: absent
};

class RequestActivation final : public cel::Activation {
 public:
  explicit RequestActivation(const RequestView& request) : request_(request) {}
  cel::Value variable(cel::Slot slot, cel::Arena& arena) const override;

 private:
  RequestView request_;
};

// The claims of a credential, for a scheme's own expressions.
class ClaimsActivation final : public cel::Activation {
 public:
  explicit ClaimsActivation(json::Value claims) : claims_(claims) {}
  cel::Value variable(cel::Slot slot, cel::Arena& arena) const override;

 private:
  json::Value claims_;
};

// A worker's working memory for expressions.
using Evaluator = cel::Scratch;

// The claims that a scheme's expression may give.
enum class Claim : std::uint8_t {
  there,
  absent,      // the claims do not have the member that the expression reads
  unreadable,  // anything else: another type, another error
};

// `program` as a list of texts: a list of strings, one string, or a string of words between spaces (as
// `scope` is written, RFC 8693 section 4.2). `into` is changed only where they are there.
enum class Words : std::uint8_t { whole, split };
Claim read_texts(const cel::Program& program, json::Value claims, Words words, cel::Scratch& scratch,
                 std::vector<std::string>& into);
// `program` as one text; an empty one is absent.
Claim read_text(const cel::Program& program, json::Value claims, cel::Scratch& scratch, std::string& into);
// Appends the words of a text.
void split_words(std::string_view text, std::vector<std::string>& into);

}  // namespace gatehouse::gate
