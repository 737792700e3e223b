// Parameters whose names go on in brackets (`a[b][c]=1`, `a[]=x`, `a[0][b]=x`), to one value. OpenAPI leaves
// open what they mean beyond one level (3.1.1 section 4.8.12.4). PHP and qs read what is taken here in the
// same way; Rack does not know `[0]`. Internal to this room.
//
// One text, one reading: the schema's type says whether a place is an array or an object.
//   - An array is `[]` for each item, which is a scalar then, or `[0]`, `[1]` and so on without a gap. Not
//     both; `[][b]` begins an item for one server and continues one for another.
//   - An object is its members by name, without those of is_read_otherwise().
//   - A name twice is refused, but for `[]`, and so is a value beside members.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "openapi/codec.h"
#include "openapi/pair.h"

namespace gatehouse::openapi {

class StyleReader;

// Whether a server could drop a member of this name in brackets, or take it for another: an index alone
// begins an array in qs, a space is `[]` in PHP, and qs drops the names that every object of JavaScript has.
// Not for names that the object declares: its document says that the server knows them.
bool is_read_otherwise(std::string_view name, const TextType& object);

// Keeps its working memory. Time is n log n in the pairs of a parameter, of which there is a bound.
class BracketReader {
 public:
  // Writes exactly one value and gives the rule that the pairs broke, as StyleReader does. `scalars` writes
  // the values at the ends.
  std::string_view write(std::span<const Pair> pairs, std::uint32_t first, const Codec& codec,
                         StyleReader& scalars, json::Builder& out);

 private:
  // A pair, and what of its name is not read yet: "[b][c]".
  struct Part {
    std::string_view rest;
    std::uint32_t pair = 0;
  };
  // The parts whose names go on with the same brackets.
  struct Group {
    std::string_view name;
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t index = 0;
  };
  // What is the same for all parts of one parameter.
  struct Site {
    std::span<const Pair> pairs;
    const Codec& codec;
    StyleReader& scalars;
    json::Builder& out;
  };

  std::string_view value(const Site& site, std::size_t begin, std::size_t end, const TextType& type,
                         int depth);
  std::string_view array(const Site& site, std::size_t first_group, const TextType& type, int depth);
  std::string_view object(const Site& site, std::size_t first_group, const TextType& type, int depth);
  std::string_view scalar(const Site& site, const Part& part, const TextType& type,
                          std::string_view parting = {});
  // Reads one pair of brackets off all parts from `begin` to `end`; adds the groups that this makes.
  bool group(std::size_t begin, std::size_t end);

  std::vector<Part> parts_;
  std::vector<Group> groups_;  // those of one value behind those of the value around it
};

}  // namespace gatehouse::openapi
