// What a policy says about the heads of one operation's requests, beyond http/field_table.h. Made when the
// policy is compiled.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/strings.h"
#include "http/fields.h"

namespace gatehouse::http {
struct RequestHead;
}  // namespace gatehouse::http

namespace gatehouse {

class Principal;

// A header field that the table does not know is compared by name.
struct FieldName {
  explicit FieldName(std::string_view written) : id(http::field_id(written)), text(written) {}
  bool is(const http::Field& field) const {
    const bool by_id = id != http::FieldId::other && !http::name(id).empty();
    return by_id ? field.id == id : http::name(field.id).empty() && equal_ignoring_case(field.name, text);
  }
  http::FieldId id;
  std::string text;
};

// Where the credentials of all configured schemes travel. They end here, verified or not, on every operation,
// but for those of a scheme that says `forward: true`.
struct CredentialCarriers {
  std::vector<FieldName> fields;
  std::vector<std::string> pairs;    // names in the query, as they are written there
  std::vector<std::string> cookies;  // byte for byte
  // Authorization ends here whether a scheme is configured for it or not, unless one says `forward: true`.
  enum class Authorization : std::uint8_t { ends_here, goes_on } authorization = Authorization::ends_here;
};

// A place of a credential that says `forward: true`. What stands there goes on where one of the
// authenticators has proven the request's principal by it, and ends here everywhere else.
struct ForwardedCredential {
  enum class Place : std::uint8_t { field, pair, cookie } place = Place::field;
  FieldName name;  // of a pair in the query and of a cookie: its text, byte for byte
  std::vector<std::uint32_t> authenticators;  // in PolicySet::authenticators
};

// Whether one of them has proven the principal, or an identity beside it.
bool has_proven(const Principal& principal, const ForwardedCredential& credential);

// What becomes of a header field or cookie that nothing names.
enum class Undeclared : std::uint8_t { drop, refuse, forward };
// How much of Referer goes on (RFC 9110 section 10.1.3). `full`: all of a URL that cannot show a credential,
// and of any other its origin.
enum class RefererPassage : std::uint8_t { drop, origin, full };
enum class UserAgentPassage : std::uint8_t { forward, drop };

// `signed: true`: what the sender signed goes on as it was sent, or not at all (gate/signed_request.h).
enum class Signatures : std::uint8_t { ignored, kept };

// What of a client's head goes on to an upstream beside the fields that the table lets go on. Everything else
// stays behind.
struct RequestRules {
  // Header parameters of the operation, `fields.forward`, and credentials whose scheme says `forward: true`.
  std::vector<FieldName> fields;
  // Of them, those that only the configuration names and that are no lists: a second line of one is refused.
  // Of a parameter its schema decides.
  std::vector<FieldName> single;
  std::vector<std::string> checked_cookies;  // parameters of the operation: as the document's rules took them
  std::vector<std::string>
      forwarded_cookies;  // by name alone: the first of each name, if readers agree on it
  std::vector<ForwardedCredential> credentials;  // an exception from all of these
  std::vector<FieldName> of_proxies;             // of `fields`: those that a trusted proxy alone may say
  Undeclared undeclared = Undeclared::drop;
  RefererPassage referer = RefererPassage::drop;
  UserAgentPassage user_agent = UserAgentPassage::forward;
  Signatures signatures = Signatures::ignored;
};

// Whose words the head of a request are, beside the client's.
enum class Via : std::uint8_t { client, trusted_proxy };

// What becomes of a client's field on its way to an upstream.
enum class Passage : std::uint8_t {
  goes_on,    // as it was sent
  rewritten,  // what Passages::rewritten says goes on in place of all lines of the field
  joined,     // an earlier line of the field is rewritten and says this one too
  left_out,   // the table's grammar finds nothing in its value, or it belongs to a trace that ends here
  unnamed,    // stays behind because nothing names it: a document may have forgotten it
  unlisted,   // the same, but every browser sends it
  ends_here,  // never goes on: a credential, or as http/field_table.h says
};

// Whose trace the request belongs to. What comes with a trace (tracestate, baggage) goes on with it only.
enum class TraceOrigin : std::uint8_t { own, of_caller };

// Whether a policy says something of a cookie of this name; what it says of the others is
// RequestRules::undeclared.
bool names_cookie(const RequestRules& rules, const CredentialCarriers& carriers, std::string_view cookie);

// What becomes of each field of one request head. Decided once, by the gate that validates the head; the
// upstream's head and the event are written from it.
class Passages {
 public:
  // Each line of a field that a policy names goes on as it is; one that the table lets go on, as far as the
  // table's grammar can read it. Where that is not enough the request is refused: a digest that cannot be
  // read, a precondition whose absence would let a method change more than the caller wanted, a second line
  // of a field that has one value, or a field that nothing names where the policy refuses those.
  struct Refused {
    std::size_t index = 0;  // of the first such field
    std::string_view rule;  // `format`, `repeated` or `undeclared`, as docs/events.md lists them
  };
  std::optional<Refused> decide(const http::RequestHead& head, Via via, TraceOrigin trace,
                                const CredentialCarriers& carriers, const RequestRules& rules);

  // By the field's place in the head. Precondition: decide() returned nothing.
  Passage operator[](std::size_t index) const { return of_[index]; }
  std::string_view rewritten(std::size_t index) const;
  // Whether a field was left out or not named.
  bool any_dropped() const { return any_dropped_; }

  void clear() {
    any_dropped_ = false;
    rewritten_.clear();
  }

 private:
  struct Rewritten {
    std::size_t index = 0;
    std::string value;
  };
  void leave_range_without_its_condition(const http::Fields& fields);
  Passage of_referer(std::string_view value, std::size_t index, const CredentialCarriers& carriers,
                     RefererPassage passage);
  Passage by_grammar(const http::Fields& fields, std::size_t index);

  std::array<Passage, http::Fields::kCapacity> of_;  // the first of them have been written
  std::vector<Rewritten> rewritten_;
  std::string part_;
  bool any_dropped_ = false;
};

}  // namespace gatehouse
