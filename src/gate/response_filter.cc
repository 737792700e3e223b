#include "gate/response_filter.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/strings.h"
#include "base/utf8.h"
#include "core/retry_after.h"
#include "http/characters.h"
#include "http/media_type.h"
#include "http/response_writer.h"
#include "schema/findings.h"
#include "schema/schema.h"

namespace gatehouse::gate {
namespace {

constexpr std::size_t kLargestError = std::size_t{16} << 10U;  // that leaves without a schema

std::string_view content_type_of(const ResponseFields& fields) {
  return fields.value(http::FieldId::content_type).value_or(std::string_view());
}

// By which the body is coded, as far as it is worth telling; empty where it is not.
std::string_view coding_of(const ResponseFields& fields) {
  constexpr std::size_t kLongest = 20;
  for (const http::Field field : fields) {
    if (field.id != http::FieldId::content_encoding) continue;
    if (field.value.empty() || equal_ignoring_case(field.value, "identity")) continue;
    const bool is_name = field.value.size() <= kLongest && http::all(field.value, http::kTokenCharacter);
    return is_name ? field.value : "coded";
  }
  return {};
}

// Whether the body is text that can be searched, with any Content-Type: UTF-8 without control characters
// except those for layout. Compressed data (brotli, gzip, deflate) and other character sets (UTF-16) are not.
// The end may be cut within a character.
bool is_searchable(std::string_view body) {
  const auto is_control = [](char c) {
    return static_cast<unsigned char>(c) < 0x20 && (c < '\t' || c > '\r') && c != '\x1b';
  };
  if (std::ranges::any_of(body, is_control)) return false;
  const std::string_view rest = body.substr(valid_utf8_prefix(body));
  const bool begins_character = !rest.empty() && (static_cast<unsigned char>(rest.front()) & 0xc0U) == 0xc0;
  const auto goes_on = [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; };
  return rest.empty() ||
         (begins_character && rest.size() < 4 && std::ranges::all_of(rest.substr(1), goes_on));
}

// The kept part of the body of an upstream's withheld error. A body that cannot be searched for credentials
// could hold the caller's.
std::string kept_body(const ResponseFields& head, std::string_view body) {
  if (body.empty()) return {};
  const std::string_view coding = coding_of(head);
  if (!coding.empty()) return fmt::format("[{}, {} bytes, not kept]", coding, body.size());
  if (!is_searchable(body)) return fmt::format("[not text, {} bytes, not kept]", body.size());
  return std::string(body);
}

// The refusal in place of an upstream's status for a client that may not see its body.
Refusal client_error(unsigned status) {
  Refusal refusal(Reason::upstream_refusal);
  switch (status) {
    case 401:  // the upstream's own authentication is Gatehouse's business, not the caller's
    case 403: refusal.answer = RefusalAnswer::forbidden; return refusal;
    case 404:
    case 410: refusal.answer = RefusalAnswer::not_found; break;
    case 405: refusal.answer = RefusalAnswer::method_not_allowed; break;
    case 413: refusal.answer = RefusalAnswer::body_too_large; break;
    case 415: refusal.answer = RefusalAnswer::unsupported_media_type; break;
    case 429: refusal.answer = RefusalAnswer::rate_limited; break;
    case 409: refusal.answer = RefusalAnswer::conflict; break;
    case 412: refusal.answer = RefusalAnswer::precondition_failed; break;
    case 400:
    case 422: refusal.answer = RefusalAnswer::invalid_request; break;
    default: refusal.answer = RefusalAnswer::refused_behind; break;
  }
  refusal.status = status;
  return refusal;
}

// Names of the document and its keywords, and nothing else of the answer.
std::string mismatch_of(const schema::Findings& findings) {
  std::string text = "the upstream's answer does not match its declaration";
  for (bool another = false; const schema::Finding& one : findings) {
    text += another ? ", " : ": ";
    text.append("body").append(one.at).append(" ").append(one.rule);
    another = true;
  }
  return text;
}

bool lists(std::string_view methods, std::string_view wanted) {
  while (!methods.empty()) {
    const auto comma = std::min(methods.find(','), methods.size());
    if (trimmed(methods.substr(0, comma)) == wanted) return true;
    methods.remove_prefix(std::min(comma + 1, methods.size()));
  }
  return false;
}

// An upstream's Allow may name methods that the document does not declare, and a 405 must have one (RFC 9110
// section 15.5.6): it names the methods of the document that the upstream allows too. If the upstream lists
// none in its 405, it names the document's methods without the refused one.
void narrow_allow(Exchange& exchange, Response& response) {
  Kept<std::string>& allowed = exchange.report.allow;
  const bool refused = response.status == 405;
  if (allowed.empty() && !refused) return;
  std::string both;
  for (std::string_view rest = exchange.allow; !rest.empty();) {
    const auto comma = std::min(rest.find(','), rest.size());
    const std::string_view method = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    const bool asked = method == exchange.head.method_text;
    if (allowed.empty() ? asked : !lists(allowed, method) || (refused && asked)) continue;
    if (!both.empty()) both += ", ";
    both += method;
  }
  allowed = std::move(both);
  exchange.allow = allowed;
  response.fields.add(http::FieldId::allow, "Allow", allowed);
}

// Whether the caller has shown a credential that did not go on (`forward: true`).
bool lost_credential(const Permit& permit) {
  const Principal& principal = permit.principal();
  const auto goes_on = [&](const ForwardedCredential& one) { return has_proven(principal, one); };
  return !principal.is_anonymous() && std::ranges::none_of(permit.operation().forwards.credentials, goes_on);
}

}  // namespace

Verdict<Released> ResponseFilter::pass(Permit permit) {
  Exchange& exchange = permit.exchange();
  Response& response = exchange.answer.response_;
  narrow_allow(exchange, response);
  if (response.status < 400) return Released(exchange);
  if (response.status < 500 && !response.rest &&
      (declared(exchange, permit.operation()) || leaves_undeclared(exchange)))
    return Released(exchange);
  const ResponseFields& head =
      exchange.report.whole_head.empty() ? response.fields : exchange.report.whole_head;
  exchange.report.original_head = head.block();
  exchange.report.original_body = kept_body(head, response.body);
  if (response.status < 500 || response.status == 503) keep_retry_after(exchange.report, response.fields);
  if (response.status == 401 && lost_credential(permit)) {
    exchange.report.detail =
        "the upstream asks for a credential, and the caller's was removed on the way: let the upstream take "
        "the caller from Gatehouse-Principal, or set `forward: true` at the authenticator";
    exchange.report.said.clear();
  }
  if (response.status < 500) return std::unexpected(client_error(response.status));
  switch (response.status) {
    case 503: return refuse(Reason::upstream_overloaded);
    case 504: return refuse(Reason::upstream_late);
    default: return refuse(Reason::upstream_error);
  }
}

// `errors_from_upstream: json`. A 401 or 407 is about Gatehouse, which has asked the upstream, and not about
// the caller.
bool ResponseFilter::leaves_undeclared(Exchange& exchange) {
  const Response& answer = exchange.answer.response_;
  if (exchange.policy->settings.defaults.errors_from_upstream.value != policy::UpstreamErrors::json)
    return false;
  if (answer.status == 401 || answer.status == 407 || !coding_of(answer.fields).empty()) return false;
  const auto type = http::parse_media_type(content_type_of(answer.fields));
  if (!type || !type->is_json() || type->hides_charset()) return false;
  if (const auto charset = type->parameter("charset"); charset && !equal_ignoring_case(*charset, "utf-8"))
    return false;
  if (answer.body.empty()) return exchange.head.method == http::Method::head;
  json::Document document;
  if (answer.body.size() > kLargestError || !parser_.parse(answer.body, document)) return false;
  // Of the declared status, what was said of its body not being as declared.
  exchange.report.detail.clear();
  exchange.report.said.clear();
  return true;
}

bool ResponseFilter::declared(Exchange& exchange, const policy::Operation& operation) {
  const Response& answer = exchange.answer.response_;
  const openapi::Response* response = operation.api->response_for(answer.status);
  if (response == nullptr) {
    exchange.report.detail = "the document declares no such answer";
    return false;
  }
  const bool has_body = !answer.body.empty();
  // To HEAD, GET's operation answers with GET's fields and without its body (RFC 9110 section 9.3.2).
  if (!has_body && (exchange.head.method != http::Method::head || response->content.empty()))
    return response->content.empty();
  if (const std::string_view coding = coding_of(answer.fields); !coding.empty()) {
    exchange.report.detail = "the upstream coded its answer, so it cannot be compared with the document";
    exchange.report.said = coding;
    return false;
  }
  const auto type = http::parse_media_type(content_type_of(answer.fields));
  if (!type || !type->is_json()) return false;
  for (const openapi::Content& content : response->content) {
    if (!http::covers(content.type, *type) || !content.checked_by) continue;
    if (!has_body) return true;
    json::Document document;
    if (!parser_.parse(answer.body, document)) {
      exchange.report.detail = "the upstream's answer is not JSON";
      return false;
    }
    schema::Findings findings;
    if (content.checked_by->check(document.root(), findings)) return true;
    exchange.report.detail = mismatch_of(findings);
  }
  return false;
}

}  // namespace gatehouse::gate
