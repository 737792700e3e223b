#include "gate/respond.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "http/media_type.h"
#include "json/writer.h"

namespace gatehouse::gate {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProblem = "application/problem+json";
// Of every answer that is not a declared page: nothing in it is loaded, run or framed.
constexpr std::string_view kDataPolicies =
    "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\nReferrer-Policy: no-referrer\r\n";

void append_number(std::string& out, std::uint64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, static_cast<std::size_t>(end - digits));
}

void append_member(std::string& out, std::string_view name, std::string_view value) {
  out += '"';
  out += name;
  out += "\":";
  json::append_string(out, value);
}

// Schema locations and rules, never values: {"in": "body", "at": "/quantity", "rule": "maximum"}.
void append_details(std::string& out, const Exchange& exchange) {
  out += ",\"details\":[";
  bool first = true;
  for (const schema::Finding& finding : exchange.findings) {
    std::string_view in = exchange.findings_in;
    std::string_view at = finding.at;
    if (in.empty()) {  // parameters: the first step of the pointer says where they travel
      const auto slash = at.find('/', 1);
      in = at.empty() ? at : at.substr(1, slash == std::string_view::npos ? slash : slash - 1);
      at = slash == std::string_view::npos ? std::string_view() : at.substr(slash);
    }
    if (!first) out += ',';
    first = false;
    out += '{';
    append_member(out, "in", in);
    out += ',';
    append_member(out, "at", at);
    out += ',';
    append_member(out, "rule", finding.keyword());
    out += '}';
  }
  out += ']';
}

// What a refusal says: fixed texts, and of maintenance the operator's own.
struct Said {
  std::string_view error, message;
};

void append_body(std::string& out, const Said& text, unsigned status, std::string_view id,
                 const Exchange* exchange_with_details, bool problem) {
  out += '{';
  if (problem) {
    out += R"("type":"about:blank",)";
    append_member(out, "title", text.message);
    out += ",\"status\":";
    append_number(out, status);
    out += ',';
  }
  append_member(out, "error", text.error);
  out += ',';
  append_member(out, "message", text.message);
  out += ',';
  append_member(out, "correlation_id", id);
  if (exchange_with_details != nullptr) append_details(out, *exchange_with_details);
  out += '}';
}

bool is_bodiless(unsigned status) { return status == 204 || status == 304; }

bool may_see_details(const Exchange& exchange) {
  if (exchange.findings.empty()) return false;
  if (exchange.policy->settings.details == policy::Details::everyone) return true;
  return exchange.checked.principal() && !exchange.checked.principal()->is_anonymous();
}

bool wants_problem(const Exchange& exchange) {
  const auto accept = exchange.head.fields.value(http::FieldId::accept);
  if (!accept || !accept->contains("problem+json")) return false;
  constexpr std::string_view kOffers[] = {kJson, kProblem};
  return http::negotiate(*accept, kOffers) == 1U;
}

// RateLimit (draft-ietf-httpapi-ratelimit-headers-11, section 4): the limit that is nearest to its bound.
void append_limits(std::string& out, const Exchange& exchange) {
  if (exchange.limits.empty()) return;
  const auto nearest = std::min_element(exchange.limits.begin(), exchange.limits.end(),
                                        [](const TakenLimit& a, const TakenLimit& b) {
                                          if (a.state.allowed != b.state.allowed) return !a.state.allowed;
                                          return a.state.remaining < b.state.remaining;
                                        });
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(
      nearest->state.allowed ? nearest->state.reset : nearest->state.retry_after);
  out += "RateLimit: \"";
  out += nearest->limit->name;
  out += "\";r=";
  append_number(out, nearest->state.allowed ? nearest->state.remaining : 0);
  out += ";t=";
  append_number(out, static_cast<std::uint64_t>(seconds.count()));
  out += "\r\nRateLimit-Policy: ";
  out += exchange.limit_policies;
  out += "\r\n";
}

// When asking again makes sense (RFC 9110 section 10.2.3); 0: unknown.
std::chrono::seconds retry_after(const Refusal& refusal) {
  if (refusal.retry_after.count() > 0) return refusal.retry_after;
  switch (refusal.reason) {
    // Another request that ends gives its place back.
    case Reason::draining:  // another server, or the next, takes it
    case Reason::too_many_at_once:
    case Reason::concurrency_share:
    case Reason::bodies_overloaded:
    case Reason::body_share:
    case Reason::upstream_open_circuit:  // an attempt to connect is under way
    case Reason::upstream_share:
    case Reason::database_overloaded:
    case Reason::answers_overloaded:
    case Reason::handler_overloaded: return std::chrono::seconds(1);
    // An attempt in the background, or an operator, has to repair it.
    case Reason::keys_unavailable:
    case Reason::database_changed:
    case Reason::record_unavailable: return std::chrono::seconds(5);
    default: return {};
  }
}

}  // namespace

std::string fixed_fields(const policy::Settings& settings, Transport transport) {
  std::string fields;
  http::append_field(fields, "X-Content-Type-Options", "nosniff");
  if (transport == Transport::plain) return fields;
  const policy::Hsts& hsts = settings.tls.hsts;
  http::append_field(
      fields, "Strict-Transport-Security",
      fmt::format("max-age={}{}{}", std::chrono::duration_cast<std::chrono::seconds>(hsts.max_age).count(),
                  hsts.include_subdomains ? "; includeSubDomains" : "", hsts.preload ? "; preload" : ""));
  return fields;
}

