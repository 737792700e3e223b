#include "db/store.h"

#include <algorithm>
#include <string_view>
#include <variant>

namespace gatehouse::db {

namespace {

bool has_zero_byte(const Parameter& value) {
  const auto* const text = std::get_if<std::string_view>(&value.value());
  return text != nullptr && text->contains('\0');
}

}  // namespace

net::Task<Result<RowSet>> Session::run(Statement statement, std::span<const Parameter> values) {
  if (!failed_ && std::ranges::any_of(values, has_zero_byte)) {
    failed_ = Error{ErrorCode::invalid, "a text for the store has a zero byte"};
  }
  if (failed_) co_return std::unexpected(*failed_);
  auto rows = co_await run_statement(statement, values);
  if (!rows) failed_ = rows.error();
  co_return rows;
}

}  // namespace gatehouse::db
