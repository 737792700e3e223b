// The parts of a compiled reader. Internal to this room.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "openapi/codec.h"
#include "openapi/pairs.h"
#include "openapi/parameter.h"
#include "openapi/plus.h"
#include "schema/schema.h"

namespace gatehouse::openapi {

struct InputReader::State {
  std::vector<Codec> path;  // one for each capture, in their order
  std::vector<Codec> query;
  std::vector<Codec> header;
  std::vector<Codec> cookie;
  NameTable query_names;
  Encoding query_encoding = Encoding::query;  // of names
  Semicolon semicolon = Semicolon::refused;
  NameTable cookie_names;
};

struct FormReader::State {
  std::vector<Codec> properties;
  std::optional<Codec> free;  // how members that are not declared are read; its slot follows the properties'
  NameTable names;
  Semicolon semicolon = Semicolon::refused;
  std::shared_ptr<const schema::Schema> schema;
};

}  // namespace gatehouse::openapi