Released respond(Exchange& exchange, const Refusal& refusal) {
  Response& response = exchange.answer.response_;
  response.clear();
  const AnswerText& text = text_of(refusal.answer);
  response.status = refusal.status != 0 ? refusal.status : text.status;
  const bool problem = wants_problem(exchange);
  response.fields.add(http::FieldId::content_type, "Content-Type", problem ? kProblem : kJson);
  if (refusal.answer == RefusalAnswer::authentication_required && exchange.checked.operation() != nullptr) {
    response.fields.add(http::FieldId::www_authenticate, "WWW-Authenticate",
                        exchange.checked.operation()->challenges);
  }
  if (refusal.answer == RefusalAnswer::method_not_allowed)
    response.fields.add(http::FieldId::allow, "Allow", exchange.allow);
  if (refusal.answer == RefusalAnswer::unsupported_coding)
    response.fields.add(http::FieldId::accept_encoding, "Accept-Encoding",
                        "identity");  // RFC 9110 section 15.5.16
  if (refusal.stage() == Stage::call && !exchange.report.retry_after.empty()) {
    response.fields.add(http::FieldId::retry_after, "Retry-After", exchange.report.retry_after);
  } else if (const auto seconds = retry_after(refusal); seconds.count() > 0) {
    append_number(response.fields.open(http::FieldId::retry_after, "Retry-After"),
                  static_cast<std::uint64_t>(seconds.count()));
    response.fields.close();
  }
  const bool details = may_see_details(exchange);
  // RFC 9110 section 15.5.16. Which types are taken is a detail like any other.
  if (refusal.answer == RefusalAnswer::unsupported_media_type && details)
    response.fields.add(http::FieldId::accept, "Accept", exchange.checked.operation()->accepts);
  const std::string_view message =
      refusal.reason == Reason::maintenance ? exchange.announcement : std::string_view();
  append_body(response.body, {text.error.view(), message.empty() ? text.message.view() : message},
              response.status, exchange.id->text(), details ? &exchange : nullptr, problem);
  return Released(exchange);
}

Released respond_alive(Exchange& exchange) {
  exchange.answer.response_.clear();
  exchange.answer.response_.status = 204;
  return Released(exchange);
}

bool asks_for_methods(const Exchange& exchange, const Refusal& refusal) {
  return exchange.head.method == http::Method::options && refusal.reason == Reason::method_not_allowed;
}

Released respond_methods(Exchange& exchange) {
  Response& response = exchange.answer.response_;
  response.clear();
  response.status = 204;
  response.fields.add(http::FieldId::allow, "Allow", fmt::format("{}, OPTIONS", exchange.allow));
  return Released(exchange);
}

Released respond(Exchange& exchange, ListenerPage page) {
  Response& response = exchange.answer.response_;
  response.clear();
  response.status = page.status;
  response.fields.add(http::FieldId::content_type, "Content-Type",
                      "text/plain; version=0.0.4; charset=utf-8");
  response.body = std::move(page.text);
  return Released(exchange);
}

std::size_t write_refusal(std::string& out, const Refusal& refusal, http::Method to, const Uuid& id,
                          std::string_view date_line, std::string_view fixed_fields) {
  const AnswerText& text = text_of(refusal.answer);
  const unsigned status = refusal.status != 0 ? refusal.status : text.status;
  std::string body;
  append_body(body, {text.error.view(), text.message.view()}, status, id.text(), nullptr, false);
  http::HeadWriter head(out);
  head.status(static_cast<int>(status));
  head.block(date_line);
  http::append_field(out, "Content-Type", kJson);
  http::append_field(out, "Cache-Control", "no-store");
  http::append_field(out, "X-Request-Id", id.text());
  head.block(kDataPolicies);
  head.block(fixed_fields);
  head.content_length(body.size());
  http::append_field(out, "Connection", "close");
  head.end();
  if (to == http::Method::head) return 0;
  out += body;
  return body.size();
}

std::string_view tls_required_answer() {
  return "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 73\r\n"
         "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
         R"({"error":"invalid_request","message":"This port speaks TLS: use https."})"
         "\n";
}

bool has_body(const Released& answer) {
  return answer.exchange().head.method != http::Method::head && !is_bodiless(answer.status());
}

Framing write_head(std::string& out, const Released& answer, http::Persistence connection,
                   std::string_view date_line, std::string_view fixed_fields) {
  const Exchange& exchange = answer.exchange();
  http::HeadWriter head(out);
  head.status(static_cast<int>(answer.status()));
  head.block(date_line);
  head.block(answer.fields().block());
  http::append_field(out, "Cache-Control",
                     exchange.checked.operation() != nullptr && answer.status() < 400
                         ? std::string_view(exchange.checked.operation()->cache_control)
                         : "no-store");
  http::append_field(out, "X-Request-Id", exchange.id->text());
  append_limits(out, exchange);
  if (answer.policies() == Response::Policies::fixed) head.block(kDataPolicies);
  head.block(fixed_fields);
  if (connection == http::Persistence::close) http::append_field(out, "Connection", "close");

  Framing framing = Framing::length;
  if (is_bodiless(answer.status())) {
    framing = Framing::none;
  } else if (exchange.head.method == http::Method::head) {
    framing = Framing::none;
    // The length of GET's answer. If an upstream does not state it, there is no body to count either.
    if (answer.length()) {
      head.content_length(*answer.length());
    } else if (!answer.rest() && !answer.body().empty()) {
      head.content_length(answer.body().size());
    }
  } else if (!answer.rest()) {
    head.content_length(answer.body().size());
  } else if (answer.length()) {
    head.content_length(*answer.length());
  } else if (exchange.head.version == http::Version::http_1_1) {
    framing = Framing::chunked;
    http::append_field(out, "Transfer-Encoding", "chunked");
  }
  head.end();
  return framing;
}

}  // namespace gatehouse::gate
