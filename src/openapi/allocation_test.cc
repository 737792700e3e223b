// A request's parameters are decoded without allocating, once a thread has warmed up.
#include <array>

#include <gtest/gtest.h>

#include "base/allocations_testing.h"
#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

TEST(InputReader, AllocatesNothingOnceWarm) {
  const Loaded loaded = load_text(R"(openapi: 3.1.0
info: {title: t, version: '1'}
paths:
  /orders/{id}:
    get:
      parameters:
        - {name: id, in: path, required: true, schema: {type: integer}}
        - {name: q, in: query, schema: {type: string}}
        - {name: status, in: query, schema: {type: array, items: {enum: [open, paid]}}}
        - {name: filter, in: query, style: deepObject, schema: {type: object, properties: {from: {type: string}, to: {type: string}}}}
        - {name: X-Trace, in: header, schema: {type: string}}
        - {name: sid, in: cookie, schema: {type: string}}
)");
  ASSERT_EQ(loaded.problems.text(), "");
  const InputReader& reader = *loaded.api.operations[0].input;
  const std::array<std::string_view, 1> path = {"4711"};
  const Fields fields{{"X-Trace", "abc"}, {"cookie", "a=1; sid=2; b=3"}};
  const RawInput raw{path, "q=red%20wine&status=open&status=paid&filter%5Bfrom%5D=a&filter[to]=b", &fields};
  InputMemory memory;
  json::Document values;
  schema::Findings findings;
  ASSERT_TRUE(reader.read(raw, memory, values, findings));
  const std::size_t before = counted_allocations;
  ASSERT_TRUE(reader.read(raw, memory, values, findings));
  EXPECT_EQ(counted_allocations - before, 0U);
}

}  // namespace
}  // namespace gatehouse::openapi
