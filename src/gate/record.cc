#include "gate/record.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/strings.h"
#include "core/cookie_passages.h"
#include "core/secret_forms.h"
#include "http/characters.h"
#include "http/cookies.h"
#include "http/served_names.h"

namespace gatehouse::gate {
namespace {

constexpr std::size_t kLongestPath = 256;  // bytes, of one that no operation answers
constexpr std::string_view kRedacted = "[redacted]";
constexpr std::string_view kUnnamedCookie = "(unnamed)";  // no token, so that no caller can send it

// A value that a parameter's name and the document give; numbers and booleans as they were written.
std::string_view scalar(json::Value value) {
  switch (value.kind()) {
    case json::Kind::string: return value.string();
    case json::Kind::number: return value.literal();
    case json::Kind::boolean: return value.boolean() ? "true" : "false";
    default: return "…";
  }
}

void collect(const json::Document& parameters, std::string_view kind, const std::vector<std::string>& names,
             std::vector<Attribute>& into) {
  into.clear();
  if (names.empty() || parameters.empty()) return;
  const auto group = parameters.root().find(kind);
  if (!group) return;
  for (const std::string& name : names) {
    const auto value = group->find(name);
    if (!value) continue;
    const std::string_view text = scalar(*value);
    // A live key in a path is a secret, whosever it is.
    into.push_back({name, holds_credential(text) ? kRedacted : text});
  }
}

// How many names there are among these, without regard to case.
std::size_t count_names(std::vector<std::string>& names) {
  for (std::string& name : names) std::ranges::transform(name, name.begin(), ascii_lower);
  std::ranges::sort(names);
  return static_cast<std::size_t>(std::ranges::unique(names).begin() - names.begin());
}

Proven proven_of(const Identity& identity) {
  return {identity.recorded_id.empty() ? identity.id : identity.recorded_id, identity.scheme, identity.issuer,
          identity.recorded_credential_id.empty() ? identity.credential_id : identity.recorded_credential_id};
}

// The text without parts with the form of a credential; `kept` holds it if it differs.
std::string_view shown(std::string_view text, std::string& kept) {
  if (!holds_credential(text)) return text;
  kept = without_credentials(text);
  return kept;
}

// Of a path that no operation answers, which may hold anything: the segments that are words or numbers.
// Others may be secrets, such as the token of a link. `kept` holds the text.
std::string_view shown_path(std::string_view path, std::string& kept) {
  constexpr std::size_t kLongestSegment = 32;
  const auto is_word = [](char c) {
    return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '_' || c == '.';
  };
  kept.clear();
  while (!path.empty() && kept.size() < kLongestPath) {
    path.remove_prefix(path.starts_with('/') ? 1 : 0);
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    const std::string_view number = segment.substr(segment.starts_with('v') ? 1 : 0);  // 42, v2
    const bool plain = segment.size() <= kLongestSegment &&
                       (std::ranges::all_of(segment, is_word) || std::ranges::all_of(number, is_digit));
    kept.append("/").append(plain ? segment : kRedacted);
  }
  return std::string_view(kept).substr(0, kLongestPath);
}

// The name of a cookie in an event: never a possible value. Empty if there is nothing to name.
std::string_view shown_name(const http::Cookie& cookie) {
  if (!cookie.name.empty() || trimmed(cookie.piece).empty()) return cookie.name;
  const auto equals = cookie.piece.find('=');  // `a=1;b=2`: not behind `; `
  const std::string_view name = trimmed(cookie.piece.substr(0, equals));
  const bool has_one =
      equals != std::string_view::npos && !name.empty() && http::all(name, http::kTokenCharacter);
  return has_one ? name : kUnnamedCookie;
}

Outcome outcome_of(const Ending& ending) {
  if (!ending.refusal) return Outcome::allowed;
  if (ending.refusal->reason == Reason::upstream_refusal) return Outcome::upstream;
  // Behind the gates a refusal is a failure, unless it is about the caller's input: no such row, no such
  // search. The status does not show it: a caller that left got none, and an answer that breaks off had begun
  // as 200.
  const Stage stage = ending.refusal->stage();
  const bool behind_the_gates = stage == Stage::call || stage == Stage::respond;
  return behind_the_gates && text_of(ending.refusal->answer).status >= 500 ? Outcome::failed
                                                                           : Outcome::refused;
}

}  // namespace

// The error, or else the parts of the input that did not match their declaration: places and rules, as
// `details` shows to proven callers.
std::string_view EventBuilder::detail_of(const Exchange& exchange) {
  if (!exchange.detail.empty()) return exchange.detail;
  if (!exchange.report.detail.empty() || !exchange.report.said.empty()) return exchange.report.detail;
  findings_.clear();
  for (const schema::Finding& finding : exchange.findings) {
    if (!findings_.empty()) findings_ += ", ";
    std::string_view at = finding.at;
    // The pointer of a parameter says itself where it travels: /query/limit.
    if (exchange.findings_in.empty() && at.starts_with('/')) at.remove_prefix(1);
    const bool is_other = finding.rule == "undeclared" && at.ends_with("/*") && !exchange.undeclared.empty();
    if (is_other) at.remove_suffix(1);
    findings_.append(exchange.findings_in).append(at);
    if (is_other) findings_.append(exchange.undeclared);
    findings_.append(": ").append(finding.rule);
  }
  return findings_;
}

// The names that were not forwarded because neither the operation nor the configuration names them, or
// because the value could not be read or was ambiguous.
void EventBuilder::collect_dropped(const Exchange& exchange) {
  constexpr std::size_t kMost = 16;
  const policy::PolicySet& set = *exchange.policy;
  const RequestRules& rules = exchange.checked.operation()->forwards;
  std::vector<std::string> further;
  const auto add = [&](std::string_view kind, std::string_view name) {
    if (name.empty()) return;
    std::string text(kind);
    text += holds_credential(name) ? kRedacted : name;
    const bool again =
        std::ranges::any_of(dropped_, [&](const std::string& one) { return equal_ignoring_case(one, text); });
    if (!again) (dropped_.size() < kMost ? dropped_ : further).push_back(std::move(text));
  };
  const http::Fields& fields = exchange.head.fields;
  for (std::size_t index = 0; exchange.passages.any_dropped() && index < fields.size(); ++index) {
    const Passage passage = exchange.passages[index];
    if (passage == Passage::unnamed || passage == Passage::left_out) add({}, fields[index].name);
  }
  if (const auto cookies = fields.value(http::FieldId::cookie)) {
    CookiePassages passages(rules, set.carriers);
    http::CookieReader reader(*cookies);
    while (const auto cookie = reader.next()) {
      const Passage passage = passages.next(*cookie);
      if (passage != Passage::unnamed && passage != Passage::left_out) continue;
      const std::string_view name = shown_name(*cookie);
      if (std::ranges::find(set.carriers.cookies, name) == set.carriers.cookies.end()) add("cookie:", name);
    }
  }
  if (!further.empty()) dropped_.push_back(fmt::format("and {} more", count_names(further)));
}

// A text without the form of a credential has proven no principal, and no target has seen it: the carriers of
// credentials are not forwarded. A caller could only choose by it the words of a handler's that are withheld.
void EventBuilder::collect_credentials(const Exchange& exchange) {
  credentials_.clear();
  for (std::size_t i = 0; i < exchange.credentials.size(); ++i) {
    const std::string_view one = exchange.credentials[i];
    if (i >= exchange.carried || one == exchange.peer->certificate || holds_credential(one))
      credentials_.push_back(one);
  }
}

Event EventBuilder::build(const Exchange& exchange, const Ending& ending, MonotonicTime now) {
  Event event;
  event.time = exchange.received;
  if (exchange.id) event.request_id = exchange.id->text();
  trace_ = exchange.trace.trace_id_text();
  event.trace_id = {trace_.data(), trace_.size()};
  event.sent_id = shown(exchange.sent_id, sent_id_);
  if (exchange.caller_trace) {
    caller_trace_ = exchange.caller_trace->trace_id_text();
    event.caller_trace_id = {caller_trace_.data(), caller_trace_.size()};
  }
  event.client = exchange.client;
  if (exchange.policy->routes.tells_hosts()) event.host = http::host_in(exchange.authority);
  event.method =
      exchange.head.method == http::Method::other ? std::string_view("_OTHER") : name(exchange.head.method);
  if (exchange.checked.operation() != nullptr) {
    const policy::Operation& operation = *exchange.checked.operation();
    event.route = operation.route;
    event.operation = operation.name;
    event.sensitive = operation.sensitive;
    collect(exchange.parameters, "path", operation.logged_path, resource_);
    collect(exchange.parameters, "query", operation.logged_query, query_);
    event.resource = resource_;
    event.query = query_;
  }
  if (exchange.checked.operation() == nullptr) event.path = shown_path(exchange.head.path, path_);
  dropped_.clear();
  if (exchange.checked.operation() != nullptr && exchange.checked.operation()->upstream() != nullptr &&
      (!ending.refusal || ending.refusal->stage() == Stage::call)) {
    collect_dropped(exchange);
  }
  event.dropped = dropped_;
  also_.clear();
  for (const IdentityPointer& identity : exchange.proven) also_.push_back(proven_of(*identity));
  // No principal, or one whose credential ended while the request was under way.
  if (also_.empty() && exchange.checked.principal())
    also_.push_back(proven_of(exchange.checked.principal()->identity()));
  if (!also_.empty()) {
    event.user_id = also_.front().user_id;
    event.scheme = also_.front().scheme;
    event.issuer = also_.front().issuer;
    event.credential_id = also_.front().credential_id;
    event.also = std::span(also_).subspan(1);
  }
  event.outcome = outcome_of(ending);
  // Without an operation nothing was called: the route says which methods the path has.
  event.stage = ending.refusal                            ? ending.refusal->stage()
                : exchange.checked.operation() == nullptr ? Stage::route
                                                          : Stage::call;
  if (ending.refusal) {
    event.reason = facts_of(ending.refusal->reason).name;
    event.rule = ending.refusal->rule;
  } else if (exchange.checked.operation() != nullptr) {
    event.rule = exchange.checked.operation()->permission_rule;
  }
  if (ending.cut) {
    event.stage = facts_of(*ending.cut).stage;
    event.reason = facts_of(*ending.cut).name;
  }
  // Its answer broke off after its head: so may its work have.
  const bool broke_off = exchange.effect == Effect::done && event.outcome == Outcome::failed &&
                         exchange.checked.operation()->upstream() != nullptr;
  event.effect = broke_off ? Effect::unknown : exchange.effect;
  event.status = ending.status;
  event.duration = now - exchange.started;
  event.request_body_size = exchange.body_bytes;
  event.response_body_size = ending.response_bytes;
  event.upstream = exchange.report.upstream;
  event.upstream_status = exchange.report.upstream_status;
  event.detail = shown(detail_of(exchange), detail_);
  event.said = exchange.marked == MarkedSecrets::too_many && !exchange.report.said.empty()
                   ? kRedacted
                   : shown(exchange.report.said, said_);
  if (!event.said.empty()) {
    collect_credentials(exchange);
    event.credentials = credentials_;
  }
  return event;
}

Event EventBuilder::build_intent(const Exchange& exchange, MonotonicTime now) {
  Event event = build(exchange, {}, now);
  event.name = kIntent;
  event.outcome = Outcome::open;
  // Where the target finds the object, it asks the conditions too.
  if (exchange.checked.operation()->placement != policy::ConditionPlacement::before_call)
    event.stage = Stage::authorise;
  return event;
}

}  // namespace gatehouse::gate
