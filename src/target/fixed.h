// Operations with the same answer to all callers that pass the gates (`respond`).
#pragma once

#include <memory>
#include <string>

#include "core/target.h"

namespace gatehouse::target {

struct FixedAnswer {
  unsigned status = 200;
  std::string type;  // of the body
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
