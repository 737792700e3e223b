// The fields of an answer: complete lines, and the place of each name and value in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/fields.h"

namespace gatehouse {

// clear() keeps the memory, so a field costs no allocation in the long run. Names and values are those of RFC
// 9110 section 5, of a parsed head or Gatehouse's own: they are not checked again.
class ResponseFields {
 public:
  class Iterator {
   public:
    using value_type = http::Field;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    Iterator(const ResponseFields& fields, std::size_t index) : fields_(&fields), index_(index) {}
    http::Field operator*() const { return fields_->at(index_); }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    Iterator operator++(int) {
      Iterator before = *this;
      ++index_;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const ResponseFields* fields_ = nullptr;
    std::size_t index_ = 0;
  };

  void add(http::FieldId id, std::string_view name, std::string_view value) {
    open(id, name).append(value);
    close();
  }
  // For a value that is written in pieces: append it to the text, then close() the field or withdraw() it.
  std::string& open(http::FieldId id, std::string_view name);
  void close();
  void withdraw();

  bool empty() const { return lines_.empty(); }
  void clear() {
    text_.clear();
    lines_.clear();
  }
  // All lines, each with its CRLF.
  std::string_view block() const { return text_; }
  // Of the first line of that field.
  std::optional<std::string_view> value(http::FieldId id) const;
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, lines_.size()}; }

 private:
  struct Line {
    std::size_t at = 0;
    std::uint32_t name_size = 0;
    std::uint32_t value_size = 0;
    http::FieldId id = http::FieldId::other;

    std::size_t value_at() const { return at + name_size + 2; }  // behind `: `
  };
  http::Field at(std::size_t index) const;

  std::string text_;
  std::vector<Line> lines_;
};

}  // namespace gatehouse
