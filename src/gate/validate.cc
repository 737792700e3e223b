#include "gate/validate.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "base/strings.h"
#include "base/utf8.h"
#include "core/counted_memory.h"
#include "core/secret_forms.h"
#include "gate/marked_secrets.h"
#include "gate/signed_request.h"
#include "http/cookies.h"
#include "http/media_type.h"
#include "openapi/body_memory.h"
#include "schema/schema.h"

namespace gatehouse::gate {
namespace {

class Headers final : public openapi::HeaderFields {
 public:
  Headers(const http::Fields& fields, Via via, const RequestRules& rules)
      : fields_(fields), hidden_(via == Via::client ? rules.of_proxies : kNone) {}
  std::optional<std::string_view> value(std::string_view name, std::size_t nth) const override {
    const auto is_it = [&](const FieldName& one) { return equal_ignoring_case(one.text, name); };
    if (std::ranges::any_of(hidden_, is_it)) return std::nullopt;
    for (const http::Field field : fields_) {
      if (!equal_ignoring_case(field.name, name)) continue;
      if (nth == 0) return field.value;
      --nth;
    }
    return std::nullopt;
  }

 private:
  static inline const std::vector<FieldName> kNone;
  const http::Fields& fields_;
  const std::vector<FieldName>& hidden_;  // names that only a trusted proxy may send
};

// Adds names that another server could confuse with a declared parameter, or with a carrier of a credential:
// such a field would reach a reader behind the gates unchecked.
bool find_aliases(const http::Fields& fields, const policy::Operation& operation,
                  schema::Findings& findings) {
  const std::size_t before = findings.size();
  const http::GuardedNames& guarded = operation.guarded_fields;
  if (!guarded.empty() && (fields.has(http::FieldId::odd_name) || guarded.has_odd_names())) {
    for (const http::Field field : fields) {
      if (const auto name = guarded.taken_for(field.name))
        findings.add(fmt::format("/header/{}", *name), "alias");
    }
  }
  if (operation.guarded_cookies.empty()) return findings.size() != before;
  const auto cookies = fields.value(http::FieldId::cookie);
  for (std::string_view rest = cookies.value_or(""); !rest.empty();) {
    const auto end = std::min(rest.find(';'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (const auto name = operation.guarded_cookies.taken_for(trimmed(pair.substr(0, pair.find('=')))))
      findings.add(fmt::format("/cookie/{}", *name), "alias");
  }
  return findings.size() != before;
}

std::string in_finding(std::string_view place, std::string_view name) {
  return std::string(place).append(holds_credential(name) ? std::string_view("[redacted]")
                                                          : name.substr(0, 64));
}

// Decides the forwarded parts of the head; false, with a finding, if the request cannot be forwarded without
// a dropped part.
bool decide_passages(Exchange& exchange, const policy::Operation& operation) {
  const CredentialCarriers& carriers = exchange.policy->carriers;
  const RequestRules& rules = operation.forwards;
  const http::RequestHead& head = exchange.head;
  if (const auto refused =
          exchange.passages.decide(head, exchange.via, exchange.trace_origin, carriers, rules)) {
    exchange.findings.add(in_finding("/header/", head.fields[refused->index].name), refused->rule);
    return false;
  }
  const auto cookies = head.fields.value(http::FieldId::cookie);
  if (rules.undeclared != Undeclared::refuse || !cookies || cookies->empty()) return true;
  http::CookieReader reader(*cookies);
  while (const auto cookie = reader.next()) {
    if (names_cookie(rules, carriers, cookie->name)) continue;
    exchange.findings.add(in_finding("/cookie/", cookie->name), "undeclared");
    return false;
  }
  return true;
}

// The place of a finding about a body as a whole is that of its root.
std::unexpected<Refusal> refuse_body(Exchange& exchange, Reason reason, std::string_view rule) {
  exchange.findings_in = "body";
  exchange.findings.add({}, rule);
  return refuse(reason);
}

constexpr std::string_view kContentType = "/header/Content-Type";
constexpr std::string_view kContentEncoding = "/header/Content-Encoding";

std::unexpected<Refusal> refuse_type(Exchange& exchange, std::string_view at, std::string_view rule) {
  exchange.findings.add(std::string(at), rule);
  return refuse(Reason::media_type_unsupported);
}

bool announces_body(const http::RequestHead& head) {
  return head.body.kind == http::BodyKind::chunked || head.body.length > 0;
}

// Such a body is read whole: it comes with its head, or soon, and a request that is whole can be sent twice.
constexpr std::uint64_t kSmallUpload = std::uint64_t{64} << 10U;

// Any other coding would have to be undone before the body can be checked, and two decoders may differ.
bool is_coded(const http::Fields& fields) {
  if (!fields.has(http::FieldId::content_encoding)) return false;
  for (const http::Field field : fields) {
    if (field.id != http::FieldId::content_encoding || field.value.empty()) continue;
    if (!equal_ignoring_case(field.value, "identity")) return true;
  }
  return false;
}

}  // namespace

Verdict<HeadChecked> Validator::check_head(Permission permission) {
  Exchange& exchange = permission.exchange();
  const auto content = announced_content(exchange, permission.operation());
  if (!content) return std::unexpected(content.error());
  const policy::Operation& operation = permission.operation();
  if (operation.forwards.signatures == Signatures::kept &&
      !keeps_signature(exchange, operation, permission.principal())) {
    return refuse(Reason::parameters_invalid);
  }
  exchange.checked.content_ = *content;
  return HeadChecked(std::move(permission));
}

Verdict<const openapi::Content*> Validator::announced_content(Exchange& exchange,
                                                              const policy::Operation& operation) {
  const http::RequestHead& head = exchange.head;
  const Headers headers(head.fields, exchange.via, operation.forwards);
  const openapi::RawInput raw{std::span(exchange.captures.values).first(exchange.captures.size),
                              head.query,
                              &headers,
                              operation.credential_pairs,
                              exchange.policy->credential_pairs.get(),
                              operation.input_values};
  if (!operation.api->input->read(raw, memory_, exchange.parameters, exchange.findings)) {
    exchange.undeclared = in_finding({}, memory_.undeclared());
    return refuse(Reason::parameters_invalid);
  }
  keep_marked_parameters(exchange, operation);
  if (find_aliases(head.fields, operation, exchange.findings)) return refuse(Reason::parameters_invalid);

  if (operation.upstream() != nullptr && !decide_passages(exchange, operation))
    return refuse(Reason::parameters_invalid);

  const std::optional<openapi::RequestBody>& body = operation.api->body;
  if (!announces_body(head)) {
    if (body && body->required) return refuse_body(exchange, Reason::body_missing, "required");
    return nullptr;
  }
  const auto written = head.fields.value(http::FieldId::content_type);
  // A body in chunks may be empty, which is no body. A client that waits for `100 Continue` has one.
  const bool may_be_empty = head.body.kind == http::BodyKind::chunked && !head.expects_continue;
  if (may_be_empty && (!body || !written)) return nullptr;
  if (!body) return refuse_body(exchange, Reason::body_unexpected, "undeclared");
  if (!written) return refuse_type(exchange, kContentType, "required");
  const auto type = http::parse_media_type(*written);
  if (!type) return refuse_type(exchange, kContentType, "format");
  const openapi::Content* content = body->content_for(*type);
  if (content == nullptr) return refuse_type(exchange, kContentType, "enum");
  // The check and the target must read the same text: both read the bytes as UTF-8.
  const auto charset = type->parameter("charset");
  if (type->hides_charset() || (charset && !equal_ignoring_case(*charset, "utf-8")))
    return refuse_type(exchange, kContentType, "charset");
  if (content->kind != openapi::BodyKind::opaque && is_coded(head.fields)) {
    exchange.findings.add(std::string(kContentEncoding), "undeclared");
    return refuse(Reason::content_coding_unsupported);
  }
  if (head.body.kind == http::BodyKind::length && head.body.length > operation.body_bytes) {
    return refuse(Reason::body_too_large);
  }
  return content;
}

Validator::Reading Validator::reading_of(const HeadChecked& head) {
  const http::BodyFraming& framing = head.exchange().head.body;
  const bool chunked = framing.kind == http::BodyKind::chunked;
  const openapi::Content* const content = head.content();
  if (content == nullptr) return chunked ? Reading::empty : Reading::none;
  const bool streams = content->kind == openapi::BodyKind::opaque && head.operation().upstream() != nullptr;
  return streams && (chunked || framing.length > kSmallUpload) ? Reading::stream : Reading::whole;
}

std::unexpected<Refusal> Validator::refuse_unwanted(Exchange& exchange, const policy::Operation& operation) {
  return operation.api->body ? refuse_type(exchange, kContentType, "required")
                             : refuse_body(exchange, Reason::body_unexpected, "undeclared");
}

BodyChecked Validator::accept(HeadChecked&& head, std::string_view bytes) {
  const auto root_of = [](const json::Document& document) {
    return document.empty() ? json::Value() : document.root();
  };
  Exchange& exchange = head.exchange();
  CheckedRequest& request = exchange.checked;
  request.parameters_ = root_of(exchange.parameters);
  request.body_ = root_of(exchange.body);
  request.body_bytes_ = bytes;
  if (head.content() != nullptr) keep_marked_members(exchange, *head.content());
  return BodyChecked(std::move(head));
}

std::expected<void, json::ParseError> Validator::parse_json(openapi::BodyKind kind, std::string_view bytes,
                                                            json::Document& into, std::size_t depth) {
  json::ParseLimits limits;
  limits.depth = depth;
  switch (kind) {
    case openapi::BodyKind::lines: return parser_.parse_sequence(bytes, json::Sequence::lines, into, limits);
    case openapi::BodyKind::records:
      return parser_.parse_sequence(bytes, json::Sequence::records, into, limits);
    default: return parser_.parse(bytes, into, limits);
  }
}

Verdict<void> Validator::read_body(Exchange& exchange, const policy::Operation& operation,
                                   const openapi::Content& content, std::string_view bytes) {
  switch (content.kind) {
    case openapi::BodyKind::opaque: return {};
    case openapi::BodyKind::json:
    case openapi::BodyKind::lines:
    case openapi::BodyKind::records: {
      const auto parsed = parse_json(content.kind, bytes, exchange.body, operation.depth);
      if (parsed) return {};
      exchange.detail = json::name(parsed.error().fault);
      exchange.findings_in = "body";
      exchange.findings.add(parsed.error().item ? fmt::format("/{}", *parsed.error().item) : "", "json");
      return refuse(Reason::body_malformed);
    }
    case openapi::BodyKind::form:
      if (content.form->decode(bytes, memory_, exchange.body, exchange.findings, operation.input_values))
        return {};
      exchange.undeclared = in_finding({}, memory_.undeclared());
      return refuse(Reason::body_invalid);
    case openapi::BodyKind::text:
      if (!is_utf8(bytes)) return refuse_body(exchange, Reason::body_malformed, "encoding");
      json::Builder(exchange.body).string(bytes);
      return {};
  }
  return refuse(Reason::body_malformed);
}

Verdict<std::optional<BodyChecked>> Validator::check_body(HeadChecked&& head, std::string_view bytes,
                                                          const LongChecks& long_checks) {
  Exchange& exchange = head.exchange();
  if (bytes.empty() && !exchange.upload && announces_body(exchange.head)) {  // in chunks
    const std::optional<openapi::RequestBody>& body = head.operation().api->body;
    if (body && body->required) return refuse_body(exchange, Reason::body_missing, "required");
    exchange.checked.content_ = nullptr;
  }
  if (head.content() == nullptr) return accept(std::move(head), {});
  const openapi::Content& content = *head.content();
  exchange.findings_in = "body";
  const std::uint64_t parsed = bytes.size() * openapi::parsed_factor(content.kind);
  if (bytes.size() > CountedMemory::kSmallest) {
    if (const auto grown = exchange.body_memory.grow(parsed); !grown) return out_of_memory(grown.error());
  }
  GATEHOUSE_CHECK(read_body(exchange, head.operation(), content, bytes));
  if (!content.checked_by || exchange.body.empty()) return accept(std::move(head), bytes);
  if (long_checks.threads == nullptr) {
    if (!content.checked_by->check(exchange.body.root(), exchange.findings))
      return refuse(Reason::body_invalid);
    return accept(std::move(head), bytes);
  }
  switch (content.checked_by->check_briefly(exchange.body.root(), exchange.findings)) {
    case schema::Checked::valid: return accept(std::move(head), bytes);
    case schema::Checked::invalid: return refuse(Reason::body_invalid);
    case schema::Checked::unfinished: return std::nullopt;
  }
  return refuse(Reason::body_invalid);
}

BodyChecked Validator::as_before(HeadChecked head, const CheckedRequest& before) {
  Exchange& exchange = head.exchange();
  CheckedRequest& request = exchange.checked;
  request.parameters_ = exchange.parameters.empty() ? json::Value() : exchange.parameters.root();
  request.body_ = before.body_;
  request.body_bytes_ = before.body_bytes_;
  return BodyChecked(std::move(head));
}

net::Task<Verdict<BodyChecked>> Validator::check_long(HeadChecked head, std::string_view bytes,
                                                      const LongChecks& long_checks) {
  Exchange& exchange = head.exchange();
  // The request may end meanwhile: the thread owns its data, including the counted memory.
  struct Job {
    std::shared_ptr<const schema::Schema> schema;
    json::Document body;
    CallerShares::Lease memory;
    schema::Findings findings;
    bool valid = false;
  };
  auto job = std::make_shared<Job>();
  job->schema = head.content()->checked_by;
  job->body = std::move(exchange.body);
  job->memory = std::move(exchange.body_memory);
  auto running = long_checks.threads->run(
      *long_checks.loop, [job] { job->valid = job->schema->check(job->body.root(), job->findings); },
      caller_name(head.principal().identity(), exchange.client));
  const auto done = co_await running;
  exchange.body = std::move(job->body);
  exchange.body_memory = std::move(job->memory);
  if (!done) {
    co_return out_of_memory(done.error().code == ErrorCode::denied ? CallerShares::Exhausted::share
                                                                   : CallerShares::Exhausted::all);
  }
  static_cast<schema::Findings&>(exchange.findings) = std::move(job->findings);
  if (!job->valid) co_return refuse(Reason::body_invalid);
  co_return accept(std::move(head), bytes);
}

}  // namespace gatehouse::gate
