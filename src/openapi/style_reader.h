// Raw texts of one parameter to one value, by its style (OpenAPI 3.1 section 4.8.12.4, RFC 6570). Internal to
// this room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "json/parser.h"
#include "openapi/bracket_reader.h"
#include "openapi/codec.h"
#include "openapi/pair.h"
#include "openapi/parameter.h"

namespace gatehouse::openapi {

// Of a JSON text in a parameter or form.
inline constexpr json::ParseLimits kJsonLimits{.depth = 32, .bytes = std::size_t{1} << 20U};

// Writes values; keeps its working memory. Every function writes exactly one value and gives the rule that
// the text broke, or an empty text. After a rule was broken what was written has no meaning.
class StyleReader {
 public:
  // Before the values of a request.
  void begin(InputValues values) {
    parting_lone_item_ = values == InputValues::unambiguous ? "," : std::string_view();
  }
  // `kinds`: which of the type's kinds may be written.
  std::string_view write_path(std::string_view raw, const Codec& codec, std::uint8_t kinds,
                              json::Builder& out);
  // All field lines of that header; more than one only for arrays.
  std::string_view write_header(std::span<const std::string_view> lines, const Codec& codec,
                                std::uint8_t kinds, json::Builder& out);
  // All pairs of that parameter, from `first` on.
  std::string_view write_pairs(std::span<const Pair> pairs, std::uint32_t first, const Codec& codec,
                               std::uint8_t kinds, json::Builder& out);
  // The same for an exploded object, as members of the object that is open in `out`.
  std::string_view write_members(std::span<const Pair> pairs, std::uint32_t first, const Codec& codec,
                                 json::Builder& out);

 private:
  friend class BracketReader;
  // `parting`: the signs between the items of the list that the text is an item of. A text that has one of
  // them once it is decoded is refused: servers that decode a list before they split it read other items.
  std::string_view scalar(std::string_view raw, const Codec& codec, std::uint8_t kinds, json::Builder& out,
                          std::string_view parting = {});
  // The items between delimiters; an open array is written to.
  std::string_view items(std::string_view raw, std::string_view delimiter, const Codec& codec,
                         json::Builder& out);
  std::string_view array(std::string_view raw, std::string_view delimiter, const Codec& codec,
                         json::Builder& out);
  // `R,100,G,200`
  std::string_view alternating(std::string_view raw, std::string_view delimiter, const Codec& codec,
                               json::Builder& out);
  // `R=100,G=200`
  std::string_view assignments(std::string_view raw, std::string_view delimiter, const Codec& codec,
                               json::Builder& out);
  std::string_view prefixed(std::string_view raw, char prefix, const Codec& codec, std::uint8_t kinds,
                            json::Builder& out);
  std::string_view matrix(std::string_view raw, const Codec& codec, std::uint8_t kinds, json::Builder& out);
  // `in_key`: as `parting`, of the key alone.
  std::string_view member(std::string_view raw_key, std::string_view raw_value, const Codec& codec,
                          json::Builder& out, std::string_view parting, std::string_view in_key);
  std::string_view decoded_member(std::string_view key, std::string_view raw_value, const Codec& codec,
                                  json::Builder& out, std::string_view parting = {});
  // One JSON text: a value of one of `kinds`.
  std::string_view json(std::string_view raw, const Codec& codec, std::uint8_t kinds, json::Builder& out);
  std::string_view exploded_array(std::span<const Pair> pairs, std::uint32_t first, const Codec& codec,
                                  json::Builder& out);
  // The members of an exploded object, of which some are arrays (Nesting::exploded). Time is n log n.
  std::string_view grouped_members(std::span<const Pair> pairs, std::uint32_t first, const Codec& codec,
                                   json::Builder& out);
  void begin_object(json::Builder& out);
  bool is_new_key(std::string_view key);

  std::string_view parting_lone_item_;  // as `parting`, of the only item of an exploded list
  std::string text_;                    // what was decoded last
  std::string key_;                     // the key that was decoded last
  std::string keys_;                    // the keys of the object that is being written, one behind the other
  std::vector<std::pair<std::uint32_t, std::uint32_t>> key_spans_;  // begin and size in keys_
  std::vector<std::uint32_t> members_;  // the pairs of an exploded object, by name
  BracketReader brackets_;
  json::Parser parser_;
  json::Document parsed_;
};

}  // namespace gatehouse::openapi
