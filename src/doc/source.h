// Files that people write, as json documents with places: YAML 1.2 (core schema) or JSON, strictly.
//
// A text that two YAML readers could read differently is a problem, not a guess: duplicate keys, merge keys
// `<<`, numbers with leading zeros, several documents in one file, tags outside the core schema, keys that
// are not texts. `yes`, `no`, `1_000` and `2026-01-01` are strings, as in YAML 1.2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/problems.h"
#include "json/document.h"

namespace gatehouse::doc {

// Whether only people read the value of `key`, which stands in the value of the key `within`.
using OnlyShown = bool (*)(std::string_view within, std::string_view key);

struct Limits {
  std::size_t bytes = std::size_t{64} << 20U;
  std::size_t depth = 128;
  std::size_t values = 4'000'000;  // with every alias expanded, so that aliases cannot multiply without end
  std::size_t text = std::size_t{256} << 20U;  // bytes of strings, with every alias expanded
  // Of YAML: what it makes of these values is never a problem. What it cannot read is a text there, and what
  // stands twice counts once. Null: there are none.
  OnlyShown only_shown = nullptr;
};

// One file's text and its values. Values stay valid as long as the Source.
class Source {
 public:
  const std::string& name() const { return name_; }
  std::string_view text() const { return text_; }
  json::Value root() const { return document_.root(); }

  // Where the value stands. Precondition: the value is of this source.
  Place place(json::Value value) const { return place_at(value.offset()); }
  // Byte offset to line and column, both from 1, the column in bytes.
  Place place_at(std::size_t offset) const;
  // Whether the value is one of this source's.
  bool owns(json::Value value) const;

 private:
  friend std::shared_ptr<const Source> parse(std::string, std::string, Problems&, const Limits&);
  friend class Composition;
  Source() = default;

  std::string name_;
  std::string text_;
  std::vector<std::uint32_t> lines_;                  // offset of each line's first byte
  std::vector<std::shared_ptr<const Source>> parts_;  // of a Composition
  json::Document document_;
};

// Reads `text` as JSON where `name` ends in .json, or, where it ends in neither .json, .yaml nor .yml, the
// first character is `{` or `[`; else as YAML. Adds every problem it finds; null when there was one.
std::shared_ptr<const Source> parse(std::string text, std::string name, Problems& problems,
                                    const Limits& limits = {});

// A document whose values stand in several files. It has the name of the first.
class Composition {
 public:
  // The parts live as long as what is made of them.
  explicit Composition(std::vector<std::shared_ptr<const Source>> parts);

  // What is added to the offset of a value of that part.
  std::uint32_t shift(std::size_t part) const { return shifts_[part]; }
  // `write` writes one value, with shifted offsets.
  std::shared_ptr<const Source> finish(const std::function<void(json::Builder&)>& write);

 private:
  friend class Source;
  std::vector<std::shared_ptr<const Source>> parts_;
  std::vector<std::uint32_t> shifts_;
};

}  // namespace gatehouse::doc
