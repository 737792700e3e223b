// One parameter (or one property of a form body), compiled. Internal to this room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/document.h"
#include "openapi/in.h"
#include "openapi/plus.h"
#include "schema/schema.h"

namespace gatehouse::openapi {

enum class Style : std::uint8_t { simple, label, matrix, form, space_delimited, pipe_delimited, deep_object };

// What a text may become: the kinds that its schema allows, through $ref, allOf, anyOf and oneOf.
struct TextType {
  // An integer is digits: what JSON Schema calls one too, `1.0` and `1e2`, other readers of the text take
  // for 1.
  enum : std::uint8_t { kFraction = 1, kBoolean = 2, kString = 4, kArray = 8, kObject = 16, kInteger = 32 };
  static constexpr std::uint8_t kNumber = kFraction | kInteger;
  static constexpr std::uint8_t kScalars = kNumber | kBoolean | kString;
  static constexpr std::uint8_t kAnything = kScalars | kArray | kObject;

  std::uint8_t kinds = kString;
  std::shared_ptr<const TextType> items;  // array; null: text
  std::vector<std::pair<std::string, std::shared_ptr<const TextType>>>
      properties;                              // object: the declared ones
  std::shared_ptr<const TextType> additional;  // object: others, where the schema says that there may be any

  bool has(std::uint8_t kind) const { return (kinds & kind) != 0; }
  bool is_mixed() const {
    const unsigned one_number = has(kNumber) ? (kinds & ~unsigned{kNumber}) | kFraction : kinds;
    return (one_number & (one_number - 1)) != 0;
  }
  // The type of a member; text where nothing is declared (the schema refuses such a member then).
  const TextType& property(std::string_view name) const;
};
// The type of what no schema says anything about: text.
const TextType& plain_text();

// How the bytes of a raw text stand for characters.
enum class Encoding : std::uint8_t {
  percent,            // RFC 3986: percent-encoded, `+` is itself: paths, cookies
  query,              // the same, but a raw `+` is refused
  query_with_spaces,  // the same, and a raw `+` is a space
  form,  // WHATWG URL section 5: percent-encoded, `+` is a space; line breaks and tabs are allowed
  bare,  // header values: as they are
};

// How a style goes on where it ends: behind the members of an object, and behind the items of an array.
enum class Nesting : std::uint8_t {
  none,
  json,      // forms: an object, and an item that is an object or array, is a JSON text
  brackets,  // what OpenAPI leaves open, where the configuration says so
  exploded,  // the same, of arrays in an exploded object
};

struct Codec {
  enum class Carrier : std::uint8_t { styled, json, text };

  In in = In::query;
  std::string name;
  std::string at;  // "/query/name" (forms: "/name"), as a JSON pointer
  Style style = Style::form;
  Carrier carrier = Carrier::styled;
  Encoding encoding = Encoding::query;
  Nesting nesting = Nesting::none;
  Slash slash = Slash::refused;
  bool explode = false;
  bool required = false;
  bool allow_empty = false;  // `name` and `name=` become "", whatever the schema says
  TextType type;
  std::shared_ptr<const schema::Schema> schema;  // null: not checked by itself (properties of a form)
  std::vector<std::shared_ptr<const schema::Schema>> also;  // the configuration's, for the same value
};

}  // namespace gatehouse::openapi
