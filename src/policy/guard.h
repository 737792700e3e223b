// A condition over the object as a part of the SQL statement of the operation: evaluated and acted upon in
// one step.
//
// CEL's results are true, false and error, and so are SQL's true, false and NULL: AND, OR and NOT treat NULL
// as CEL treats an error. In addition every comparison must give exactly CEL's result (guard_test.cc compares
// the two): kinds are distinguished by typeof(), affinity is removed by a unary plus, text is compared byte
// by byte with any collation of the column, an integer beside a real is compared as the nearest double. A
// condition that SQL cannot express exactly is not translated; it is evaluated between two statements of one
// transaction.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cel/program.h"
#include "core/deferred_decision.h"

namespace gatehouse::cel {
struct Split;
}  // namespace gatehouse::cel

namespace gatehouse::policy {

// A value that a guard is run with, computed for each request.
struct GuardProgram {
  enum class Use : std::uint8_t {
    truth,    // true, false, or NULL for everything else
    scalar,   // itself, or a mark
    strings,  // a list of strings, each in hexadecimal between commas: text that no string of the list can
              // break out of
  };
  cel::Program program;
  Use use = Use::scalar;
};

// `resource` is the type of the object, its fields the columns of a row called `row`. The text names the
// values it takes
// `:guard.v0`, `:guard.v1`, …, as indices into `values`, to which its own are added. Nothing where it cannot
// be said in SQL.
std::optional<std::string> guard_sql(cel::Split split, const cel::Type& resource, std::string_view row,
                                     std::vector<GuardProgram>& values);

// The outcome of such a program as it is bound.
GuardValue guard_value(const cel::Evaluated& outcome, GuardProgram::Use use);

// A statement that gives the rows of `statement` where the first row of `lookup` meets `condition`, and none
// where it does not; then nothing of `statement` is run.
std::string guarded_statement(std::string_view statement, std::string_view lookup,
                              std::string_view condition);
inline constexpr std::string_view kGuardRow = "gatehouse_object";

}  // namespace gatehouse::policy
