// Events as a table for people: one line each, with the principal, the decision, and the id for `why`.
#pragma once

#include <string>
#include <string_view>

#include "app/table.h"
#include "json/document.h"
#include "json/parser.h"

namespace gatehouse::app {

class EventTable {
 public:
  EventTable();
  // `line`: an event as the encoder wrote it. Other text is shown as it is.
  void add(std::string_view line);
  std::string take(const Screen& screen) { return table_.take(screen); }

 private:
  Table table_;
  json::Parser parser_;
  json::Document event_;
};

Paint paint_of(std::string_view outcome);
// 2026-11-23T10:15:04.182913Z → 2026-11-23 10:15:04
std::string seconds_of(std::string time);

}  // namespace gatehouse::app
