// Operations answered by a C++ function that is linked in. It receives checked input only, and runs on the worker's
// loop: what blocks belongs to a blocking pool.
#pragma once

#include <functional>
#include <string>

#include "core/target.h"

namespace gatehouse::target {

using Handler = std::function<net::Task<Verdict<void>>(const Permit& permit, const Input& input, const Call& call,
                                                       Response& response)>;

class HandlerTarget final : public Target {
 public:
  explicit HandlerTarget(Handler handler) : handler_(std::move(handler)) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Input& input, const Call& call, Response& response,
                                CallReport&) override {
    return handler_(permit, input, call, response);
  }

 private:
  Handler handler_;
};

}  // namespace gatehouse::target
