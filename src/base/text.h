// The two audiences. Clients read PublicText, which is fixed when Gatehouse is compiled. Operators read
// LogText, which can hold any text. Neither converts to the other.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace gatehouse {

class PublicText {
 public:
  // Only a literal gets here: nothing computed while the server runs can reach a client.
  template <std::size_t N>
  consteval PublicText(const char (&literal)[N]) : text_(literal, N - 1) {}  // NOLINT: implicit on purpose

  constexpr std::string_view view() const { return text_; }

 private:
  std::string_view text_;
};

class LogText {
 public:
  LogText() = default;
  explicit LogText(std::string text) : text_(std::move(text)) {}

  std::string_view view() const { return text_; }
  bool empty() const { return text_.empty(); }

 private:
  std::string text_;
};

}  // namespace gatehouse
