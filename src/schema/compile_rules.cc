// One schema object into Rules, keyword by keyword; compile_steps.cc has the applicators.
#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>

#include "schema/canonical.h"
#include "schema/compiler_implementation.h"

namespace gatehouse::schema {
namespace {

using json::Kind;
using json::Value;

bool is_true(Value value) { return value && value.is_boolean() && value.boolean(); }

}  // namespace

void Compiler::Implementation::fill(const Task& task) {
  const Keywords keywords(task.schema);
  const Facts& facts = facts_.of(task.schema, *task.resource);
  const Site site{task, keywords, facts, *task.resource, *task.rules};
  if (site.resource.openapi) {
    check_flags(site);
    find_idle_nullable(site);
  }
  if (site.resource.ref_stands_alone() && keywords.has(Keyword::ref)) {
    std::vector<Step> steps;
    add_reference(site, Keyword::ref, steps);
    if (!steps.empty()) task.rules->steps = &program_->steps.emplace_back(std::move(steps));
    return;
  }
  if (site.resource.validates) {
    fill_types(site);
    fill_values(site);
  }
  fill_string(site);
  if (site.resource.validates || site.resource.asserts_formats) fill_number(site);
  fill_array(site);
  fill_object(site);
  fill_steps(site);
  if (site.resource.unevaluated) fill_unevaluated(site);
  if (task.key.use == Use::outermost) {
    seal_and_cap(site, find_undeclared(site));
    find_contradictions(site);
  }
  // The table is built last: sealing and dependencies add to it.
  if (task.rules->object) objects(*task.rules).names.build();
}

// Flags about secrets and about the sender of a value must not be overlooked because of a wrong type.
void Compiler::Implementation::check_flags(const Site& site) {
  const auto check = [&](Value flag, std::string_view called) {
    if (flag && !flag.is_boolean())
      report(site.resource, flag, fmt::format("{} must be true or false", called));
  };
  check(site.keywords[Keyword::read_only], "readOnly");
  check(site.keywords[Keyword::write_only], "writeOnly");
  check(site.task.schema.find("x-sensitive").value_or(Value()), "x-sensitive");
}

std::optional<std::uint64_t> Compiler::Implementation::count_of(const Site& site, Keyword keyword) {
  const Value value = site.keywords[keyword];
  if (!value) return std::nullopt;
  if (value.is_number() && value.number() >= 0) {
    if (const auto count = value.unsigned_integer()) return count;
    if (value.number() > 1e19) return kUnbounded;
  }
  report(site.resource, value, fmt::format("{} must be an integer, zero or more", name(keyword)));
  return std::nullopt;
}

bool Compiler::Implementation::is_schema(const Site& site, Value value, std::string_view what) {
  if (value.is_object() || value.is_boolean()) return true;
  report(site.resource, value, fmt::format("{} must be a schema: an object or a boolean", what));
  return false;
}

bool Compiler::Implementation::is_list_of_schemas(const Site& site, Keyword keyword) {
  const Value value = site.keywords[keyword];
  if (!value) return false;
  if (!value.is_array() || value.size() == 0) {
    report(site.resource, value, fmt::format("{} must be an array of at least one schema", name(keyword)));
    return false;
  }
  bool good = true;
  for (const Value element : value.elements()) good = is_schema(site, element, name(keyword)) && good;
  return good;
}

bool Compiler::Implementation::is_map_of_schemas(const Site& site, Keyword keyword) {
  const Value value = site.keywords[keyword];
  if (!value) return false;
  if (!value.is_object()) {
    report(site.resource, value, fmt::format("{} must be an object", name(keyword)));
    return false;
  }
  bool good = true;
  for (const json::Member member : value.members()) {
    good = is_schema(site, member.value, fmt::format("{}/{}", name(keyword), member.key())) && good;
  }
  return good;
}

// OpenAPI 3.0.3, Schema Object: `nullable` adds null to the `type` beside it, and to nothing else. 3.1 does
// not know it.
void Compiler::Implementation::find_idle_nullable(const Site& site) {
  using enum Keyword;
  if (!is_true(site.keywords[nullable])) return;
  const Value list = site.keywords[enumeration];
  const auto has_null = [](Value values) {
    for (const Value one : values.elements()) {
      if (one.is_null()) return true;
    }
    return false;
  };
  const bool effect = site.resource.draft == Draft::openapi_3_0 && site.keywords.has(type) &&
                      (!list || !list.is_array() || has_null(list));
  if (!effect) add_weakness(site, Weakness::Kind::nullable, {});
}

// A required member must be allowed by every part of the schema that lists its members and allows no others.
void Compiler::Implementation::find_contradictions(const Site& site) {
  if ((site.facts.types & type_bit(Kind::object)) == 0) return;
  for (const Value declared : site.facts.closed) {
    std::set<std::string_view> names;
    if (declared && declared.is_object()) {
      for (const json::Member member : declared.members()) names.insert(member.key());
    }
    for (const std::string_view required : site.facts.required_names) {
      if (names.contains(required) || is_exempt(site, required)) continue;
      add_weakness(site, Weakness::Kind::contradiction, kept(required));
      return;
    }
  }
}

namespace {

// What may be in an object, as everything that applies to it says.
struct DeclaredMembers {
  std::set<std::string_view> names;
  bool others = false;
};

}  // namespace

// Of a sealed object: whether what it must have is declared, and whether anything is.
Members Compiler::Implementation::find_undeclared(const Site& site) {
  using enum Keyword;
  if (options_.sealing != Sealing::sealed || !site.facts.describes_object ||
      (site.facts.types & type_bit(Kind::object)) == 0 || site.keywords.has(additional_properties) ||
      site.keywords.has(unevaluated_properties)) {
    return Members::named;
  }
  constexpr std::size_t kMostSchemas = 300;
  DeclaredMembers declared;
  std::set<const json::Node*> seen;
  std::vector<std::pair<Value, SchemaResource*>> waiting{{site.task.schema, &site.resource}};
  while (!waiting.empty() && !declared.others) {
    const auto [schema, around] = waiting.back();
    waiting.pop_back();
    if (!schema.is_object() || !seen.insert(schema.node()).second) continue;
    const Keywords keywords(schema);
    const auto is_false = [&](Keyword keyword) {
      return keywords[keyword].is_boolean() && !keywords[keyword].boolean();
    };
    const bool open = (keywords.has(additional_properties) && !is_false(additional_properties)) ||
                      (keywords.has(unevaluated_properties) && !is_false(unevaluated_properties));
    declared.others = open || keywords.has(pattern_properties) || keywords.has(dynamic_ref) ||
                      keywords.has(recursive_ref) || keywords.has(enumeration) || keywords.has(constant) ||
                      seen.size() > kMostSchemas;
    if (const Value members = keywords[properties]; members && members.is_object()) {
      for (const json::Member member : members.members()) declared.names.insert(member.key());
    }
    if (const Value reference = keywords[ref]; reference && reference.is_string()) {
      if (const auto target = documents_.resolve(*around, reference.string(), reference))
        waiting.emplace_back(target->schema, target->resource);
    }
    SchemaResource* const resource = &documents_.resource_of(schema, *around);
    for (const Extension& one : extensions_.of(schema, *resource))
      waiting.emplace_back(one.schema, one.resource);
    for_each_applied(keywords, [&](Value inner) { waiting.emplace_back(inner, resource); });
  }
  if (declared.others) return Members::named;
  for (const std::string_view required : site.facts.required_names) {
    if (declared.names.contains(required) || is_exempt(site, required)) continue;
    add_weakness(site, Weakness::Kind::undeclared, kept(required));
    return Members::named;
  }
  if (!declared.names.empty() || !site.facts.required_names.empty()) return Members::named;
  add_weakness(site, Weakness::Kind::memberless, {});
  return Members::unnamed;
}

void Compiler::Implementation::add_weakness(const Site& site, Weakness::Kind kind, std::string_view keyword) {
  site.rules.weaknesses.push_back({kind, site.resource.document->uri,
                                   documents_.pointer_to(*site.resource.document, site.task.schema),
                                   site.task.schema.offset(), keyword});
}

void Compiler::Implementation::fill_types(const Site& site) {
  const Value types = site.keywords[Keyword::type];
  if (!types) return;
  std::uint8_t bits = 0;
  bool integer = false;
  bool number = false;
  const auto one = [&](Value value) {
    const std::string_view type = value.is_string() ? value.string() : std::string_view();
    if (type == "null")
      bits |= type_bit(Kind::null);
    else if (type == "boolean")
      bits |= type_bit(Kind::boolean);
    else if (type == "string")
      bits |= type_bit(Kind::string);
    else if (type == "array")
      bits |= type_bit(Kind::array);
    else if (type == "object")
      bits |= type_bit(Kind::object);
    else if (type == "integer")
      integer = true;
    else if (type == "number")
      number = true;
    else
      report(site.resource, value, "type must be null, boolean, object, array, number, string or integer");
  };
  if (types.is_array()) {
    if (types.size() == 0) report(site.resource, types, "type must name at least one type");
    for (const Value element : types.elements()) one(element);
  } else {
    one(types);
  }
  if (integer || number) bits |= type_bit(Kind::number);
  if (integer && !number) bits |= kOnlyIntegers;
  if (site.resource.draft == Draft::openapi_3_0 && is_true(site.keywords[Keyword::nullable])) {
    bits |= type_bit(Kind::null);
  }
  site.rules.types = bits;
}

void Compiler::Implementation::add_value(Values& values, Value kept_value) {
  if (kept_value.is_string()) {
    values.strings.add(kept_value.string());
  } else {
    values.others.push_back(kept_value);
  }
}

void Compiler::Implementation::build(Values& values) {
  values.strings.build();
  const bool plain = std::none_of(values.others.begin(), values.others.end(),
                                  [](Value value) { return value.is_array() || value.is_object(); });
  if (plain && values.others.size() <= Values::kFew) return;
  for (const Value other : values.others) {
    Work work(other, Work::Share::whole);
    append_canonical(values.sorted.emplace_back(), other, work);
  }
  std::sort(values.sorted.begin(), values.sorted.end());
}

void Compiler::Implementation::fill_values(const Site& site) {
  if (const Value list = site.keywords[Keyword::enumeration]) {
    if (!list.is_array()) {
      report(site.resource, list, "enum must be an array");
    } else {
      Values& values = program_->values.emplace_back();
      values.rule = "enum";
      for (const Value element : kept(list).elements()) add_value(values, element);
      build(values);
      site.rules.enumeration = &values;
    }
  }
  if (const Value value = site.keywords[Keyword::constant]) {
    Values& values = program_->values.emplace_back();
    values.rule = "const";
    add_value(values, kept(value));
    build(values);
    site.rules.constant = &values;
  }
}

std::optional<Pattern> Compiler::Implementation::pattern_of(const Site& site, Value at,
                                                            std::string_view expression) {
  constexpr std::size_t kMostInstructions = 1'000'000;  // of all patterns: a few seconds of work, tens of MiB
  auto compiled = pattern_instructions_ > kMostInstructions
                      ? std::unexpected(std::string("all patterns together are too large"))
                      : Pattern::compile(expression);
  if (!compiled) {
    report(site.resource, at, "pattern cannot be used: " + compiled.error());
    return std::nullopt;
  }
  pattern_instructions_ += compiled->instructions();
  return *std::move(compiled);
}

void Compiler::Implementation::fill_string(const Site& site) {
  using enum Keyword;
  if (site.resource.validates) {
    if (const auto most = count_of(site, max_length)) strings(site.rules).length.most = *most;
    if (const auto least = count_of(site, min_length); least && *least > 0)
      strings(site.rules).length.least = *least;
    if (const Value text = site.keywords[pattern]; text && !text.is_string()) {
      report(site.resource, text, "pattern must be a string");
    } else if (text) {
      if (auto compiled = pattern_of(site, text, text.string()))
        strings(site.rules).patterns.push_back(*std::move(compiled));
    }
  }
  const Value wanted = site.keywords[format];
  if (!wanted) return;
  if (!wanted.is_string()) return report(site.resource, wanted, "format must be a string");
  if (!site.resource.asserts_formats) return;
  const bool base64 = site.resource.openapi && wanted.string() == "byte";
  const bool local = wanted.string() == "date-time" && options_.date_times == DateTimes::also_local;
  const Format* const known = base64  ? &kByteFormat
                              : local ? &kDateTimeOrLocalFormat
                                      : find_format(wanted.string());
  if (known != nullptr) strings(site.rules).formats.push_back(known);
}

void Compiler::Implementation::add_bound(const Site& site, Keyword keyword, NumberBound::Is is,
                                         Keyword reported) {
  const Value limit = site.keywords[keyword];
  if (!limit.is_number())
    return report(site.resource, limit, fmt::format("{} must be a number", name(keyword)));
  numbers(site.rules).bounds.push_back({is, Number(kept(limit.literal())), name(reported)});
}

void Compiler::Implementation::fill_number(const Site& site) {
  using enum Keyword;
  using Is = NumberBound::Is;
  if (site.resource.validates) {
    // OpenAPI 3.0: a boolean beside minimum says whether the minimum itself is excluded.
    const auto both = [&](Keyword inclusive, Keyword exclusive, Is with, Is without) {
      const Value strict = site.keywords[exclusive];
      const bool flag = strict && strict.is_boolean() && site.resource.draft == Draft::openapi_3_0;
      const bool excluded = flag && strict.boolean();
      if (site.keywords.has(inclusive)) {
        add_bound(site, inclusive, excluded ? without : with, excluded ? exclusive : inclusive);
      }
      if (strict && !flag) add_bound(site, exclusive, without, exclusive);
    };
    both(minimum, exclusive_minimum, Is::at_least, Is::above);
    both(maximum, exclusive_maximum, Is::at_most, Is::below);
    if (const Value divisor = site.keywords[multiple_of]) {
      if (!divisor.is_number() || json::compare_numbers(divisor.literal(), "0") <= 0) {
        report(site.resource, divisor, "multipleOf must be a number above zero");
      } else {
        numbers(site.rules).multiple_of.emplace_back(kept(divisor.literal()));
      }
    }
  }
  const Value wanted = site.keywords[format];
  if (!wanted || !wanted.is_string() || !site.resource.openapi || !site.resource.asserts_formats) return;
  if (const NumberFormat* range = find_number_format(wanted.string())) {
    numbers(site.rules).bounds.push_back({Is::at_least, Number(range->least), "format"});
    numbers(site.rules).bounds.push_back({Is::at_most, Number(range->most), "format"});
    if (range->integers) site.rules.types |= kOnlyIntegers;
  }
}

void Compiler::Implementation::fill_array(const Site& site) {
  using enum Keyword;
  if (site.resource.validates) {
    if (const auto most = count_of(site, max_items)) arrays(site.rules).items.most = *most;
    if (const auto least = count_of(site, min_items); least && *least > 0)
      arrays(site.rules).items.least = *least;
    if (const Value wanted = site.keywords[unique_items]) {
      if (!wanted.is_boolean())
        report(site.resource, wanted, "uniqueItems must be a boolean");
      else if (wanted.boolean())
        arrays(site.rules).unique = true;
    }
  }
  if (!site.resource.applies) return;
  const bool old = site.resource.draft == Draft::draft_2019_09 || site.resource.draft == Draft::draft_7;
  Keyword first = prefix_items;
  Keyword rest = items;
  if (old) {
    const bool list = site.keywords.has(items) && site.keywords[items].is_array();
    first = list ? items : count;
    rest = list ? additional_items : items;
  }
  if (first != count && site.keywords.has(first) && is_list_of_schemas(site, first)) {
    for (const Value element : site.keywords[first].elements()) {
      arrays(site.rules).prefix.push_back(&inner_value(site, element));
    }
  }
  if (const Value schema = site.keywords[rest]; schema && is_schema(site, schema, name(rest))) {
    arrays(site.rules).rest = &inner_value(site, schema);
  }
  if (const Value schema = site.keywords[contains]; schema && is_schema(site, schema, name(contains))) {
    arrays(site.rules).contains = &plainly(site, schema);
    if (!site.resource.validates) return;
    if (const auto least = count_of(site, min_contains)) arrays(site.rules).contained.least = *least;
    if (const auto most = count_of(site, max_contains)) arrays(site.rules).contained.most = *most;
  }
}

void Compiler::Implementation::fill_object(const Site& site) {
  using enum Keyword;
  const auto number_of = [&](std::string_view key) {
    ObjectRules& object = objects(site.rules);
    const std::uint32_t number = object.names.add(key);
    if (object.properties.size() <= number) object.properties.resize(number + 1);
    return number;
  };
  if (site.resource.applies) {
    if (site.keywords.has(properties) && is_map_of_schemas(site, properties)) {
      for (const json::Member member : site.keywords[properties].members()) {
        const Rules& rules = inner_value(site, member.value);
        objects(site.rules).properties[number_of(member.key())] = &rules;
      }
    }
    if (site.keywords.has(pattern_properties) && is_map_of_schemas(site, pattern_properties)) {
      for (const json::Member member : site.keywords[pattern_properties].members()) {
        if (auto compiled = pattern_of(site, member.value, member.key()))
          objects(site.rules).patterns.emplace_back(*std::move(compiled), &inner_value(site, member.value));
      }
    }
    if (const Value schema = site.keywords[additional_properties];
        schema && is_schema(site, schema, name(additional_properties))) {
      objects(site.rules).additional = &inner_value(site, schema);
    }
    if (const Value schema = site.keywords[property_names];
        schema && is_schema(site, schema, name(property_names))) {
      objects(site.rules).property_names = &plainly(site, schema);
    }
  }
  if (!site.resource.validates) return;
  if (const auto most = count_of(site, max_properties)) objects(site.rules).members.most = *most;
  if (const auto least = count_of(site, min_properties); least && *least > 0) {
    objects(site.rules).members.least = *least;
  }
  if (const Value list = site.keywords[required]) {
    if (!list.is_array()) {
      report(site.resource, list, "required must be an array of property names");
    } else {
      for (const Value element : list.elements()) {
        if (!element.is_string())
          report(site.resource, element, "required must be an array of property names");
        else if (!is_exempt(site, element.string()))
          objects(site.rules).required.add(number_of(element.string()));
      }
    }
  }
  for (const Keyword keyword : {dependent_required, dependencies}) {
    if (keyword == dependent_required && site.resource.draft == Draft::draft_7) continue;
    const Value map = site.keywords[keyword];
    if (!map) continue;
    if (!map.is_object()) {
      report(site.resource, map, fmt::format("{} must be an object", name(keyword)));
      continue;
    }
    for (const json::Member member : map.members()) {
      if (!member.value.is_array()) {
        if (keyword == dependent_required)
          report(site.resource, member.value, "dependentRequired must have arrays of names");
        continue;
      }
      const std::uint32_t number = number_of(member.key());
      NameSet needed;
      for (const Value element : member.value.elements()) {
        if (!element.is_string())
          report(site.resource, element, "dependentRequired must have arrays of names");
        else if (!is_exempt(site, element.string()))
          needed.add(number_of(element.string()));
      }
      objects(site.rules).dependents.emplace_back(number, std::move(needed));
    }
  }
}

}  // namespace gatehouse::schema
