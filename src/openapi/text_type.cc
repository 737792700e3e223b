#include "openapi/text_type.h"

#include <algorithm>

#include "doc/reader.h"

namespace gatehouse::openapi {
namespace {

constexpr std::uint8_t kNothing = 0;
constexpr std::uint8_t kUnsaid = 0x80 | TextType::kAnything;  // no keyword says anything about the type
constexpr int kDeepest =
    12;  // references and branches behind one another: schemas that contain themselves end here
constexpr int kMostSchemas = 5000;  // looked at for one parameter

std::uint8_t kind_of(std::string_view type) {
  if (type == "integer") return TextType::kInteger;
  if (type == "number") return TextType::kNumber;
  if (type == "boolean") return TextType::kBoolean;
  if (type == "string") return TextType::kString;
  if (type == "array") return TextType::kArray;
  if (type == "object") return TextType::kObject;
  return kNothing;  // null: no text is null
}

std::uint8_t kind_of(json::Value value) {
  switch (value.kind()) {
    case json::Kind::null: return kNothing;
    case json::Kind::boolean: return TextType::kBoolean;
    case json::Kind::number: return TextType::kNumber;
    case json::Kind::string: return TextType::kString;
    case json::Kind::array: return TextType::kArray;
    case json::Kind::object: return TextType::kObject;
  }
  return kNothing;
}

const std::shared_ptr<const TextType> kText = std::make_shared<TextType>();

class Reading {
 public:
  Reading(Documents& documents, schema::Sealing sealing, int levels)
      : documents_(documents), sealing_(sealing), levels_(levels) {}

  TextType read(const doc::Field& field, int depth, int member) {
    TextType type;
    type.kinds = kUnsaid;
    if (depth > kDeepest || ++read_ > kMostSchemas || !field.is_object()) return type;
    const json::Value schema = field.value();
    const auto child = [&](json::Value value) {
      return doc::Field(field.source(), value, field.path(), field.problems());
    };

    if (const auto reference = schema.find_string("$ref")) {
      Problems elsewhere;  // the schema compiler reports references that lead nowhere
      const doc::Field quiet(field.source(), schema, field.path(), elsewhere);
      if (const auto target = documents_.resolve(quiet, *reference)) {
        merge_all(type, read(doc::Field(target->source(), target->value(), target->path(), field.problems()),
                             depth + 1, member));
      }
    }
    if (const auto written = schema.find("type")) {
      std::uint8_t kinds = kNothing;
      if (written->is_string()) kinds = kind_of(written->string());
      if (written->is_array()) {
        for (const json::Value one : written->elements())
          kinds |= one.is_string() ? kind_of(one.string()) : kNothing;
      }
      type.kinds &= kinds;
    }
    if (const auto value = schema.find("const")) type.kinds &= kind_of(*value);
    if (const auto values = schema.find("enum"); values && values->is_array()) {
      std::uint8_t kinds = kNothing;
      for (const json::Value value : values->elements()) kinds |= kind_of(value);
      type.kinds &= kinds;
    }
    if (const auto items = schema.find("items"); items && items->is_object() && member < levels_) {
      type.items = finished(read(child(*items), 0, member + 1));
    }
    if (const auto properties = schema.find("properties"); properties && properties->is_object()) {
      for (const json::Member one : properties->members()) {
        type.properties.emplace_back(
            one.key(), member < levels_ ? finished(read(child(one.value), 0, member + 1)) : kText);
      }
    }
    if (const auto others = schema.find("additionalProperties")) {
      if (others->is_object() && member < levels_)
        type.additional = finished(read(child(*others), 0, member + 1));
      if (others->is_boolean() && others->boolean()) type.additional = kText;
    } else if (sealing_ == schema::Sealing::open &&
               (schema.find("properties") || schema.find_string("type") == "object")) {
      type.additional = kText;
    }
    if (const auto all = schema.find("allOf"); all && all->is_array()) {
      for (const json::Value one : all->elements()) merge_all(type, read(child(one), depth + 1, member));
    }
    for (const std::string_view keyword : {"anyOf", "oneOf"}) {
      const auto branches = schema.find(keyword);
      if (!branches || !branches->is_array()) continue;
      std::uint8_t kinds = kNothing;
      for (const json::Value one : branches->elements()) {
        const TextType branch = read(child(one), depth + 1, member);
        kinds |= branch.kinds;
        merge_structure(type, branch);
      }
      merge_kinds(type, kinds);
    }
    return type;
  }

  static std::shared_ptr<const TextType> finished(TextType type) {
    if ((type.kinds & 0x80) != 0) {
      // The type is not stated; the structure may show it.
      const bool object = !type.properties.empty();
      type.kinds = object ? TextType::kObject : type.items ? TextType::kArray : TextType::kString;
    }
    return std::make_shared<const TextType>(std::move(type));
  }

 private:
  static void merge_kinds(TextType& type, std::uint8_t kinds) { type.kinds &= kinds; }
  static void merge_structure(TextType& type, const TextType& from) {
    if (!type.items) type.items = from.items;
    if (!type.additional) type.additional = from.additional;
    for (const auto& [name, one] : from.properties) {
      const auto known = std::ranges::find(type.properties, name, [](const auto& p) { return p.first; });
      if (known == type.properties.end()) {
        type.properties.emplace_back(name, one);
      } else if (known->second->kinds != one->kinds) {
        TextType both = *known->second;
        both.kinds |= one->kinds;
        if (!both.items) both.items = one->items;
        known->second = std::make_shared<const TextType>(std::move(both));
      }
    }
  }
  static void merge_all(TextType& type, const TextType& from) {
    merge_kinds(type, from.kinds);
    merge_structure(type, from);
  }

  Documents& documents_;
  schema::Sealing sealing_;
  int levels_;
  int read_ = 0;
};

}  // namespace

std::shared_ptr<const TextType> text_type(Documents& documents, const doc::Field& schema,
                                          schema::Sealing sealing, int levels) {
  return Reading::finished(Reading(documents, sealing, levels).read(schema, 0, 0));
}

}  // namespace gatehouse::openapi
