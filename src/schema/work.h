// The budget of checking one instance. Every step takes the cost of its reads and writes, in units of about a
// nanosecond; with an empty budget the instance is refused ("complexity"). The budget grows with the
// instance's bytes, so no instance costs more than a stated time per byte, for every schema.
#pragma once

#include <algorithm>
#include <cstdint>

#include "json/document.h"
#include "schema/allowance.h"

namespace gatehouse::schema {

class Work {
 public:
  // The cost of ordinary instances. Beyond it, results are stored, so that nothing is computed twice.
  static constexpr std::int64_t kLight = 50'000;
  static constexpr std::int64_t kForEachByte = 64;

  enum class Share : std::uint8_t {
    whole,
    brief,  // as much as may be spent at once on a loop that others wait for
  };
  static constexpr std::int64_t kBrief = 2'000'000;

  Work(json::Value instance, Share share, Allowance allowance = {})
      : instance_(instance), base_(allowance.left), left_(std::min(kLight, base_)), share_(share) {}

  // false: nothing is left, and nothing will be.
  bool take(std::int64_t units) {
    left_ -= units;
    if (left_ >= 0) [[likely]]
      return true;
    return extend();
  }
  // Whether that much is left. Takes nothing.
  bool affords(std::int64_t units) {
    if (units <= left_) return true;
    return !heavy_ && !spent_ && begin_heavy() && units <= left_;
  }
  void spend_all() {
    spent_ = true;
    left_ = -1;
  }

  bool spent() const { return spent_; }
  bool heavy() const { return heavy_; }  // more than an ordinary instance has needed
  // The rest for the next check, by the part of it that this one has used.
  Allowance rest() const { return {std::clamp<std::int64_t>(base_ - (granted() - left_), 0, base_)}; }
  bool cut_short() const { return spent_ && cut_; }  // the whole share would have been more

 private:
  std::int64_t granted() const { return heavy_ ? granted_ : std::min(kLight, base_); }
  [[gnu::cold]] bool extend();
  [[gnu::cold]] bool begin_heavy();  // true

  json::Value instance_;
  std::int64_t base_;
  std::int64_t left_;
  std::int64_t granted_ = 0;
  Share share_;
  bool heavy_ = false;
  bool spent_ = false;
  bool cut_ = false;
};

// The fewest bytes of JSON that an instance can have been, separators included.
std::int64_t bytes_of(json::Value instance);

}  // namespace gatehouse::schema
