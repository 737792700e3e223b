// Header fields as views into the buffer they arrived in (RFC 9110 section 5).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string_view>

#include "http/field_grammar.h"
#include "http/field_table.h"

namespace gatehouse::http {

// The fields of field_table.h, recognised while the head is parsed; everything else is found by name.
enum class FieldId : std::uint8_t {
  other,
#define GATEHOUSE_FIELD(id, name, lines, in, grammar, out) id,
  GATEHOUSE_FIELDS(GATEHOUSE_FIELD) GATEHOUSE_FIELD_FAMILIES(GATEHOUSE_FIELD)
#undef GATEHOUSE_FIELD
      odd_name,  // not in the table, with other signs than letters, digits and `-`: see name_folding.h
};
inline constexpr std::size_t kFieldIdCount = static_cast<std::size_t>(FieldId::odd_name) + 1;

// The table's columns; see there.
enum class ToUpstream : std::uint8_t { goes_on, declared, browsers, ends_here };
enum class ToClient : std::uint8_t { stays, declared, pages, checked, leaves };

// Case is ignored (RFC 9110 section 5.1).
FieldId field_id(std::string_view name);
// In lower case; empty for `other`, `odd_name` and the families.
std::string_view name(FieldId id);
// Whether the field has exactly one value, so that a second line of it is refused. Fields defined as lists
// may repeat, and so may Set-Cookie. Cookie may not (RFC 6265bis section 5.8.2).
bool is_singleton(FieldId id);
ToUpstream to_upstream(FieldId id);
FieldGrammar grammar(FieldId id);
ToClient to_client(FieldId id);

struct Field {
  std::string_view name;   // as it was written
  std::string_view value;  // without white space at its ends
  FieldId id = FieldId::other;
};

// The fields of one message, in the order of arrival. They are kept as offsets into one buffer of at most 64
// KiB, so that a head that arrives in pieces survives the buffer's move, and an idle connection holds little.
class Fields {
 public:
  static constexpr std::size_t kCapacity = 128;

  class Iterator {
   public:
    using value_type = Field;
    using difference_type = std::ptrdiff_t;
    using iterator_category = std::input_iterator_tag;
    using pointer = const Field*;
    using reference = Field;

    Iterator(const Fields& fields, std::size_t index) : fields_(&fields), index_(index) {}
    Field operator*() const { return (*fields_)[index_]; }
    Iterator& operator++() {
      ++index_;
      return *this;
    }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const Fields* fields_;
    std::size_t index_;
  };

  Fields() { clear(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  Field operator[](std::size_t index) const {
    const Entry& entry = entries_[index];
    return {{base_ + entry.name_at, entry.name_size}, {base_ + entry.value_at, entry.value_size}, entry.id};
  }
  Iterator begin() const { return {*this, 0}; }
  Iterator end() const { return {*this, size_}; }

  bool has(FieldId id) const { return first_[static_cast<std::size_t>(id)] != 0; }
  // More than one line of it.
  bool repeated(FieldId id) const {
    const auto i = static_cast<std::size_t>(id);
    return (repeated_[i / 64] >> (i % 64) & 1) != 0;
  }
  // The first line's value. Singletons have no other.
  std::optional<std::string_view> value(FieldId id) const {
    const auto first = first_[static_cast<std::size_t>(id)];
    if (first == 0) return std::nullopt;
    return (*this)[first - 1U].value;
  }
  // The number of lines with this name, and the value of the first: a repeated field does not count as a
  // credential.
  struct Found {
    std::size_t count = 0;
    std::string_view value;
  };
  Found find(std::string_view name) const;

  // For parsers.
  void clear() {
    first_.fill(0);
    repeated_.fill(0);
    size_ = 0;
    base_ = nullptr;
  }
  void set_base(const char* base) { base_ = base; }
  // Both texts lie within 64 KiB behind the base. The caller has checked that there is room.
  void add(FieldId id, std::size_t name_at, std::size_t name_size, std::size_t value_at,
           std::size_t value_size) {
    auto& entry = entries_[size_];
    entry = {static_cast<std::uint16_t>(name_at), static_cast<std::uint16_t>(name_size),
             static_cast<std::uint16_t>(value_at), static_cast<std::uint16_t>(value_size), id};
    ++size_;
    const auto i = static_cast<std::size_t>(id);
    if (first_[i] == 0) {
      first_[i] = static_cast<std::uint8_t>(size_);
    } else {
      repeated_[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }

 private:
  struct Entry {
    std::uint16_t name_at, name_size, value_at, value_size;
    FieldId id;
  };

  const char* base_;
  std::size_t size_;
  std::array<std::uint64_t, (kFieldIdCount + 63) / 64> repeated_;
  std::array<std::uint8_t, kFieldIdCount> first_;  // the index of each id's first line, plus one
  std::array<Entry, kCapacity> entries_;           // the first size_ of them have been written
};

}  // namespace gatehouse::http
