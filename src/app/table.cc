#include "app/table.h"

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <numeric>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace gatehouse::app {
namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kNarrowest = 8;  // a shorter text is useless
constexpr std::string_view kCut = "\u2026";

constexpr std::string_view kPaints[] = {"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m"};
constexpr std::string_view kEnd = "\x1b[0m";

bool begins_character(char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80; }

// In code points, of valid UTF-8.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string_view first_characters(std::string_view text, std::size_t count) {
  std::size_t end = 0;
  while (end < text.size() && (!begins_character(text[end]) || count-- > 0)) ++end;
  return text.substr(0, end);
}

}  // namespace

Screen Screen::standard_output() {
  if (::isatty(STDOUT_FILENO) == 0) return {};
  Screen screen;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) screen.width = size.ws_col;
  const char* no_color = std::getenv("NO_COLOR");
  if (no_color == nullptr || *no_color == '\0') screen.colours = Colours::ansi;
  return screen;
}

std::string painted(std::string_view text, Paint paint, const Screen& screen) {
  if (screen.colours == Colours::none || paint == Paint::plain) return std::string(text);
  return fmt::format("{}{}{}", kPaints[static_cast<std::size_t>(paint)], text, kEnd);
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
  for (const Column& column : columns_) widths_.push_back(width_of(column.heading));
}

void Table::add(std::vector<Cell> row) {
  assert(row.size() == columns_.size());
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i].text = printable(row[i].text);
    widths_[i] = std::max(widths_[i], width_of(row[i].text));
  }
  rows_.push_back(std::move(row));
}

std::string Table::take(const Screen& screen) {
  std::string out;
  if (rows_.empty()) return out;
  const std::vector<std::size_t> widths = fitted(screen);
  if (!headed_) {
    std::vector<Cell> headings;
    for (const Column& column : columns_) headings.emplace_back(column.heading, Paint::strong);
    out += line(headings, widths, screen);
    headed_ = true;
  }
  for (const std::vector<Cell>& row : rows_) out += line(row, widths, screen);
  rows_.clear();
  return out;
}

std::vector<std::size_t> Table::fitted(const Screen& screen) const {
  std::vector<std::size_t> widths = widths_;
  if (screen.width == 0) return widths;
  std::size_t total = std::accumulate(widths.begin(), widths.end(), kGap * (widths.size() - 1));
  // Takes from the widest text first. When nothing is left to take, lines are longer than the screen, which
  // still says more than a table of fragments.
  while (total > screen.width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < widths.size(); ++i) {
      const std::size_t least = std::max(kNarrowest, width_of(columns_[i].heading));
      if (columns_[i].fit == Column::Fit::whole || widths[i] <= least) continue;
      if (widest == nullptr || widths[i] > *widest) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
    --total;
  }
  for (std::size_t i = widths.size(); i-- > 0 && total > screen.width;) {
    if (columns_[i].fit != Column::Fit::spare) continue;
    total -= widths[i] + kGap;
    widths[i] = 0;
  }
  return widths;
}

std::string Table::line(const std::vector<Cell>& row, const std::vector<std::size_t>& widths,
                        const Screen& screen) const {
  std::string out;
  std::size_t owed = 0;  // blanks, which nothing needs at the end of a line
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (widths[i] == 0) continue;
    std::string text = row[i].text;
    if (text.empty()) {
      owed += widths[i] + kGap;
      continue;
    }
    std::size_t width = width_of(text);
    if (width > widths[i]) {
      text = fmt::format("{}{}", first_characters(text, widths[i] - 1), kCut);
      width = widths[i];
    }
    const std::size_t blank = widths[i] - width;
    const bool right = columns_[i].align == Column::Align::right;
    out.append(owed + (right ? blank : 0), ' ');
    out += painted(text, row[i].paint, screen);
    owed = kGap + (right ? 0 : blank);
  }
  out += '\n';
  return out;
}

}  // namespace gatehouse::app
