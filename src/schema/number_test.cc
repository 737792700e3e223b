#include "schema/number.h"

#include <gtest/gtest.h>

#include "json/document.h"

namespace gatehouse::schema {
namespace {

TEST(Number, ShortAndLongLiteralsAgreeWithTheExactComparison) {
  constexpr std::string_view kLiterals[] = {"0",
                                            "-0",
                                            "0.0",
                                            "1",
                                            "-1",
                                            "1.5",
                                            "1.50",
                                            "999999999999999999",
                                            "-999999999999999999",
                                            "1000000000000000000",
                                            "9999999999999999999",
                                            "-9999999999999999999",
                                            "0.000000000000000001",
                                            "1e2",
                                            "100",
                                            "1e400",
                                            "-1e400",
                                            "1e-400",
                                            "1e9999999999999999999",
                                            "-1e-9999999999999999999",
                                            "9.99",
                                            "100000",
                                            "99.999999999999999",
                                            "1.7976931348623157e308",
                                            "123456789012345678901234567890",
                                            "0.1234567890123456789",
                                            "1234567890.12345678"};
  for (const std::string_view a : kLiterals) {
    for (const std::string_view b : kLiterals) {
      EXPECT_EQ(compare(Number(a), Number(b)), json::compare_numbers(a, b)) << a << " and " << b;
    }
  }
}

TEST(Number, MultiplesAreExactInBothForms) {
  EXPECT_TRUE(is_multiple(Number("0.3"), Number("0.1")));
  EXPECT_TRUE(is_multiple(Number("-4.02"), Number("0.01")));
  EXPECT_FALSE(is_multiple(Number("4.021"), Number("0.01")));
  EXPECT_TRUE(is_multiple(Number("0"), Number("7")));
  EXPECT_TRUE(is_multiple(Number("123456789012345678901234567890"), Number("10")));
  EXPECT_FALSE(is_multiple(Number("1"), Number("3e-1")));
  EXPECT_TRUE(is_multiple(Number("1e300"), Number("0.5")));
}

}  // namespace
}  // namespace gatehouse::schema
