#include "http/trace_context.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace gatehouse::http {
namespace {

// Zeros first, which no id may be, then counting.
class CountingEntropy final : public Entropy {
 public:
  void fill(std::span<std::uint8_t> out) override {
    std::fill(out.begin(), out.end(), next_);
    ++next_;
  }

 private:
  std::uint8_t next_ = 0;
};

std::string text(const TraceContext& context) {
  const auto written = context.traceparent();
  return {written.data(), written.size()};
}

TEST(TraceContext, GoesThereAndBack) {
  constexpr std::string_view kExample = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto context = parse_traceparent(kExample);
  ASSERT_TRUE(context);
  EXPECT_EQ(text(*context), kExample);
  const auto id = context->trace_id_text();
  EXPECT_EQ(std::string(id.data(), id.size()), "4bf92f3577b34da6a3ce929d0e0e4736");
  CountingEntropy entropy;
  EXPECT_EQ(text(context->child(entropy)), "00-4bf92f3577b34da6a3ce929d0e0e4736-0101010101010101-01");
  EXPECT_EQ(text(TraceContext::fresh(entropy)), "00-02020202020202020202020202020202-0303030303030303-00");
}

TEST(TraceContext, LaterVersionsAreReadAsFarAsTheyAreKnown) {
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what"));
  EXPECT_EQ(text(*parse_traceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff")),
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03");
}

TEST(TraceContext, AMalformedFieldGivesNoContext) {
  for (const char* malformed : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what",
                                "00-4bf92f3577b34da6a3ce929d0e0e473x-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(parse_traceparent(malformed)) << malformed;
  }
}

}  // namespace
}  // namespace gatehouse::http
