// A document that can be changed. Internal to this room.
#pragma once

#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "json/document.h"

namespace gatehouse::openapi {

// A value; of an object and an array its members, which stay where they are when others come and go.
struct Tree {
  json::Kind kind = json::Kind::null;
  json::Value leaf;  // neither object nor array
  std::uint32_t offset = 0;
  std::string key;  // in an object
  std::uint32_t key_offset = 0;
  std::list<Tree> inside;
  Tree* around = nullptr;

  Tree* find(std::string_view name);
};

// `shift` is added to offsets. Precondition for the result: `value` outlives it.
Tree tree_of(json::Value value, std::uint32_t shift);
// Links each value to the one around it, from `root` on.
void link(Tree& root);
void write(const Tree& tree, json::Builder& out);

}  // namespace gatehouse::openapi
