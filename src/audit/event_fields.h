// The members of an event, in the order in which they stand in its line: one entry for each. The encoder
// writes what this list says, event_line.h reads it, `gatehouse log` filters by it, code that reads events
// names only members that are in it (FieldName), and docs/events.md has it as a table.
//
// To add one: a member of Event (core/event.h), and an entry here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/event.h"

namespace gatehouse::audit {

// What the value is in JSON.
enum class Form : std::uint8_t {
  time,          // text: RFC 3339, in UTC, with six digits of the second
  text,          // at most kLongestText bytes
  id,            // text of at most kLongestId bytes
  word,          // text of a closed list
  address,       // text: an IP address
  number,        // whole
  milliseconds,  // number with three decimals
  attributes,    // object: texts by their names
  names,         // list of texts
  people,        // list of objects: the other principals
  detail,        // text of at most kLongestDetail bytes for each of its two parts
};

enum class Presence : std::uint8_t {
  always,      // null where there is nothing
  when_known,  // left out where there is nothing
};

// What `gatehouse log` may be asked for: the events whose member is this text.
struct Filter {
  std::string_view option = {};                      // without `--`; empty: it has none
  std::string_view help = {};                        // literal, as is the option
  bool (*allows)(std::string_view value) = nullptr;  // null: any text
  std::string_view allowed = {};                     // which those are, for a message
};

struct FieldFacts {
  std::string_view name;
  Form form;
  Presence presence;
  Filter filter;
  std::string_view meaning;  // one sentence for the table in docs/events.md, Markdown
};

// `Get`: of an Event, the value; nothing, empty or null where there is none.
template <typename Get>
struct Field : FieldFacts {
  Get get;
};
template <typename Get>
constexpr Field<Get> field(std::string_view name, Form form, Presence presence, Get get,
                           std::string_view meaning, Filter filter = {}) {
  return {{name, form, presence, filter, meaning}, get};
}

// ---- values that are not one member of Event

// Objects with a type of their own, and no functions: so they are inlined where the list is unrolled.

inline constexpr auto client_of = [](const Event& event) {
  return event.has_client ? &event.client : nullptr;
};
inline constexpr auto outcome_of = [](const Event& event) { return name(event.outcome); };
inline constexpr auto stage_of = [](const Event& event) { return name(event.stage); };
inline constexpr auto effect_of = [](const Event& event) {
  return event.sensitive.empty() || event.outcome == Outcome::open ? std::string_view() : name(event.effect);
};
inline constexpr auto status_of = [](const Event& event) {
  return event.status == 0 ? std::nullopt : std::optional<std::uint64_t>(event.status);
};
inline constexpr auto upstream_status_of = [](const Event& event) {
  return event.upstream.empty() ? std::nullopt : std::optional<std::uint64_t>(event.upstream_status);
};
inline constexpr auto detail_of = [](const Event& event) {
  return event.detail.empty() && event.said.empty() ? nullptr : &event;
};

bool is_outcome(std::string_view text);  // that a request may have
bool is_reason(std::string_view text);

// ---- the list

inline constexpr std::tuple kEventFields{
    field("time", Form::time, Presence::always, &Event::time, "the time at which the request began, UTC"),
    field("event.name", Form::text, Presence::always, &Event::name, "[the kind of event](#names-of-events)"),
    field("request.id", Form::text, Presence::always, &Event::request_id,
          "the correlation id: in the answer as `correlation_id` and `X-Request-Id`, and to the upstream"),
    field("trace.id", Form::text, Presence::always, &Event::trace_id,
          "of `traceparent`: the caller's if the configuration trusts it (`tracing`), else a new one"),
    field("request.sent.id", Form::text, Presence::when_known, &Event::sent_id,
          "`X-Request-Id` as the sender wrote it; a trusted proxy's is the one that the upstream gets",
          {"sent-id", "Only requests with this X-Request-Id of the sender"}),
    field("trace.caller.id", Form::text, Presence::when_known, &Event::caller_trace_id,
          "the caller's trace if it was not continued"),
    field("client.address", Form::address, Presence::always, client_of,
          "the peer's address, or the client's address as a trusted proxy states it",
          {"ip", "Only this address, or a network such as 10.0.0.0/8"}),
    field("server.address", Form::text, Presence::when_known, &Event::host,
          "the host that the request asked for, if [`openapi`](documents.md) has documents for some `hosts` "
          "only",
          {"host", "Only requests for this host, such as api.example.com"}),
    field("http.request.method", Form::text, Presence::always, &Event::method,
          "`_OTHER` for a method that HTTP does not define, and for bytes that are not HTTP"),
    field("http.route", Form::text, Presence::always, &Event::route,
          "the path's template, never the path as sent"),
    field("url.path", Form::text, Presence::when_known, &Event::path,
          "the path, if no operation answers it: at most 256 bytes; `[redacted]` stands for each segment "
          "that is "
          "not a word or a number, because it may be a secret"),
    field("operation", Form::text, Presence::always, &Event::operation, "the operation, if one was found",
          {"operation", "Only this operation, such as getOrder"}),
    field("resource", Form::attributes, Presence::always, &Event::resource,
          "path parameters as checked, [except those with a secret](#values-that-are-never-in-an-event)"),
    field("query", Form::attributes, Presence::when_known, &Event::query,
          "only parameters with `x-gatehouse: {log: true}`; a parameter with a secret must not have it"),
    field("http.request.dropped", Form::names, Presence::when_known, &Event::dropped,
          "names of the client's fields and cookies that were [not forwarded to the "
          "upstream](#dropped-names); never their values"),
    field("user.id", Form::id, Presence::always, &Event::user_id,
          "the proven principal, also in refused requests",
          {"user", "Only this principal, such as partner:acme"}),
    field("auth.scheme", Form::text, Presence::always, &Event::scheme, "the authenticator that proved it"),
    field("auth.issuer", Form::text, Presence::always, &Event::issuer, "the credential's issuer"),
    field("auth.credential.id", Form::text, Presence::always, &Event::credential_id,
          "the id of the credential, never the credential; an id that has the form of a credential itself is "
          "shown as `sha256:` and its digest"),
    field("auth.also", Form::people, Presence::when_known, &Event::also,
          "other principals that the same request has proven: a list of objects with those four members"),
    field("outcome", Form::word, Presence::always, outcome_of,
          "`allowed`: the operation was done, also if the client left before it had the answer; `refused`: "
          "by a gate; `upstream`: by the upstream, whose answer the document does not declare; `failed`: "
          "behind "
          "the gates",
          {"outcome", "Only requests with this outcome: allowed, refused, upstream or failed", is_outcome,
           "allowed, refused, upstream or failed"}),
    field("stage", Form::word, Presence::always, stage_of, "the gate that decided"),
    field("reason", Form::text, Presence::always, &Event::reason,
          "[the reason](#reasons); if the request was allowed, `null`, or the reason for an incomplete "
          "answer (`client_gone`, `client_slow`, `draining`)",
          {"reason", "Only this reason, such as condition_false", is_reason,
           "a reason of docs/events.md, such as condition_false"}),
    field("rule", Form::text, Presence::always, &Event::rule, "the rule of the configuration that decided"),
    field("sensitive", Form::text, Presence::always, &Event::sensitive,
          "the value of the operation's `sensitive` ([below](#sensitive-operations))"),
    field("effect", Form::word, Presence::when_known, effect_of,
          "`none`, `done` or `unknown`: the effect of a sensitive operation; not in its intent"),
    field("http.response.status_code", Form::number, Presence::always, status_of,
          "the status of the answer; `null` if none was sent",
          {"status", "Only this status, or all of a class, such as 4xx"}),
    field("duration_ms", Form::milliseconds, Presence::always, &Event::duration,
          "the duration in milliseconds"),
    field("http.request.body.size", Form::number, Presence::always, &Event::request_body_size,
          "the bytes of the request's body that arrived, also if it was refused or incomplete (of a chunked "
          "body: the decoded bytes)"),
    field("http.response.body.size", Form::number, Presence::always, &Event::response_body_size,
          "the bytes of the answer's body that were written to the connection"),
    field("upstream.name", Form::text, Presence::when_known, &Event::upstream,
          "the upstream, if one was called"),
    field("upstream.status_code", Form::number, Presence::when_known, upstream_status_of,
          "the status of the upstream's answer; 0 if there was none"),
    field("detail", Form::detail, Presence::when_known, detail_of,
          "more for operators: the part of the input that did not match its declaration, the error of the "
          "database or the network"),
};

inline constexpr std::size_t kEventFieldCount = std::tuple_size_v<decltype(kEventFields)>;

// The list without the getters.
inline constexpr std::array<FieldFacts, kEventFieldCount> kFieldFacts = std::apply(
    [](const auto&... one) { return std::array<FieldFacts, kEventFieldCount>{one...}; }, kEventFields);

// What stands before the value of field I in a line: `,"user.id":`.
template <std::size_t I>
inline constexpr auto kFieldKey = [] {
  constexpr std::string_view kName = kFieldFacts[I].name;
  std::array<char, kName.size() + 4> key{};
  std::size_t at = 0;
  key[at++] = I == 0 ? '{' : ',';
  key[at++] = '"';
  for (const char c : kName) key[at++] = c;
  key[at++] = '"';
  key[at++] = ':';
  return key;
}();

// The name of a member of events. One that is not in the list does not compile.
class FieldName {
 public:
  template <std::size_t N>
  consteval FieldName(const char (&name)[N]) : index_(find({name, N - 1})) {}  // NOLINT: implicit on purpose
  static constexpr FieldName at(std::size_t index) { return FieldName(index); }  // less than kEventFieldCount

  constexpr std::size_t index() const { return index_; }
  constexpr operator std::string_view() const { return kFieldFacts[index_].name; }  // NOLINT: as above

 private:
  constexpr explicit FieldName(std::size_t index) : index_(index) {}
  static consteval std::size_t find(std::string_view name) {
    std::size_t i = 0;
    while (kFieldFacts[i].name != name) ++i;  // beyond the list: no constant expression
    return i;
  }
  std::size_t index_;
};

}  // namespace gatehouse::audit
