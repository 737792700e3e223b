// The rows that a statement gave, in memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gatehouse::db {

class RowSet {
  enum class Kind : std::uint8_t { null, integer, real, bytes };
  struct Cell {
    Kind kind = Kind::null;
    union {
      std::int64_t integer = 0;
      double real;
      std::size_t offset;
    };
    std::size_t size = 0;
  };

 public:
  // Borrows from its RowSet. Columns count from 0. A value of another type than the one asked for is 0 or
  // empty, as NULL is.
  class Row {
   public:
    bool is_null(std::size_t column) const { return cell(column).kind == Kind::null; }
    std::int64_t integer(std::size_t column) const {
      const Cell& at = cell(column);
      return at.kind == Kind::integer ? at.integer : 0;
    }
    double real(std::size_t column) const {
      const Cell& at = cell(column);
      return at.kind == Kind::real ? at.real : 0;
    }
    // Text in UTF-8, or a blob.
    std::string_view bytes(std::size_t column) const {
      const Cell& at = cell(column);
      if (at.kind != Kind::bytes) return {};
      return std::string_view(rows_.bytes_).substr(at.offset, at.size);
    }

   private:
    friend class RowSet;
    Row(const RowSet& rows, std::size_t first) : rows_(rows), first_(first) {}
    const Cell& cell(std::size_t column) const { return rows_.cells_.at(first_ + column); }
    const RowSet& rows_;
    std::size_t first_;
  };

  RowSet() = default;
  explicit RowSet(std::size_t columns) : columns_(columns) {}

  std::size_t size() const { return columns_ == 0 ? 0 : cells_.size() / columns_; }
  bool empty() const { return cells_.empty(); }
  Row operator[](std::size_t row) const { return {*this, row * columns_}; }

  // How many rows the statement inserted, updated or deleted.
  std::int64_t changed = 0;

  // For drivers: the cells of one row after those of another.
  void add_null() { cells_.emplace_back(); }
  void add_integer(std::int64_t value) {
    Cell& cell = cells_.emplace_back();
    cell.kind = Kind::integer;
    cell.integer = value;
  }
  void add_real(double value) {
    Cell& cell = cells_.emplace_back();
    cell.kind = Kind::real;
    cell.real = value;
  }
  void add_bytes(std::string_view value) {
    Cell& cell = cells_.emplace_back();
    cell.kind = Kind::bytes;
    cell.offset = bytes_.size();
    cell.size = value.size();
    bytes_.append(value);
  }

 private:
  std::size_t columns_ = 0;
  std::vector<Cell> cells_;
  std::string bytes_;
};

}  // namespace gatehouse::db
