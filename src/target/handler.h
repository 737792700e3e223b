// Operations answered by a C++ function that is linked in (include/gatehouse/handler.h). It receives a copy
// of the checked input, and runs on a thread that may block: a run outlives the request that was cancelled.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gatehouse/handler.h>

#include "core/target.h"
#include "net/blocking_pool.h"

namespace gatehouse::target {

// The parameters that an operation declares, by where they stand.
struct DeclaredParameters {
  std::vector<std::string> path, query, header, cookie;
};

class HandlerTarget final : public Target {
 public:
  HandlerTarget(handler::Handler handler, std::shared_ptr<const DeclaredParameters> declared,
                std::shared_ptr<net::BlockingPool> threads, net::Loop& loop)
      : handler_(std::move(handler)),
        declared_(std::move(declared)),
        threads_(std::move(threads)),
        loop_(loop) {}
  net::Task<Verdict<void>> call(const Permit& permit, const Call& call, Response& response,
                                CallReport& report) override;

 private:
  handler::Handler handler_;
  std::shared_ptr<const DeclaredParameters> declared_;
  std::shared_ptr<net::BlockingPool> threads_;
  net::Loop& loop_;
};

}  // namespace gatehouse::target
