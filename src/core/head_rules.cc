#include "core/head_rules.h"

#include <algorithm>

#include "base/strings.h"
#include "core/identity.h"
#include "core/secret_forms.h"
#include "http/characters.h"
#include "http/name_folding.h"
#include "http/request.h"
#include "http/signed_fields.h"
#include "http/uri.h"

namespace gatehouse {
namespace {

// Whether an earlier line is one of the field too.
template <typename Is>
bool repeats(const http::Fields& fields, std::size_t index, Is&& is) {
  for (std::size_t i = 0; i < index; ++i) {
    if (is(fields[i])) return true;
  }
  return false;
}

// Whether a request must not go on without it: RFC 9530 lets the recipient act on a digest, and a method that
// changes something would do so unconditionally without its precondition (RFC 9110 section 13.1).
bool is_needed(http::FieldId id, http::Method method) {
  using enum http::FieldId;
  if (id == content_digest || id == repr_digest) return true;
  const bool changes =
      method != http::Method::get && method != http::Method::head && method != http::Method::options;
  return changes && (id == if_match || id == if_none_match || id == if_unmodified_since);
}

const FieldName* name_in(const std::vector<FieldName>& names, const http::Field& field) {
  const auto found = std::ranges::find_if(names, [&](const FieldName& name) { return name.is(field); });
  return found == names.end() ? nullptr : &*found;
}
bool is_named_in(const std::vector<FieldName>& names, const http::Field& field) {
  return name_in(names, field) != nullptr;
}

bool same_name(const http::Field& a, const http::Field& b) {
  return a.id == b.id && (!http::name(a.id).empty() || equal_ignoring_case(a.name, b.name));
}

// Whether a second line of a forwarded field is refused: two readers could use different values. A
// parameter's schema decides about its own lines, and a list has several.
bool is_single(const RequestRules& rules, const http::Field& field) {
  if (is_named_in(rules.single, field)) return true;
  const bool unnamed_goes_on = rules.undeclared == Undeclared::forward ||
                               (rules.signatures == Signatures::kept && field.id == http::FieldId::x_amz);
  return unnamed_goes_on && !is_named_in(rules.fields, field) && !http::is_list(http::grammar(field.id));
}

// The origin of a Referer; empty where it is not the URL of a page.
std::string origin_of(std::string_view referer) {
  const auto url = http::parse_url(referer);
  return url ? url->origin() + "/" : std::string();
}

// Whether the page's URL has a pair in which a scheme has its credential, under any spelling that a server
// could read as its name, or a text with the form of a key or a token.
bool may_show_credential(std::string_view url, const CredentialCarriers& carriers) {
  std::string text;
  if (!http::percent_decoded(url, text) || text.contains('%'))
    return true;  // encoded twice: no name of a pair
  std::ranges::transform(text, text.begin(), ascii_lower);
  if (text.contains("gh_") || text.contains("eyj") || holds_credential(url)) return true;
  for (std::size_t at = text.find_first_of("?&;#"); at != std::string::npos;
       at = text.find_first_of("?&;#", at)) {
    ++at;
    const std::string_view name = std::string_view(text).substr(at, text.find_first_of("=[&;#", at) - at);
    const auto is_it = [&](const std::string& carrier) { return http::pair_alike(carrier, name); };
    if (std::ranges::any_of(carriers.pairs, is_it)) return true;
  }
  return false;
}

// Whether an unnamed field may go on by `undeclared: forward`: a trace is the configuration's to continue,
// and two names that CGI, WSGI or Rack read as one would give the upstream either value.
bool goes_on_unnamed(const http::Field& field) {
  using enum http::FieldId;
  const bool is_trace =
      field.id == b3 || field.id == x_b3 || field.id == uber_trace_id || field.id == sentry_trace;
  return !is_trace && std::ranges::all_of(field.name, [](char c) {
    return c == '-' || (http::is(c, http::kUnreserved) && c != '.' && c != '_' && c != '~');
  });
}

// Passage::rewritten: the table lets it go on, and its value is to be read by the table's grammar.
Passage passage_by_name(const http::Field& field, Via via, TraceOrigin trace,
                        const CredentialCarriers& carriers, const RequestRules& rules) {
  using http::FieldId;
  if (is_named_in(rules.set, field)) return Passage::ends_here;
  const bool kept = rules.signatures == Signatures::kept;
  if (field.id == FieldId::authorization) {
    if (kept && http::is_aws_signature(field.value)) return Passage::goes_on;
    return carriers.authorization == CredentialCarriers::Authorization::goes_on ? Passage::goes_on
                                                                                : Passage::ends_here;
  }
  const http::ToUpstream column = http::to_upstream(field.id);
  if (column == http::ToUpstream::ends_here) return Passage::ends_here;
  if (via == Via::client && is_named_in(rules.of_proxies, field)) return Passage::unnamed;
  if (trace == TraceOrigin::own && (field.id == FieldId::tracestate || field.id == FieldId::baggage))
    return Passage::left_out;
  if (column == http::ToUpstream::goes_on) {
    if (is_named_in(carriers.fields, field)) return Passage::ends_here;
    // Content-Type was read with the body, and Cookie is written anew pair by pair.
    if (field.id == FieldId::content_type || field.id == FieldId::cookie || is_named_in(rules.fields, field))
      return Passage::goes_on;
    const bool unwanted = field.id == FieldId::user_agent && rules.user_agent == UserAgentPassage::drop;
    return unwanted ? Passage::unlisted : Passage::rewritten;
  }
  // By `referer` alone, declared or not: URLs show credentials.
  if (field.id == FieldId::referer && !is_named_in(carriers.fields, field))
    return rules.referer == RefererPassage::drop ? Passage::unlisted : Passage::rewritten;
  if (is_named_in(rules.fields, field)) return Passage::goes_on;
  if (is_named_in(carriers.fields, field)) return Passage::ends_here;
  if (kept && field.id == FieldId::x_amz) return Passage::goes_on;
  if (rules.undeclared == Undeclared::forward && goes_on_unnamed(field)) return Passage::goes_on;
  return column == http::ToUpstream::browsers ? Passage::unlisted : Passage::unnamed;
}

}  // namespace

std::optional<Passages::Refused> Passages::decide(const http::RequestHead& head, Via via, TraceOrigin trace,
                                                  const CredentialCarriers& carriers,
                                                  const RequestRules& rules) {
  clear();
  const http::Fields& fields = head.fields;
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const http::Field field = fields[index];
    Passage passage = passage_by_name(field, via, trace, carriers, rules);
    if (passage == Passage::rewritten) {
      passage = field.id == http::FieldId::referer ? of_referer(field.value, index, carriers, rules.referer)
                                                   : by_grammar(fields, index);
      if (passage == Passage::left_out && is_needed(field.id, head.method)) return Refused{index, "format"};
    } else if (passage == Passage::goes_on) {
      if (is_single(rules, field) &&
          repeats(fields, index, [&](const http::Field& one) { return same_name(one, field); }))
        return Refused{index, "repeated"};
    }
    if (passage == Passage::unnamed && rules.undeclared == Undeclared::refuse)
      return Refused{index, "undeclared"};
    of_[index] = passage;
    any_dropped_ = any_dropped_ || passage == Passage::left_out || passage == Passage::unnamed;
  }
  if (any_dropped_ && fields.has(http::FieldId::range)) leave_range_without_its_condition(fields);
  return std::nullopt;
}

