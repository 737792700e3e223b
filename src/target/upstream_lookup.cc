#include "target/upstream_lookup.h"

#include <fmt/format.h>

#include "core/retry_after.h"
#include "target/upstream_head.h"

namespace gatehouse::target {
namespace {

// Nothing of the client's request is sent along: the lookup is Gatehouse's own request, on the caller's
// behalf.
class Question final : public UpstreamHeadWriter {
 public:
  Question(const std::string& path, const Call& call, const Principal& principal, std::string assertion)
      : path_(path), call_(call), principal_(principal), assertion_(std::move(assertion)) {}
  Verdict<void> still_allowed() const override { return principal_.in_force(call_.clock.wall()); }
  void write(std::string& out, const UpstreamAddress& address) const override {
    fmt::format_to(std::back_inserter(out), "GET {}{} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\n",
                   address.base_path, path_, address.host_for(call_));
    append_caller(out, call_, principal_, assertion_);
    out += "\r\n";
  }

 private:
  const std::string& path_;
  const Call& call_;
  const Principal& principal_;
  std::string assertion_;
};

// An answer that is not about the object. It stays here, for operators.
std::unexpected<Refusal> refuse_answer(Response& response, CallReport& report) {
  report.detail = fmt::format("the lookup of the object was answered with {}", response.status);
  report.original_head = report.whole_head.empty() ? response.fields.block() : report.whole_head.block();
  report.original_body = std::move(response.body);
  switch (response.status) {
    case 503: keep_retry_after(report, response.fields); return refuse(Reason::upstream_overloaded);
    case 504: return refuse(Reason::upstream_late);
    default: return refuse(Reason::upstream_error);
  }
}

}  // namespace

net::Task<Verdict<void>> UpstreamLookup::find(const Input& input, const Call& call, json::Document& row,
                                              CallReport& report) {
  row.clear();
  const Principal& principal = input.principal();
  std::string path;
  const auto value = [&](const Reference& reference) { return look_up(reference, input.request(), call); };
  if (!path_.expand(value, path)) {
    // A value that cannot be part of a path names no object.
    report.detail = "a value of the request cannot be part of the lookup's path";
    co_return Verdict<void>{};
  }
  GATEHOUSE_CO_TRY(std::string assertion, assertion_for(assertion_, principal, call, report));
  const Question question(path, call, principal, std::move(assertion));
  Response response;
  const Asker asker{principal.identity(), call.client};
  auto asked = co_await ask(client_, asker, http::Method::get, question, {}, call.deadline, call.answers,
                            response, report, Collect::everything);
  GATEHOUSE_CO_CHECK(std::move(asked));
  switch (response.status) {
    case 200: break;
    case 404:
    case 410: co_return Verdict<void>{};
    default: co_return refuse_answer(response, report);
  }
  auto taken = co_await read(response, row, report);
  GATEHOUSE_CO_CHECK(std::move(taken));
  report.clear();  // from here on the report is the target's
  co_return Verdict<void>{};
}

net::Task<Verdict<void>> UpstreamLookup::read(Response& response, json::Document& row, CallReport& report) {
  std::string& body = response.body;
  while (response.rest) {
    auto pulled = co_await response.rest->next();
    if (!pulled) {
      report.detail = pulled.error().text;
      co_return refuse(pulled.error().code == ErrorCode::timeout ? Reason::upstream_late
                                                                 : Reason::upstream_malformed);
    }
    if (pulled->empty()) break;
    body += *pulled;
    if (body.size() > kMostBytes) break;
  }
  if (body.size() > kMostBytes) {
    report.detail = fmt::format("the object's attributes have more than {} bytes", kMostBytes);
    co_return refuse(Reason::upstream_malformed);
  }
  const auto parsed = parser_.parse(body, row, {.depth = kMostDepth});
  if (parsed && row.root().is_object()) co_return Verdict<void>{};
  report.detail =
      parsed ? "the object's attributes are not a JSON object"
             : fmt::format("the object's attributes are not JSON: {}", json::name(parsed.error().fault));
  row.clear();
  report.original_head = response.fields.block();
  report.original_body = std::move(body);
  co_return refuse(Reason::upstream_malformed);
}

}  // namespace gatehouse::target
