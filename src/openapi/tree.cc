#include "openapi/tree.h"

namespace gatehouse::openapi {

Tree* Tree::find(std::string_view name) {
  if (kind != json::Kind::object) return nullptr;
  for (Tree& member : inside) {
    if (member.key == name) return &member;
  }
  return nullptr;
}

Tree tree_of(json::Value value, std::uint32_t shift) {
  Tree tree;
  tree.kind = value.kind();
  tree.offset = value.offset() + shift;
  if (value.is_object()) {
    for (const json::Member member : value.members()) {
      Tree& inner = tree.inside.emplace_back(tree_of(member.value, shift));
      inner.key = member.key();
      inner.key_offset = member.key_node.offset() + shift;
    }
  } else if (value.is_array()) {
    for (const json::Value element : value.elements()) tree.inside.push_back(tree_of(element, shift));
  } else {
    tree.leaf = value;
  }
  return tree;
}

void link(Tree& root) {
  for (Tree& inner : root.inside) {
    inner.around = &root;
    link(inner);
  }
}

void write(const Tree& tree, json::Builder& out) {
  switch (tree.kind) {
    case json::Kind::null: return out.null(tree.offset);
    case json::Kind::boolean: return out.boolean(tree.leaf.boolean(), tree.offset);
    case json::Kind::number: return out.number(tree.leaf.literal(), tree.offset);
    case json::Kind::string: return out.string(tree.leaf.string(), tree.offset);
    case json::Kind::array:
      out.begin_array(tree.offset);
      for (const Tree& element : tree.inside) write(element, out);
      return out.end_array();
    case json::Kind::object:
      out.begin_object(tree.offset);
      for (const Tree& member : tree.inside) {
        out.key(member.key, member.key_offset);
        write(member, out);
      }
      return out.end_object();
  }
}

}  // namespace gatehouse::openapi