// Without its precondition a range would apply to any current version, and the client would join the parts of
// two. Without a range the whole is always right (RFC 9110 section 14.2).
void Passages::leave_range_without_its_condition(const http::Fields& fields) {
  using enum http::FieldId;
  bool condition_left = false;
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const http::FieldId id = fields[index].id;
    condition_left = condition_left || (of_[index] == Passage::left_out &&
                                        (id == if_range || id == if_match || id == if_unmodified_since));
  }
  for (std::size_t index = 0; condition_left && index < fields.size(); ++index) {
    if (fields[index].id == range) of_[index] = Passage::left_out;
  }
}

Passage Passages::of_referer(std::string_view value, std::size_t index, const CredentialCarriers& carriers,
                             RefererPassage passage) {
  std::string origin = origin_of(value);
  if (origin.empty()) return Passage::left_out;
  if (passage == RefererPassage::full && !may_show_credential(value, carriers)) return Passage::goes_on;
  rewritten_.push_back({index, std::move(origin)});
  return Passage::rewritten;
}

Passage Passages::by_grammar(const http::Fields& fields, std::size_t index) {
  const http::Field field = fields[index];
  std::string joined;
  std::string_view value = field.value;
  if (fields.repeated(field.id)) {  // its lines are one list (RFC 9110 section 5.3)
    if (repeats(fields, index, [&](const http::Field& one) { return one.id == field.id; }))
      return Passage::joined;
    for (const http::Field line : fields) {
      if (line.id == field.id) joined.append(joined.empty() ? "" : ", ").append(line.value);
    }
    value = joined;
  }
  switch (keep(http::grammar(field.id), value)) {
    case http::Kept::nothing: return Passage::left_out;
    case http::Kept::part: rewritten_.push_back({index, part_}); return Passage::rewritten;
    case http::Kept::whole: break;
  }
  if (joined.empty()) return Passage::goes_on;
  rewritten_.push_back({index, std::move(joined)});
  return Passage::rewritten;
}

http::Kept Passages::keep(http::FieldGrammar grammar, std::string_view value) {
  std::string& known = known_[static_cast<std::size_t>(grammar)];
  if (!known.empty() && value == known) return http::Kept::whole;
  part_.clear();
  const http::Kept kept = http::keep(grammar, value, part_);
  constexpr std::size_t kLongest = 256;
  if (kept == http::Kept::whole && value.size() <= kLongest) known = value;
  return kept;
}

bool has_proven(const Principal& principal, const ForwardedCredential& credential) {
  const auto by = [&](const Identity& who) {
    return who.kind != PrincipalKind::anonymous &&
           std::ranges::find(credential.authenticators, who.authenticator) != credential.authenticators.end();
  };
  return by(principal.identity()) ||
         std::ranges::any_of(principal.beside(), [&](const IdentityPointer& who) { return by(*who); });
}

bool names_cookie(const RequestRules& rules, const CredentialCarriers& carriers, std::string_view cookie) {
  const auto is_among = [&](const std::vector<std::string>& names) {
    return std::ranges::find(names, cookie) != names.end();
  };
  return is_among(rules.checked_cookies) || is_among(rules.forwarded_cookies) || is_among(carriers.cookies);
}

std::string_view Passages::rewritten(std::size_t index) const {
  return std::ranges::find(rewritten_, index, &Rewritten::index)->value;
}

}  // namespace gatehouse
