#include "json/sequence.h"

#include <algorithm>

namespace gatehouse::json {
namespace {

// Nothing if a reader of lines could find its end elsewhere.
std::optional<Item> line_at(std::string_view text, std::size_t from) {
  const std::size_t feed = std::min(text.find('\n', from), text.size());
  Item item{from, feed, std::min(feed + 1, text.size())};
  if (feed < text.size() && feed > from && text[feed - 1] == '\r') --item.end;
  const std::string_view line = text.substr(from, item.end - from);
  constexpr std::string_view kOtherEnds[] = {"\r", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"};
  const auto ends_line = [&](std::string_view end) { return line.contains(end); };
  if (std::ranges::any_of(kOtherEnds, ends_line)) return std::nullopt;
  return item;
}

std::optional<Item> record_at(std::string_view text, std::size_t from) {
  if (text[from] != kRecordSeparator) return std::nullopt;
  const std::size_t next = std::min(text.find(kRecordSeparator, from + 1), text.size());
  if (text[next - 1] != '\n') return std::nullopt;
  return Item{from + 1, next - 1, next};
}

}  // namespace

std::optional<Item> item_at(std::string_view text, std::size_t from, Sequence sequence) {
  return sequence == Sequence::lines ? line_at(text, from) : record_at(text, from);
}

}  // namespace gatehouse::json
