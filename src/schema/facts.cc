#include "schema/facts.h"

#include <algorithm>

#include "schema/format.h"

namespace gatehouse::schema {
namespace {

constexpr int kMostHeight = 200;
// Enough to find a contradiction by: schemas that share their parts must not make these grow without end.
constexpr std::size_t kMostRequired = 200;
constexpr std::size_t kMostClosed = 20;

std::uint8_t type_bits(std::string_view name) {
  using json::Kind;
  if (name == "null") return type_bit(Kind::null);
  if (name == "boolean") return type_bit(Kind::boolean);
  if (name == "string") return type_bit(Kind::string);
  if (name == "array") return type_bit(Kind::array);
  if (name == "object") return type_bit(Kind::object);
  return name == "number" || name == "integer" ? type_bit(Kind::number) : 0;
}

void bound_everything(Facts& facts) {
  facts.length = facts.items = facts.properties = facts.minimum = facts.maximum = true;
}

void append(std::vector<std::string_view>& names, const std::vector<std::string_view>& more) {
  for (const std::string_view name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

// A schema that may apply also describes.
void describe(Facts& facts, const Facts& other) {
  facts.describes_object |= other.describes_object;
  facts.describes_elements |= other.describes_elements;
  facts.lists_elements |= other.lists_elements;
}

// Both hold.
void join(Facts& facts, const Facts& other) {
  facts.types &= other.types;
  facts.integers_only |= other.integers_only;
  facts.asserts |= other.asserts;
  facts.is_listed |= other.is_listed;
  describe(facts, other);
  facts.length |= other.length;
  facts.items |= other.items;
  facts.properties |= other.properties;
  facts.minimum |= other.minimum;
  facts.maximum |= other.maximum;
  append(facts.read_only_names, other.read_only_names);
  append(facts.write_only_names, other.write_only_names);
  facts.required_names.insert(facts.required_names.end(), other.required_names.begin(),
                              other.required_names.end());
  facts.closed.insert(facts.closed.end(), other.closed.begin(), other.closed.end());
  if (facts.required_names.size() > kMostRequired) facts.required_names.resize(kMostRequired);
  if (facts.closed.size() > kMostClosed) facts.closed.resize(kMostClosed);
  facts.height = std::max(facts.height, other.height + 1);
}

}  // namespace

const Facts& FactFinder::of(json::Value schema, SchemaResource& resource) {
  const auto [at, added] = known_.try_emplace(schema.node());
  Entry& entry = at->second;
  if (!added) {
    if (entry.state == State::open) {
      report_(resource, schema, "this schema applies to the same value again and again, without end");
      entry.state = State::done;
    }
    return entry.facts;
  }
  if (depth_ > kMostHeight) {
    report_(resource, schema, "too many schemas apply to one value through one another");
  } else {
    ++depth_;
    find(entry.facts, schema, documents_.resource_of(schema, resource));
    --depth_;
    if (entry.facts.height > kMostHeight) {
      report_(resource, schema, "too many schemas apply to one value through one another");
    }
  }
  entry.state = State::done;
  return entry.facts;
}

void FactFinder::find(Facts& facts, json::Value schema, SchemaResource& resource) {
  if (schema.is_boolean()) {
    facts.asserts = !schema.boolean();
    if (!schema.boolean()) {
      facts.types = 0;
      bound_everything(facts);
    }
    return;
  }
  const Keywords keywords(schema);
  if (!(resource.ref_stands_alone() && keywords.has(Keyword::ref))) own(facts, keywords, resource);
  // What a discriminator chooses is an object.
  if (keywords.has(Keyword::discriminator) && !extensions_.of(schema, resource).empty())
    facts.asserts = facts.describes_object = true;
  in_place(facts, keywords, resource);
}

void FactFinder::own(Facts& facts, const Keywords& keywords, const SchemaResource& resource) {
  using enum Keyword;
  if (const json::Value types = keywords[type]; types && resource.validates) {
    facts.asserts = true;
    std::uint8_t bits = 0;
    bool integers = false;
    bool numbers = false;
    const auto one = [&](json::Value value) {
      if (!value.is_string()) return;
      bits |= type_bits(value.string());
      integers |= value.string() == "integer";
      numbers |= value.string() == "number";
    };
    if (types.is_array()) {
      for (const json::Value element : types.elements()) one(element);
    } else {
      one(types);
    }
    if (resource.draft == Draft::openapi_3_0 && keywords.has(nullable) && keywords[nullable].is_boolean() &&
        keywords[nullable].boolean()) {
      bits |= type_bit(json::Kind::null);
    }
    facts.types &= bits;
    facts.integers_only = integers && !numbers;
    facts.describes_object = bits == type_bit(json::Kind::object) ||
                             bits == (type_bit(json::Kind::object) | type_bit(json::Kind::null));
  }
  if (resource.validates) {
    if (keywords.has(enumeration) || keywords.has(constant)) {
      facts.asserts = true;
      facts.is_listed = true;
      bound_everything(facts);
    }
    facts.length |= keywords.has(max_length);
    facts.items |= keywords.has(max_items);
    facts.properties |= keywords.has(max_properties);
    facts.minimum |= keywords.has(minimum) ||
                     (keywords.has(exclusive_minimum) && !keywords[exclusive_minimum].is_boolean());
    facts.maximum |= keywords.has(maximum) ||
                     (keywords.has(exclusive_maximum) && !keywords[exclusive_maximum].is_boolean());
    for (std::size_t i = static_cast<std::size_t>(type); i < static_cast<std::size_t>(nullable); ++i) {
      facts.asserts |= keywords.has(static_cast<Keyword>(i));
    }
  }
  if (const json::Value name = keywords[format]; name && name.is_string() && resource.asserts_formats) {
    const Format* const known = find_format(name.string());
    facts.length |= known != nullptr && known->bounded;
    const NumberFormat* const range = resource.openapi ? find_number_format(name.string()) : nullptr;
    if (range) facts.minimum = facts.maximum = true;
    if (range) facts.integers_only |= range->integers;
  }
  if (const json::Value text = keywords[pattern];
      text && text.is_string() && !facts.length && resource.validates) {
    facts.length |= longest_match(text.string()).has_value();
  }
  for (std::size_t i = static_cast<std::size_t>(all_of); i < static_cast<std::size_t>(type); ++i) {
    facts.asserts |= keywords.has(static_cast<Keyword>(i));
  }
  for (const Keyword keyword :
       {properties, pattern_properties, additional_properties, unevaluated_properties, property_names,
        required, min_properties, max_properties, dependent_required, dependent_schemas, dependencies}) {
    facts.describes_object |= keywords.has(keyword);
  }
  for (const Keyword keyword : {prefix_items, items, additional_items, unevaluated_items}) {
    facts.describes_elements |= keywords.has(keyword);
  }
  if (const json::Value names = keywords[required]; names && names.is_array() && resource.validates) {
    for (const json::Value name : names.elements()) {
      if (name.is_string() && facts.required_names.size() < kMostRequired)
        facts.required_names.push_back(name.string());
    }
  }
  if (const json::Value rest = keywords[additional_properties];
      rest && rest.is_boolean() && !rest.boolean() && !keywords.has(pattern_properties)) {
    facts.closed.push_back(keywords[properties]);
  }
  facts.lists_elements = keywords.has(prefix_items) || (keywords.has(items) && keywords[items].is_array());
  const auto is_true = [&](Keyword keyword) {
    return keywords.has(keyword) && keywords[keyword].is_boolean() && keywords[keyword].boolean();
  };
  facts.read_only = is_true(read_only);
  facts.write_only = is_true(write_only);
}

void FactFinder::in_place(Facts& facts, const Keywords& keywords, SchemaResource& resource) {
  using enum Keyword;
  const auto follow = [&](Keyword keyword) {
    const json::Value reference = keywords[keyword];
    if (!reference || !reference.is_string()) return;
    const auto target = documents_.resolve(resource, reference.string(), reference);
    if (!target) return;
    facts.asserts = true;
    if (keyword == dynamic_ref) return;  // decided while evaluating
    const Facts& other = of(target->schema, *target->resource);
    join(facts, other);
    facts.read_only |= other.read_only;
    facts.write_only |= other.write_only;
  };
  follow(ref);
  if (resource.ref_stands_alone() && keywords.has(ref)) return;
  if (!resource.applies) return;
  follow(dynamic_ref);
  if (const json::Value list = keywords[all_of]; list && list.is_array()) {
    for (const json::Value branch : list.elements()) {
      const Facts& other = of(branch, resource);
      join(facts, other);
      facts.read_only |= other.read_only;
      facts.write_only |= other.write_only;
    }
  }
  for (const Keyword keyword : {any_of, one_of}) {
    if (const json::Value list = keywords[keyword]; list && list.is_array())
      alternatives(facts, list, resource);
  }
  // These say nothing for certain, but may declare properties; and they must not go round in circles.
  const auto maybe = [&](json::Value branch) {
    const Facts& other = of(branch, resource);
    describe(facts, other);
    append(facts.read_only_names, other.read_only_names);
    append(facts.write_only_names, other.write_only_names);
    facts.height = std::max(facts.height, other.height + 1);
  };
  for (const Keyword keyword : {condition, then, otherwise}) {
    if (keywords.has(keyword)) maybe(keywords[keyword]);
  }
  if (keywords.has(negation))
    facts.height = std::max(facts.height, of(keywords[negation], resource).height + 1);
  for (const Keyword keyword : {dependent_schemas, dependencies}) {
    const json::Value map = keywords[keyword];
    if (!map || !map.is_object()) continue;
    for (const json::Member member : map.members()) {
      if (member.value.is_object()) maybe(member.value);
    }
  }
  if (const json::Value declared = keywords[properties]; declared && declared.is_object()) {
    for (const json::Member member : declared.members()) {
      const Keywords inner(member.value);
      // A check without following references that would lead back here: flags are on the property itself or
      // one reference away.
      if (!inner.has(read_only) && !inner.has(write_only) && !inner.has(ref) && !inner.has(all_of)) continue;
      const auto known = known_.find(member.value.node());
      if (known != known_.end() && known->second.state == State::open) continue;
      bool reads = false;
      bool writes = false;
      const auto look = [&](json::Value schema) {
        const Keywords found(schema);
        const auto is_true = [&](Keyword keyword) {
          return found.has(keyword) && found[keyword].is_boolean() && found[keyword].boolean();
        };
        reads |= is_true(read_only);
        writes |= is_true(write_only);
      };
      const auto look_behind = [&](json::Value schema, SchemaResource& around) {
        const Keywords found(schema);
        if (!found.has(ref) || !found[ref].is_string()) return look(schema);
        if (const auto target = documents_.resolve(around, found[ref].string(), found[ref]))
          look(target->schema);
        if (!around.ref_stands_alone()) look(schema);
      };
      SchemaResource& inside = documents_.resource_of(member.value, resource);
      look_behind(member.value, inside);
      if (const json::Value list = inner[all_of]; list && list.is_array()) {
        for (const json::Value branch : list.elements()) look_behind(branch, inside);
      }
      if (reads) append(facts.read_only_names, {member.key()});
      if (writes) append(facts.write_only_names, {member.key()});
    }
  }
}

void FactFinder::alternatives(Facts& facts, json::Value list, SchemaResource& resource) {
  using json::Kind;
  Facts together;
  together.types = 0;
  together.is_listed = true;
  bound_everything(together);
  for (const json::Value branch : list.elements()) {
    const Facts& other = of(branch, resource);
    together.types |= other.types;
    const auto without = [&](Kind kind) { return (other.types & type_bit(kind)) == 0; };
    together.length &= other.length || without(Kind::string);
    together.items &= other.items || without(Kind::array);
    together.properties &= other.properties || without(Kind::object);
    together.minimum &= other.minimum || without(Kind::number);
    together.maximum &= other.maximum || without(Kind::number);
    describe(together, other);
    together.is_listed &= other.is_listed || without(Kind::array);
    append(together.read_only_names, other.read_only_names);
    append(together.write_only_names, other.write_only_names);
    together.height = std::max(together.height, other.height);
  }
  together.asserts = true;
  join(facts, together);
}

}  // namespace gatehouse::schema
