// Output for people: columns as wide as their content, measured in code points, with numbers to the right. On
// a terminal also in colour, unless NO_COLOR is set (no-color.org), and no wider than the terminal. Control
// characters in cells are escaped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/utf8.h"

namespace gatehouse::app {

enum class Paint : std::uint8_t { plain, strong, faint, red, green, yellow };
enum class Colours : std::uint8_t { none, ansi };

struct Screen {
  std::size_t width = 0;  // 0: as wide as it comes
  Colours colours = Colours::none;

  static Screen standard_output();
};

std::string painted(std::string_view text, Paint paint, const Screen& screen);

struct Column {
  enum class Align : std::uint8_t { left, right };
  // Where the screen is too narrow: its texts are cut, stay whole, or the column is left out when cutting was
  // not enough, the last of such columns first.
  enum class Fit : std::uint8_t { cut, whole, spare };

  std::string heading;
  Align align = Align::left;
  Fit fit = Fit::cut;
};

struct Cell {
  std::string text;
  Paint paint = Paint::plain;

  Cell(std::string what, Paint how = Paint::plain)
      : text(std::move(what)), paint(how) {}                                    // NOLINT: reads as text
  Cell(const char* what, Paint how = Paint::plain) : text(what), paint(how) {}  // NOLINT
};

class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // As many cells as there are columns.
  void add(std::vector<Cell> row);
  // The lines of the rows added since the last call; before the first of them the headings. Columns that have
  // been shown never become narrower, so that a table can go on while things happen.
  std::string take(const Screen& screen);

 private:
  std::vector<std::size_t> fitted(const Screen& screen) const;  // 0: left out
  std::string line(const std::vector<Cell>& row, const std::vector<std::size_t>& widths,
                   const Screen& screen) const;

  std::vector<Column> columns_;
  std::vector<std::size_t> widths_;  // of the widest text so far
  std::vector<std::vector<Cell>> rows_;
  bool headed_ = false;
};

}  // namespace gatehouse::app
