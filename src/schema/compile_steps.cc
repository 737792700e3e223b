// The applicators that examine the same value again, unevaluated members, and the additions of sealing and
// caps.
#include <algorithm>

#include <fmt/format.h>

#include "schema/compiler_implementation.h"

namespace gatehouse::schema {
namespace {

using json::Kind;
using json::Value;

std::string_view last_segment(std::string_view reference) {
  const std::size_t slash = reference.rfind('/');
  return slash == reference.npos ? reference : reference.substr(slash + 1);
}

}  // namespace

void Compiler::Implementation::add_reference(const Site& site, Keyword keyword, std::vector<Step>& steps) {
  const Value reference = site.keywords[keyword];
  if (!reference) return;
  if (!reference.is_string())
    return report(site.resource, reference, fmt::format("{} must be a string", name(keyword)));
  const auto target = documents_.resolve(site.resource, reference.string(), reference);
  if (!target) return;
  Step& step = steps.emplace_back();
  step.rule = name(keyword);
  step.branches.push_back(&same_value(site, *target));
  if (keyword == Keyword::ref) return;
  // $dynamicRef is dynamic only where its static target has a $dynamicAnchor of that name (Core, 8.2.3.2).
  const std::string_view anchor = keyword == Keyword::recursive_ref ? std::string_view() : target->anchor;
  if (keyword == Keyword::dynamic_ref && anchor.empty()) return;
  const auto dynamic = target->resource->dynamic_anchors.find(anchor);
  if (dynamic == target->resource->dynamic_anchors.end() || dynamic->second.node() != target->schema.node())
    return;
  step.op = Step::Op::dynamic;
  step.anchor = anchor_number(anchor);
}

void Compiler::Implementation::add_branches(const Site& site, Keyword keyword, Step::Op op,
                                            std::vector<Step>& steps) {
  if (!site.keywords.has(keyword) || !is_list_of_schemas(site, keyword)) return;
  Step& step = steps.emplace_back();
  step.op = op;
  step.rule = name(keyword);
  for (const Value branch : site.keywords[keyword].elements())
    step.branches.push_back(op == Step::Op::all ? &same_value(site, branch) : &alternative(site, branch));
}

void Compiler::Implementation::fill_steps(const Site& site) {
  using enum Keyword;
  std::vector<Step> steps;
  add_reference(site, ref, steps);
  if (site.resource.draft == Draft::draft_2020_12) add_reference(site, dynamic_ref, steps);
  if (site.resource.draft == Draft::draft_2019_09) add_reference(site, recursive_ref, steps);
  if (site.resource.applies) {
    add_branches(site, all_of, Step::Op::all, steps);
    if (!add_discriminator(site, steps)) {
      add_branches(site, any_of, Step::Op::any, steps);
      add_branches(site, one_of, Step::Op::one, steps);
      add_extensions(site, steps);
    }
    if (const Value schema = site.keywords[negation]; schema && is_schema(site, schema, "not")) {
      Step& step = steps.emplace_back();
      step.op = Step::Op::negation;
      step.rule = "not";
      step.branches.push_back(&plainly(site, schema));
    }
    if (const Value schema = site.keywords[condition]; schema && is_schema(site, schema, "if")) {
      Step step;
      step.op = Step::Op::condition;
      step.rule = "if";
      step.branches.push_back(&plainly(site, schema));
      for (const Keyword keyword : {then, otherwise}) {
        const Value consequence = site.keywords[keyword];
        const bool used = consequence && is_schema(site, consequence, name(keyword));
        step.branches.push_back(used ? &same_value(site, consequence) : nullptr);
      }
      steps.push_back(std::move(step));
    }
    for (const Keyword keyword : {dependent_schemas, dependencies}) {
      const Value map = site.keywords[keyword];
      if (!map || (keyword == dependent_schemas && !is_map_of_schemas(site, keyword)) || !map.is_object())
        continue;
      Step step;
      step.op = Step::Op::dependents;
      step.rule = name(keyword);
      for (const json::Member member : map.members()) {
        if (member.value.is_array()) continue;
        step.names.add(member.key());
        step.branches.push_back(&same_value(site, member.value));
      }
      step.names.build();
      if (!step.branches.empty()) steps.push_back(std::move(step));
    }
  }
  if (!steps.empty()) site.rules.steps = &program_->steps.emplace_back(std::move(steps));
}

// OpenAPI: the property decides which branch of oneOf or anyOf is meant, by the name of the schema that the
// branch refers to or by the mapping. Only where every branch is a reference; else the branches decide.
// Branches that extend one schema with a discriminator, as springdoc writes them, have that one: values whose
// property names none of them are held against the branches as if there were none.
bool Compiler::Implementation::add_discriminator(const Site& site, std::vector<Step>& steps) {
  using enum Keyword;
  if (!site.resource.openapi) return false;
  const Keyword keyword = site.keywords.has(one_of) ? one_of : any_of;
  const Value own = site.keywords[discriminator];
  const Value wanted = own ? own : common_discriminator(site, keyword);
  if (!wanted) return false;
  const auto property = wanted.find_string("propertyName");
  if (!property) {
    report(site.resource, wanted, "discriminator must have a propertyName");
    return false;
  }
  if (!site.keywords.has(keyword) || !is_list_of_schemas(site, keyword)) return false;
  Step step;
  step.unnamed = own ? Step::Unnamed::refused : Step::Unnamed::otherwise;
  step.op = Step::Op::discriminator;
  step.otherwise = keyword == one_of ? Step::Op::one : Step::Op::any;
  step.rule = name(keyword);
  step.property = *property;
  std::vector<const json::Node*> targets;
  for (const Value branch : site.keywords[keyword].elements()) {
    const auto reference = branch.find_string("$ref");
    if (!reference) return false;
    const auto target = documents_.resolve(site.resource, *reference, branch);
    if (!target) return false;
    targets.push_back(target->schema.node());
    step.branches.push_back(&same_value(site, branch));
    const auto index = static_cast<std::uint32_t>(targets.size() - 1);
    if (step.names.add(last_segment(*reference)) == step.targets.size()) step.targets.push_back(index);
  }
  if (const auto mapping = wanted.find("mapping"); mapping && mapping->is_object()) {
    for (const json::Member member : mapping->members()) {
      const auto target = mapped(site, member.value);
      if (!target) continue;
      const auto found = std::find(targets.begin(), targets.end(), target->schema.node());
      if (found == targets.end()) {
        if (!own) continue;  // of others that extend the same schema
        report(site.resource, member.value,
               fmt::format("the discriminator maps to a schema that {} does not have", name(keyword)));
        continue;
      }
      const auto index = static_cast<std::uint32_t>(found - targets.begin());
      const std::uint32_t number = step.names.add(member.key());
      if (number == step.targets.size())
        step.targets.push_back(index);
      else
        step.targets[number] = index;
    }
  }
  step.names.build();
  steps.push_back(std::move(step));
  if (keyword == one_of) add_branches(site, any_of, Step::Op::any, steps);
  return true;
}

// That of the schema which every branch extends; nothing where there is none, or where one of them has
// children of its own, among which it would choose again.
Value Compiler::Implementation::common_discriminator(const Site& site, Keyword keyword) {
  if (options_.sealing == Sealing::open || site.task.key.use == Use::plain) return {};
  const Value list = site.keywords[keyword];
  if (!list || !list.is_array() || list.size() == 0) return {};
  Value common;
  for (const Value branch : list.elements()) {
    const auto reference = branch.find_string("$ref");
    if (!reference || !reference->starts_with("#/")) return {};
    const auto target = documents_.resolve(site.resource, *reference, branch);
    const Value one = target ? extensions_.inherited(target->schema, *target->resource) : Value();
    if (!one || (common && common.node() != one.node())) return {};
    if (!extensions_.of(target->schema, *target->resource).empty()) return {};
    common = one;
  }
  return common;
}

// A discriminator on a schema that others extend: the property names the one that the value is held against,
// too. Its own name, and no property, mean the schema itself.
void Compiler::Implementation::add_extensions(const Site& site, std::vector<Step>& steps) {
  const Use use = site.task.key.use;
  if (options_.sealing == Sealing::open || use == Use::plain || use == Use::extended) return;
  const std::vector<Extension>& list = extensions_.of(site.task.schema, site.resource);
  if (list.empty()) return;
  const Value wanted = extensions_.discriminator(site.task.schema);
  Step step;
  step.op = Step::Op::discriminator;
  step.rule = "discriminator";
  step.property = *wanted.find_string("propertyName");
  step.branches.push_back(&anything(Use::in_place));
  step.absent = step.branches.front();
  std::vector<const json::Node*> targets{site.task.schema.node()};
  const auto names = [&](std::string_view name, std::size_t index) {
    const std::uint32_t number = step.names.add(name);
    if (number == step.targets.size()) step.targets.push_back(0);
    step.targets[number] = static_cast<std::uint32_t>(index);
  };
  const std::string own = documents_.pointer_to(*site.resource.document, site.task.schema);
  names(last_segment(own), 0);
  for (const Extension& one : list) {
    targets.push_back(one.schema.node());
    step.branches.push_back(&extension(site, {one.schema, one.resource, {}}));
    names(one.name, targets.size() - 1);
  }
  if (const auto mapping = wanted.find("mapping"); mapping && mapping->is_object()) {
    for (const json::Member member : mapping->members()) {
      const auto target = mapped(site, member.value);
      if (!target) continue;
      const auto found = std::find(targets.begin(), targets.end(), target->schema.node());
      // Under an inherited discriminator, those that do not extend this schema are none of its.
      if (found != targets.end()) names(member.key(), static_cast<std::size_t>(found - targets.begin()));
    }
  }
  step.names.build();
  steps.push_back(std::move(step));
}

const Rules& Compiler::Implementation::extension(const Site& site, const Documents::Target& target) {
  const Direction direction = site.task.key.direction;
  return rules_for(target.schema, *target.resource, Use::extended, direction,
                   exempt_set(facts_.of(target.schema, *target.resource), direction));
}

// The schema that a discriminator's mapping names.
std::optional<Documents::Target> Compiler::Implementation::mapped(const Site& site, Value named) {
  if (!named.is_string()) {
    report(site.resource, named, "a discriminator's mapping must name schemas");
    return std::nullopt;
  }
  std::string reference(named.string());
  if (reference.find_first_of("/#.") == reference.npos) reference.insert(0, "#/components/schemas/");
  return documents_.resolve(site.resource, reference, named);
}

void Compiler::Implementation::fill_unevaluated(const Site& site) {
  using enum Keyword;
  if (site.resource.draft == Draft::draft_7) return;
  if (const Value schema = site.keywords[unevaluated_items];
      schema && is_schema(site, schema, name(unevaluated_items))) {
    site.rules.unevaluated_items = &inner_value(site, schema);
    site.rules.tracks = true;
  }
  if (const Value schema = site.keywords[unevaluated_properties];
      schema && is_schema(site, schema, name(unevaluated_properties))) {
    site.rules.unevaluated_properties = &inner_value(site, schema);
    site.rules.tracks = true;
  }
}

// Elements after the last one of prefixItems are refused; without any statement about elements, every element
// is accepted within the caps, and that is a weakness.
void Compiler::Implementation::seal_array(const Site& site) {
  Rules& rules = site.rules;
  const Facts& facts = site.facts;
  const bool says_rest = (rules.array && rules.array->rest) || rules.unevaluated_items;
  if (facts.lists_elements && !says_rest) {
    if (rules.steps || (rules.array && rules.array->contains)) {
      rules.unevaluated_items = &never("unevaluatedItems");
      rules.tracks = true;
    } else {
      arrays(rules).rest = &never("items");
    }
    return;
  }
  const Value items = site.keywords[Keyword::items];
  const bool says_true = items && items.is_boolean() && items.boolean();
  const bool says_nothing = !facts.describes_elements && facts.types != kAllTypes && !facts.is_listed;
  if (!says_true && !says_nothing) return;
  add_weakness(site, Weakness::Kind::anything, "items");
  if (says_nothing) arrays(rules).rest = &anything(Use::outermost);
}

void Compiler::Implementation::seal_and_cap(const Site& site, Members members) {
  using enum Keyword;
  Rules& rules = site.rules;
  const Facts& facts = site.facts;
  const auto admits = [&](Kind kind) { return (facts.types & type_bit(kind)) != 0; };
  const auto weak = [&](Weakness::Kind kind, std::string_view keyword) { add_weakness(site, kind, keyword); };
  if (options_.sealing == Sealing::sealed && facts.describes_object && admits(Kind::object) &&
      !site.keywords.has(additional_properties) && !rules.unevaluated_properties) {
    if (members == Members::named) weak(Weakness::Kind::closed, {});
    // Generators write a schema without members for an object of any members: those are capped.
    if (rules.steps) {
      rules.unevaluated_properties =
          members == Members::named ? &never("unevaluatedProperties") : &anything(Use::outermost);
      rules.tracks = true;
    } else {
      objects(rules).additional =
          members == Members::named ? &never("additionalProperties") : &anything(Use::outermost);
    }
  }
  if (options_.sealing == Sealing::sealed && admits(Kind::array)) seal_array(site);
  if (options_.sealing == Sealing::sealed && !facts.asserts) weak(Weakness::Kind::anything, {});
  if (!options_.caps) return;
  if (admits(Kind::string) && !facts.length) {
    strings(rules).length.most = options_.caps->string;
    strings(rules).length.most_from = Origin::default_cap;
    weak(Weakness::Kind::capped, "maxLength");
  }
  const bool tuple = rules.array && rules.array->rest && rules.array->rest->never;
  if (admits(Kind::array) && !facts.items && !tuple) {
    arrays(rules).items.most = options_.caps->items;
    arrays(rules).items.most_from = Origin::default_cap;
    weak(Weakness::Kind::capped, "maxItems");
  }
  // A sealed object without patterns has at most the members that it declares.
  if (admits(Kind::object) && !facts.properties) {
    objects(rules).members.most = options_.caps->properties;
    objects(rules).members.most_from = Origin::default_cap;
    const bool closed =
        rules.object->additional && rules.object->additional->never && rules.object->patterns.empty();
    if (closed)
      objects(rules).members.most = kUnbounded;
    else
      weak(Weakness::Kind::capped, "maxProperties");
  }
  if (admits(Kind::number) && !(facts.minimum && facts.maximum)) {
    constexpr std::string_view kSafe = "9007199254740991";
    constexpr std::string_view kSafeNegative = "-9007199254740991";
    constexpr std::string_view kDouble = "1.7976931348623157e308";
    constexpr std::string_view kDoubleNegative = "-1.7976931348623157e308";
    const bool integers = facts.integers_only;
    if (!facts.minimum) {
      numbers(rules).bounds.push_back({NumberBound::Is::at_least,
                                       Number(integers ? kSafeNegative : kDoubleNegative),
                                       "minimum (default cap)"});
    }
    if (!facts.maximum) {
      numbers(rules).bounds.push_back(
          {NumberBound::Is::at_most, Number(integers ? kSafe : kDouble), "maximum (default cap)"});
    }
    weak(Weakness::Kind::capped, facts.maximum ? "minimum" : "maximum");
  }
}

}  // namespace gatehouse::schema
