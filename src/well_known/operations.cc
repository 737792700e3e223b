#include "well_known/operations.h"

#include <memory>
#include <string>
#include <utility>

#include "core/target.h"
#include "policy/policy_set.h"
#include "well_known/files.h"
#include "well_known/security_txt.h"

namespace gatehouse::well_known {
namespace {

// Answers with a text that was made when the policy was assembled.
class FixedText final : public Target {
 public:
  explicit FixedText(std::string text) : text_(std::move(text)) {}

  net::Task<Verdict<void>> call(const Permit&, const Call&, Response& response, CallReport&) override {
    response.status = 200;
    response.fields.add(http::FieldId::content_type, "Content-Type", "text/plain; charset=utf-8");
    response.body = text_;
    co_return Verdict<void>();
  }

 private:
  std::string text_;
};

std::unique_ptr<Target> make_security_txt(const BuiltInContext& context) {
  return std::make_unique<FixedText>(security_txt(*context.policy.settings.security_txt));
}

constexpr BuiltInOperation kOperations[] = {{"well_known.security_txt", make_security_txt}};

const Place* turned_on(const policy::Settings& settings) {
  return settings.security_txt ? &settings.security_txt->place : nullptr;
}

}  // namespace

constinit const BuiltInGroup kGroup{"well_known", openapi_yaml, policy_yaml, kOperations, turned_on};

}  // namespace gatehouse::well_known
