#include "target/fixed.h"

#include <string_view>

#include "core/counted_memory.h"
#include "http/response_writer.h"

namespace gatehouse::target {
namespace {

// Of a page that stands in the configuration, which is styled and runs no script. The Referrer-Policy is that
// of other pages (target/answer_head.cc).
constexpr std::string_view kPagePolicy =
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

}  // namespace

net::Task<Verdict<void>> FixedTarget::call(const Permit& permit, const Call& call, Response& response,
                                           CallReport& report) {
  response.status = answer_->status;
  if (answer_->body.empty() || answer_->status == 204) co_return Verdict<void>();
  auto memory =
      CountedMemory::of_answer(call.memory, permit.principal().identity(), call.client, answer_->body.size());
  if (!memory) {
    report.detail = "there is no room for the answer";
    co_return std::unexpected(memory.error());
  }
  response.memory = *std::move(memory);
  response.fields.add(http::FieldId::content_type, "Content-Type", answer_->type);
  response.policies = answer_->policies;
  if (answer_->policies == Response::Policies::of_page) {
    response.fields.add(http::FieldId::content_security_policy, "Content-Security-Policy", kPagePolicy);
    response.fields.add(http::FieldId::referrer_policy, "Referrer-Policy", "same-origin");
  }
  response.body = answer_->body;
  co_return Verdict<void>();
}

}  // namespace gatehouse::target
