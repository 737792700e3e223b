#include "schema/shape.h"

#include <algorithm>

#include "schema/compiler_implementation.h"

namespace gatehouse::schema {
namespace {

constexpr int kMostShapeDepth = 32;

std::optional<Shape::Kind> kind_named(std::string_view type) {
  using enum Shape::Kind;
  if (type == "null") return null;
  if (type == "boolean") return boolean;
  if (type == "integer") return integer;
  if (type == "number") return number;
  if (type == "string") return string;
  if (type == "array") return array;
  if (type == "object") return object;
  return std::nullopt;
}

}  // namespace

std::shared_ptr<const Shape> Compiler::Implementation::shape(SchemaResource& around, json::Value schema) {
  return find_shape(schema, around, 0);
}

std::shared_ptr<const Shape> Compiler::Implementation::find_shape(json::Value schema, SchemaResource& around,
                                                                  int depth) {
  static const auto dyn = std::make_shared<const Shape>();
  if (depth > kMostShapeDepth) return dyn;
  const auto [at, added] = shapes_.try_emplace(schema.node(), dyn);
  if (!added) return at->second;  // dyn while it is being found: a cycle
  auto shape = std::make_shared<Shape>();
  add_to_shape(*shape, schema, documents_.resource_of(schema, around), depth);
  shapes_[schema.node()] = shape;
  return shape;
}

void Compiler::Implementation::add_to_shape(Shape& shape, json::Value object, SchemaResource& around,
                                            int depth) {
  using enum Keyword;
  if (!object.is_object() || depth > kMostShapeDepth) return;
  SchemaResource& resource = documents_.resource_of(object, around);
  const Keywords keywords(object);
  if (const json::Value reference = keywords[ref]; reference && reference.is_string()) {
    if (const auto target = documents_.resolve(resource, reference.string(), reference)) {
      add_to_shape(shape, target->schema, *target->resource, depth + 1);
    }
    if (resource.ref_stands_alone()) return;
  }
  if (const json::Value list = keywords[all_of]; list && list.is_array()) {
    for (const json::Value branch : list.elements()) add_to_shape(shape, branch, resource, depth + 1);
  }
  for (const Keyword choice : {any_of, one_of}) {
    const json::Value list = keywords[choice];
    if (!list || !list.is_array() || list.size() == 0) continue;
    bool text = false;
    for (const json::Value branch : list.elements())
      text |= find_shape(branch, resource, depth + 1)->may_be_text;
    shape.may_be_text &= text;
  }
  if (const json::Value types = keywords[type]) {
    std::optional<Shape::Kind> kind;
    std::size_t kinds = 0;
    bool text = false;
    const auto one = [&](json::Value value) {
      if (!value.is_string()) return;
      text |= value.string() == "string";
      if (value.string() == "null" && types.is_array() && types.size() > 1) {
        shape.nullable = true;
        return;
      }
      kind = kind_named(value.string());
      ++kinds;
    };
    if (types.is_array()) {
      for (const json::Value element : types.elements()) one(element);
    } else {
      one(types);
    }
    if (kind && kinds == 1) shape.kind = *kind;
    shape.may_be_text &= text;
    if (resource.draft == Draft::openapi_3_0 && keywords.has(nullable) && keywords[nullable].is_boolean() &&
        keywords[nullable].boolean()) {
      shape.nullable = true;
    }
  }
  if (const json::Value text = keywords[format]; text && text.is_string()) shape.format = text.string();
  if (const json::Value element = keywords[items]; element && element.is_object()) {
    shape.items = find_shape(element, resource, depth + 1);
    if (shape.kind == Shape::Kind::dyn && !keywords.has(type)) shape.kind = Shape::Kind::array;
  }
  if (keywords.has(prefix_items)) shape.items = nullptr;
  for (const Keyword composed :
       {any_of, one_of, condition, dependent_schemas, pattern_properties, dynamic_ref}) {
    shape.open |= keywords.has(composed);
  }
  shape.open |= !extensions_.of(object, resource).empty();
  for (const Keyword extra : {additional_properties, unevaluated_properties}) {
    const json::Value value = keywords[extra];
    shape.open |= value && !(value.is_boolean() && !value.boolean());
  }
  const json::Value declared = keywords[properties];
  if (!declared || !declared.is_object()) return;
  if (shape.kind == Shape::Kind::dyn && !keywords.has(type)) shape.kind = Shape::Kind::object;
  for (const json::Member member : declared.members()) {
    const auto known = std::find_if(shape.properties.begin(), shape.properties.end(),
                                    [&](const auto& property) { return property.first == member.key(); });
    auto inner = find_shape(member.value, resource, depth + 1);
    if (known == shape.properties.end()) {
      shape.properties.emplace_back(std::string(member.key()), std::move(inner));
    } else if (known->second->kind == Shape::Kind::dyn) {
      known->second = std::move(inner);
    }
  }
}

}  // namespace gatehouse::schema
