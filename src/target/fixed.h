// Operations with the same answer to all callers that pass the gates (`respond`).
#pragma once

#include <memory>
#include <string>

#include "core/response.h"
#include "core/target.h"

namespace gatehouse::target {

struct FixedAnswer {
  unsigned status = 200;
  std::string type;  // of the body
  // Whether the type is text/html: such an answer has the policies of a page.
  Response::Policies policies = Response::Policies::fixed;
  std::string body;  // may be empty
};

class FixedTarget final : public Target {
 public:
  explicit FixedTarget(std::shared_ptr<const FixedAnswer> answer) : answer_(std::move(answer)) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Call& call, Response& response,
                                CallReport& report) override;

 private:
  std::shared_ptr<const FixedAnswer> answer_;
};

}  // namespace gatehouse::target
