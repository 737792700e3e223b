// An event's line, taken apart by the list of fields that the encoder wrote it by: no document is made, and
// no name is looked for. For code that looks at every event; where one is shown, json::Parser reads it.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "audit/event_fields.h"

namespace gatehouse::audit {

class EventLine {
 public:
  // `line`: without its line feed; it outlives what is asked of it. False: the line is not of this version of
  // the list, or none at all, and nothing is known.
  bool read(std::string_view line);

  // As JSON wrote it; empty where the line leaves the member out.
  std::string_view raw(FieldName name) const { return values_[name.index()]; }
  // What stands between the quotes of a text, with its escapes; empty where it is null or left out.
  std::string_view text(FieldName name) const {
    const std::string_view value = raw(name);
    return value.starts_with('"') ? value.substr(1, value.size() - 2) : std::string_view();
  }

 private:
  std::array<std::string_view, kEventFieldCount> values_;
};

// The text that text() gave, without its escapes.
std::string unescaped(std::string_view text);

}  // namespace gatehouse::audit
