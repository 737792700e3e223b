// A policy's rules for the heads of one operation's requests, in addition to http/field_table.h. Made when
// the policy is compiled.
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

// A place of a credential with `forward: true`. It is forwarded if one of the authenticators has proven the
// request's principal by it, and dropped otherwise.
struct ForwardedCredential {
  enum class Place : std::uint8_t { field, pair, cookie } place = Place::field;
  FieldName name;  // of a pair in the query and of a cookie: its text, byte for byte
  std::vector<std::uint32_t> authenticators;  // in PolicySet::authenticators
};

// Whether one of them has proven the principal, or an identity beside it.
bool has_proven(const Principal& principal, const ForwardedCredential& credential);

// The treatment of a header field or cookie that no rule names.
enum class Undeclared : std::uint8_t { drop, refuse, forward };
// The forwarded part of Referer (RFC 9110 section 10.1.3). `full`: the whole URL if it cannot contain a
// credential, and otherwise its origin.
enum class RefererPassage : std::uint8_t { drop, origin, full };
enum class UserAgentPassage : std::uint8_t { forward, drop };

// `signed: true`: the signed parts are forwarded as sent, or the request is refused (gate/signed_request.h).
enum class Signatures : std::uint8_t { ignored, kept };

// The parts of a client's head that are forwarded to an upstream in addition to the table's fields.
// Everything else is dropped.
struct RequestRules {
  // Header parameters of the operation, `fields.forward`, and credentials whose scheme says `forward: true`.
  std::vector<FieldName> fields;
  // Of them, those that only the configuration names and that are not lists: a second line of one is refused.
  // For a parameter its schema decides.
  std::vector<FieldName> single;
  std::vector<std::string> checked_cookies;  // parameters of the operation: as the document's rules took them
  std::vector<std::string> forwarded_cookies;    // by name alone: the first, if readers agree on it
  std::vector<ForwardedCredential> credentials;  // an exception from all of these
  std::vector<FieldName> of_proxies;             // of `fields`: those that a trusted proxy alone may say
  std::vector<FieldName> set;                    // that Gatehouse itself says: no client's goes on
  std::string stripped;  // with it a request's path begins, and the upstream's does not: `/billing`
  Undeclared undeclared = Undeclared::drop;
  RefererPassage referer = RefererPassage::drop;
  UserAgentPassage user_agent = UserAgentPassage::forward;
  Signatures signatures = Signatures::ignored;
};

// Whose words the head of a request are, beside the client's.
enum class Via : std::uint8_t { client, trusted_proxy };

// The treatment of a client's field on its way to an upstream.
enum class Passage : std::uint8_t {
  goes_on,    // as it was sent
  rewritten,  // Passages::rewritten is forwarded in place of all lines of the field
  joined,     // an earlier line of the field is rewritten and says this one too
  left_out,   // the table's grammar finds nothing in its value, or it belongs to a trace that ends here
  unnamed,    // stays behind because nothing names it: a document may have forgotten it
  unlisted,   // the same, but every browser sends it
  ends_here,  // never forwarded: a credential, or by http/field_table.h
};

// The origin of the request's trace. Other trace fields (tracestate, baggage) are forwarded only with the
// trace.
enum class TraceOrigin : std::uint8_t { own, of_caller };

// Whether a policy has a rule for a cookie of this name; RequestRules::undeclared applies to the others.
bool names_cookie(const RequestRules& rules, const CredentialCarriers& carriers, std::string_view cookie);

// The treatment of each field of one request head. Decided once, by the gate that validates the head; the
// upstream's head and the event are written from it.
class Passages {
 public:
  // Each line of a field that a policy names is forwarded as it is. A field of the table is forwarded as far
  // as the table's grammar can read it. If that is not enough the request is refused: a digest that cannot be
  // read, a precondition whose absence would let a method change more than the caller wanted, a second line
  // of a field with one value, or a field that no rule names if the policy refuses those.
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
  http::Kept keep(http::FieldGrammar grammar, std::string_view value);

  // Of each grammar, the last value that was kept whole. Clients repeat their values from request to request,
  // and a comparison costs a tenth of parsing. clear() keeps them.
  std::array<std::string, http::kFieldGrammarCount> known_;
  std::array<Passage, http::Fields::kCapacity> of_;  // the first of them have been written
  std::vector<Rewritten> rewritten_;
  std::string part_;
  bool any_dropped_ = false;
};

}  // namespace gatehouse
