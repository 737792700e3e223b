#include "gate/body_reader.h"

#include <utility>

#include "base/result.h"
#include "core/present_policy.h"

namespace gatehouse::gate {

net::Task<Verdict<std::string_view>> Upload::next() {
  if (first_) co_return *std::exchange(first_, std::nullopt);
  auto piece = co_await body_->next(most_, *memory_);
  // It took its time: what was proven may have ended meanwhile. The last piece stays behind then too.
  GATEHOUSE_CO_CHECK(principal_->in_force(clock_->wall()));
  if (present_ != nullptr) GATEHOUSE_CO_CHECK(present_->still_admits());
  co_return piece;
}

net::Task<Verdict<bool>> Upload::begin() {
  auto read = co_await body_->next(most_, *memory_);
  GATEHOUSE_CO_TRY(const std::string_view piece, std::move(read));
  first_ = piece;
  co_return !piece.empty();
}

}  // namespace gatehouse::gate
