#include "target/fixed.h"

#include "core/counted_memory.h"
#include "http/response_writer.h"

namespace gatehouse::target {

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
  response.body = answer_->body;
  co_return Verdict<void>();
}

}  // namespace gatehouse::target
