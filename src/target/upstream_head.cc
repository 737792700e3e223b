#include "target/upstream_head.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/strings.h"
#include "core/cookie_passages.h"
#include "http/cookies.h"
#include "http/media_type.h"
#include "http/query.h"
#include "http/response_writer.h"
#include "http/signed_fields.h"
#include "http/uri.h"

namespace gatehouse::target {
namespace {

// Whether the credential that travels there says `forward: true` and has not proven this principal.
template <typename IsIt>
bool is_unproven(const Call& call, const Principal& principal, ForwardedCredential::Place place,
                 IsIt&& is_it) {
  return std::ranges::any_of(call.forwards.credentials, [&](const ForwardedCredential& one) {
    return one.place == place && is_it(one.name) && !has_proven(principal, one);
  });
}

// Declared cookies in the document's order, then those of the configuration in its own, then others as they
// were sent.
std::size_t rank_of(const RequestRules& rules, std::string_view cookie) {
  const auto place = [&](const std::vector<std::string>& names) {
    return static_cast<std::size_t>(std::ranges::find(names, cookie) - names.begin());
  };
  const std::size_t declared = place(rules.checked_cookies);
  return declared < rules.checked_cookies.size() ? declared : declared + place(rules.forwarded_cookies);
}

// Cookie, written anew of the pairs that go on. Nothing where none does.
void append_cookies(std::string& out, std::string_view value, const Call& call, const Principal& principal) {
  struct Going {
    std::size_t rank;
    http::Cookie cookie;
    Passage passage;
  };
  std::vector<Going> going;
  CookiePassages passages(call.forwards, call.carriers);
  http::CookieReader reader(value);
  while (const auto cookie = reader.next()) {
    const Passage passage = passages.next(*cookie);
    if (passage != Passage::goes_on && passage != Passage::rewritten) continue;
    const auto is_it = [&](const FieldName& name) { return name.text == cookie->name; };
    if (is_unproven(call, principal, ForwardedCredential::Place::cookie, is_it)) continue;
    going.push_back({rank_of(call.forwards, cookie->name), *cookie, passage});
  }
  if (going.empty()) return;
  if (going.size() > 1) std::ranges::stable_sort(going, {}, &Going::rank);
  bool any = false;
  for (const auto& [rank, cookie, passage] : going) {
    out += std::exchange(any, true) ? "; " : "Cookie: ";
    out.append(cookie.name).append("=");
    if (passage == Passage::rewritten) {
      (void)http::append_agreed_value(out, cookie.value);  // the gates refused disputed values
    } else {
      out += cookie.value;
    }
  }
  out += "\r\n";
}

// Written anew from the parsed value, because readers split it in different ways.
void append_content_type(std::string& out, std::string_view value) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/' || c == '+' || c == '-' || c == '.';
  };
  if (std::ranges::all_of(value, is_plain)) {
    http::append_field(out, "Content-Type", value);
    return;
  }
  const auto type = http::parse_media_type(value);
  if (!type) return;  // not reached: the gates have read it
  out += "Content-Type: ";
  http::append_media_type(out, *type);
  out += "\r\n";
}

bool describes_body(http::FieldId id) {
  using enum http::FieldId;
  return id == content_type || id == content_encoding || id == content_language;
}

bool carries_credential(std::string_view name, const Call& call, const Principal& principal) {
  std::string decoded;
  if (name.contains('%') && http::percent_decoded(name, decoded)) name = decoded;
  const auto is_it = [&](const FieldName& one) { return one.text == name; };
  return std::ranges::find(call.carriers.pairs, name) != call.carriers.pairs.end() ||
         is_unproven(call, principal, ForwardedCredential::Place::pair, is_it);
}

