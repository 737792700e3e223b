// Sql: the text of a statement, made only from a literal in Gatehouse's own source. A computed text cannot
// become one, so SQL injection is impossible. Text from the configuration goes through db/catalogue.h; there
// is no third way to the database.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace gatehouse::db {

class Sql {
 public:
  template <std::size_t N>
  consteval Sql(const char (&literal)[N]) : text_(literal, N - 1) {}  // NOLINT: implicit on purpose

  constexpr std::string_view view() const { return text_; }

 private:
  std::string_view text_;
};

struct Blob {
  std::string_view bytes;
};

// One bound value. Text and blobs are borrowed until the call that takes them returns.
class Parameter {
 public:
  using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string_view, Blob>;

  Parameter() = default;  // NULL
  Parameter(std::nullptr_t) {}
  template <std::integral T>
    requires(!std::same_as<T, bool> && (sizeof(T) < 8 || std::is_signed_v<T>))
  Parameter(T value) : value_(static_cast<std::int64_t>(value)) {}
  Parameter(double value) : value_(value) {}
  Parameter(std::string_view text) : value_(text) {}
  Parameter(const std::string& text) : value_(std::string_view(text)) {}
  Parameter(const char* text) : value_(std::string_view(text)) {}
  Parameter(Blob blob) : value_(blob) {}
  template <typename T>
  Parameter(const std::optional<T>& value) {
    if (value) value_ = Parameter(*value).value_;
  }

  const Value& value() const { return value_; }

 private:
  Value value_{nullptr};
};

}  // namespace gatehouse::db
