// YAML text into a json document. Internal to this room.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "doc/source.h"
#include "json/document.h"

namespace gatehouse::doc {

// Called for each problem, with the byte where it is.
using Report = std::function<void(std::size_t offset, std::string what)>;

// Fills `into`, each node with its byte offset. Do not use its content after a report.
void read_yaml(std::string_view text, const Limits& limits, json::Document& into, const Report& report);

// A plain scalar as the core schema resolves it (YAML 1.2.2 section 10.3.2).
struct Plain {
  enum class Kind : unsigned char { string, null, boolean, number, refused };
  Kind kind = Kind::string;
  bool truth = false;   // boolean
  std::string literal;  // number: as JSON writes it
  std::string why;      // refused: the remedy
};
Plain resolve_plain(std::string_view text);

}  // namespace gatehouse::doc
