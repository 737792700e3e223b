#include "target/upstream_head.h"

#include <algorithm>
#include <array>
#include <span>

#include "base/strings.h"
#include "http/query.h"
#include "http/response_writer.h"

namespace gatehouse::target {
namespace {

// A principal's id may hold any text; in a header it is percent-encoded where it is not visible ASCII.
void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto plain = [](char c) { return c > ' ' && c < 0x7f && c != '%' && c != ','; };
  if (std::all_of(text.begin(), text.end(), plain)) {
    out += text;
    return;
  }
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (plain(c)) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
}

// Fields that would let a caller choose another method, path or host behind the gates' back.
bool overrides_request(std::string_view name) {
  constexpr std::string_view kOverrides[] = {
      "x-http-method-override", "x-http-method", "x-method-override", "x-original-url", "x-rewrite-url",
      "x-original-uri",         "x-host",        "x-original-host"};
  // CGI-like servers read `X_Original_URL` as the same field.
  const auto same = [](char known, char c) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    return known == lower || (known == '-' && (lower == '_' || lower == '.' || lower == '~'));
  };
  return std::any_of(std::begin(kOverrides), std::end(kOverrides), [&](std::string_view known) {
    return std::equal(known.begin(), known.end(), name.begin(), name.end(), same);
  });
}

// Whether a request field goes on. Identity comes from Gatehouse alone, and credentials end here.
bool may_enter(const http::Field& field, const Call& call) {
  using enum http::FieldId;
  switch (field.id) {
    case host:
    case content_length:
    case expect:
    case forwarded:
    case x_forwarded_for:
    case x_forwarded:
    case x_real_ip:
    case x_request_id:
    case traceparent:
    case gatehouse:
    case proxy_authorization:
    case via:
    case max_forwards: return false;
    default: break;
  }
  if (http::is_hop_by_hop(field.id)) return false;
  if (field.id != other && field.id != authorization && field.id != x_csrf_token) return true;
  for (const std::string_view credential : call.credential_fields) {
    if (equal_ignoring_case(field.name, credential)) return false;
  }
  return field.id != other || !overrides_request(field.name);
}

// The cookies but for those that carried a verified credential; nothing where no other is left.
void append_cookies(std::string& out, const http::Field& field, const Call& call) {
  const std::size_t before = out.size();
  bool any = false;
  out += field.name;
  for (std::string_view rest = field.value; !rest.empty();) {
    const auto end = rest.find(';');
    const std::string_view pair = trimmed(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (std::ranges::find(call.credential_cookies, pair.substr(0, pair.find('='))) !=
        call.credential_cookies.end()) {
      continue;
    }
    out += any ? "; " : ": ";
    out += pair;
    any = true;
  }
  if (any) {
    out += "\r\n";
  } else {
    out.resize(before);
  }
}

// Path and query as they came, but for the pairs that were credentials.
void append_target(std::string& out, const Call& call) {
  if (call.credential_pairs.empty()) {
    out += call.head.target;
    return;
  }
  out += call.head.path;
  char mark = '?';
  for (const http::QueryPair pair : http::QueryPairs(call.head.query)) {
    if (std::ranges::find(call.credential_pairs, pair.name) != call.credential_pairs.end()) continue;
    out += std::exchange(mark, '&');
    out += pair.name;
    if (pair.has_equals) out += '=';
    out += pair.value;
  }
}

}  // namespace

void write_upstream_head(std::string& out, const Call& call, const Permit& permit, const Input& input,
                         std::string_view host, std::string_view base_path, std::string_view assertion) {
  out += call.head.method_text;
  out += ' ';
  out += base_path;
  append_target(out, call);
  out += " HTTP/1.1\r\n";
  http::append_field(out, "Host", host);
  for (const http::Field field : call.head.fields) {
    if (field.id == http::FieldId::cookie && !call.credential_cookies.empty()) {
      append_cookies(out, field, call);
    } else if (may_enter(field, call)) {
      http::append_field(out, field.name, field.value);
    }
  }
  append_caller(out, call, permit.principal(), assertion);
  const bool has_body = call.head.body.kind != http::BodyKind::none;
  if (has_body || !input.body_bytes().empty()) {
    http::append_field(out, "Content-Length", std::to_string(input.body_bytes().size()));
  }
  out += "\r\n";
}

void append_caller(std::string& out, const Call& call, const Principal& principal,
                   std::string_view assertion) {
  http::append_field(out, "X-Request-Id", call.request_id);
  const std::array<char, 55> traceparent = call.trace.traceparent();
  http::append_field(out, "traceparent", {traceparent.data(), traceparent.size()});
  http::append_field(out, "X-Forwarded-For", call.client_text);
  http::append_field(out, "X-Forwarded-Proto", "https");
  // Nobody's name is the absence of one: a principal could be called `anonymous`.
  if (!principal.is_anonymous()) {
    out += "Gatehouse-Principal: ";
    append_encoded(out, principal->id);
    out += "\r\nGatehouse-Roles: ";
    bool first = true;
    for (const std::string& role : principal->roles) {
      if (!first) out += ',';
      first = false;
      append_encoded(out, role);
    }
    out += "\r\n";
  }
  if (!assertion.empty()) http::append_field(out, "Gatehouse-Assertion", assertion);
}

bool may_leave(const http::Field& field) {
  using enum http::FieldId;
  switch (field.id) {
    case server:
    case via:
    case x_powered_by:
    case date:
    case content_length:
    case cache_control:  // the operation's policy says it
    case expires:
    case age:
    case strict_transport_security:
    case x_request_id:
    case www_authenticate:
    case proxy_authenticate:
    case x_forwarded_for:
    case x_forwarded:
    case x_real_ip:
    case forwarded:
    case traceparent:
    case tracestate:
    case gatehouse: return false;
    default: break;
  }
  if (http::is_hop_by_hop(field.id)) return false;
  if (field.id != other) return true;
  constexpr std::string_view kOurs[] = {
      "x-content-type-options", "content-security-policy", "referrer-policy", "pragma", "ratelimit",
      "ratelimit-policy"};
  constexpr std::string_view kTelling[] = {"x-aspnet-version", "x-aspnetmvc-version", "x-generator",
                                           "x-runtime",        "x-version",           "x-backend-server",
                                           "x-server",         "x-upstream"};
  const auto is_one_of = [&](std::span<const std::string_view> names) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view name) { return equal_ignoring_case(field.name, name); });
  };
  const auto begins = [&](std::string_view prefix) {
    return field.name.size() >= prefix.size() &&
           equal_ignoring_case(field.name.substr(0, prefix.size()), prefix);
  };
  return !is_one_of(kOurs) && !is_one_of(kTelling) && !begins("x-debug") && !begins("x-envoy-") &&
         !begins("x-amz-cf");
}

std::string_view from_outside(std::string_view location, std::string_view host, std::string_view base_path) {
  std::string_view rest = location;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  }
  if (rest.size() == location.size() || !rest.starts_with(host)) return location;
  rest.remove_prefix(host.size());
  if (!rest.empty() && rest.front() != '/') return location;
  if (rest.starts_with(base_path) && (rest.size() == base_path.size() || rest[base_path.size()] == '/'))
    rest.remove_prefix(base_path.size());
  // `//name/` would lead to another host.
  return rest.empty() || rest.starts_with("//") ? "/" : rest;
}

}  // namespace gatehouse::target
