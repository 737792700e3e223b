// The bounds of the values of a sequence. Internal to this room.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "json/parser.h"

namespace gatehouse::json {

constexpr char kRecordSeparator = '\x1E';

// Where an item stands: [begin, end), and the next one at `next`.
struct Item {
  std::size_t begin;
  std::size_t end;
  std::size_t next;
};

// The item at `from`, which is before the end of the text. Nothing: it is not separated as its format says.
std::optional<Item> item_at(std::string_view text, std::size_t from, Sequence sequence);

}  // namespace gatehouse::json
