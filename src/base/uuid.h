// UUIDv7 (RFC 9562 section 5.7): the correlation id of a request. Sorts by time, guesses nothing.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/entropy.h"

namespace gatehouse {

class Uuid {
 public:
  static Uuid v7(WallTime now, Entropy& entropy);
  // Only the canonical text: 36 characters, lower case.
  static std::optional<Uuid> parse(std::string_view text);

  std::string_view text() const { return {text_.data(), text_.size()}; }
  bool operator==(const Uuid&) const = default;

 private:
  std::array<char, 36> text_{};
};

}  // namespace gatehouse