// Path and query without the pairs that are credentials, each in its one spelling: the path's letters are
// those of the matched template and of checked values, and no name or value reaches an upstream under an
// encoding that a filter in front of it might not read. What a signature covers goes on as it was sent.
void append_target(std::string& out, const Call& call, const Principal& principal) {
  const bool as_sent = call.forwards.signatures == Signatures::kept || !call.head.target.contains('%');
  const auto append = [&](std::string_view text) {
    if (as_sent) {
      out += text;
    } else {
      http::append_normalized(out, text);
    }
  };
  // The operation's paths begin with it: the router compared it byte by byte, perhaps but for the case.
  const std::size_t stripped = call.forwards.stripped.size();
  if (call.head.query.empty() || (call.carriers.pairs.empty() && call.forwards.credentials.empty())) {
    append(call.head.target.substr(stripped));
    return;
  }
  append(call.head.path.substr(stripped));
  char mark = '?';
  for (const http::QueryPair pair : http::QueryPairs(call.head.query)) {
    if (carries_credential(pair.name, call, principal)) continue;
    out += std::exchange(mark, '&');
    append(pair.name);
    if (pair.has_equals) out += '=';
    append(pair.value);
  }
}

}  // namespace

void write_upstream_head(std::string& out, const Call& call, const Permit& permit, std::string_view host,
                         std::string_view base_path, std::string_view assertion) {
  out += call.head.method_text;
  out += ' ';
  out += base_path;
  append_target(out, call, permit.principal());
  out += " HTTP/1.1\r\n";
  http::append_field(out, "Host", host);
  append_caller(out, call, permit.principal(), assertion);
  if (call.early_data == EarlyData::possible) http::append_field(out, "Early-Data", "1");
  const std::size_t size = permit.request().body_bytes().size();
  const WithBody body = size != 0 || call.upload != nullptr ? WithBody::yes : WithBody::no;
  append_client_fields(out, call, permit.principal(), body);
  if (call.upload != nullptr && !call.upload->length()) {
    http::append_field(out, "Transfer-Encoding", "chunked");
  } else if (call.upload != nullptr) {
    http::append_field(out, "Content-Length", std::to_string(*call.upload->length()));
  } else if (size != 0 || call.head.body.kind != http::BodyKind::none) {
    http::append_field(out, "Content-Length", std::to_string(size));
  }
  out += "\r\n";
}

void append_client_fields(std::string& out, const Call& call, const Principal& principal, WithBody body) {
  const http::Fields& fields = call.head.fields;
  for (std::size_t index = 0; index < fields.size(); ++index) {
    const Passage passage = call.passages[index];
    if (passage != Passage::goes_on && passage != Passage::rewritten) continue;
    const http::Field field = fields[index];
    if (field.id == http::FieldId::cookie) {
      append_cookies(out, field.value, call, principal);
      continue;
    }
    // Fields that describe a body are forwarded only with one: nothing else has checked them, and Django also
    // decodes the query by the charset of Content-Type.
    if (describes_body(field.id) && body == WithBody::no) continue;
    const auto is_it = [&](const FieldName& name) { return name.is(field); };
    const bool is_signature = call.forwards.signatures == Signatures::kept &&
                              field.id == http::FieldId::authorization && http::is_aws_signature(field.value);
    if (!is_signature && is_unproven(call, principal, ForwardedCredential::Place::field, is_it)) continue;
    if (field.id == http::FieldId::content_type) {
      append_content_type(out, field.value);
      continue;
    }
    http::append_field(out, field.name,
                       passage == Passage::goes_on ? field.value : call.passages.rewritten(index));
  }
}

void append_caller(std::string& out, const Call& call, const Principal& principal,
                   std::string_view assertion) {
  http::append_field(out, "X-Request-Id", call.request_id);
  const std::array<char, 55> traceparent = call.trace.traceparent();
  http::append_field(out, "traceparent", {traceparent.data(), traceparent.size()});
  http::append_field(out, "X-Forwarded-For", call.client_text);
  http::append_field(out, "X-Forwarded-Proto", "https");
  if (!call.authority.empty()) http::append_field(out, "X-Forwarded-Host", call.authority);
  if (!call.forwards.stripped.empty()) http::append_field(out, "X-Forwarded-Prefix", call.forwards.stripped);
  out += principal->upstream_fields();
  // Each as scheme=id: the name of a scheme has no `=`.
  for (bool another = false; const IdentityPointer& one : principal.beside()) {
    out += std::exchange(another, true) ? "," : "Gatehouse-Beside: ";
    append_encoded(out, one->scheme);
    out += '=';
    append_encoded(out, one->id);
  }
  if (!principal.beside().empty()) out += "\r\n";
  if (!assertion.empty()) http::append_field(out, "Gatehouse-Assertion", assertion);
}

}  // namespace gatehouse::target
