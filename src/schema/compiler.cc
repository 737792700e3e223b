#include "schema/compiler.h"

#include <algorithm>
#include <stdexcept>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "schema/compiler_implementation.h"

namespace gatehouse::schema {

// More than any real set of documents needs; a schema that asks for more is hostile.
constexpr std::size_t kMostRules = 4'000'000;

Compiler::Compiler(Options options, Fetch fetch)
    : implementation_(std::make_unique<Implementation>(options, std::move(fetch))) {}
Compiler::~Compiler() = default;

void Compiler::add(std::string_view uri, json::Value root, Contents contents) {
  implementation_->documents().add(uri, root, contents);
}

std::expected<std::shared_ptr<const Schema>, Problems> Compiler::compile(std::string_view uri,
                                                                         json::Value schema,
                                                                         Direction direction) {
  SchemaResource* const around = implementation_->documents().find(uri);
  if (!around) throw std::logic_error("compile: the document was not added");
  return implementation_->compile(*around, schema, direction);
}

std::expected<std::shared_ptr<const Schema>, Problems> Compiler::compile_sequence(std::string_view uri,
                                                                                  json::Value item,
                                                                                  json::Value whole,
                                                                                  Direction direction) {
  SchemaResource* const around = implementation_->documents().find(uri);
  if (!around) throw std::logic_error("compile_sequence: the document was not added");
  return implementation_->compile_sequence(*around, item, whole, direction);
}

std::optional<json::Value> Compiler::resolve(std::string_view uri, std::string_view reference) {
  SchemaResource* const around = implementation_->documents().find(uri);
  if (!around) throw std::logic_error("resolve: the document was not added");
  const auto target = implementation_->documents().resolve(*around, reference, around->root);
  if (!target) return std::nullopt;
  return target->schema;
}

std::shared_ptr<const Shape> Compiler::shape(std::string_view uri, json::Value schema) {
  SchemaResource* const around = implementation_->documents().find(uri);
  if (!around) throw std::logic_error("shape: the document was not added");
  return implementation_->shape(*around, schema);
}

std::shared_ptr<const Shape> Compiler::shape_of_sequence(std::string_view uri, json::Value item) {
  auto sequence = std::make_shared<Shape>();
  sequence->kind = Shape::Kind::array;
  sequence->may_be_text = false;
  sequence->items = shape(uri, item);
  return sequence;
}

Traits Compiler::traits(std::string_view uri, json::Value schema) {
  SchemaResource* const around = implementation_->documents().find(uri);
  if (!around) throw std::logic_error("traits: the document was not added");
  return implementation_->traits(*around, schema);
}

Compiler::Implementation::Implementation(Options options, Fetch fetch)
    : options_(options),
      report_([this](const SchemaResource& resource, json::Value at, std::string what) {
        report(resource, at, std::move(what));
      }),
      documents_(options_, std::move(fetch), report_),
      extensions_(documents_),
      facts_(documents_, extensions_, report_),
      traits_(documents_, extensions_),
      program_(std::make_shared<Program>()) {
  exempt_sets_.emplace_back();
  exempt_numbers_.emplace(std::vector<std::string>(), 0);
}

void Compiler::Implementation::report(const SchemaResource& resource, json::Value at, std::string what) {
  failed_ = true;
  if (!reported_.emplace(at.node(), what).second) return;
  constexpr std::size_t kMostProblems = 1000;
  if (problems_.size() == kMostProblems) return;
  problems_.push_back(
      {resource.document->uri, documents_.pointer_to(*resource.document, at), at.offset(), std::move(what)});
}

std::expected<std::shared_ptr<const Schema>, Problems> Compiler::Implementation::compile(
    SchemaResource& around, json::Value schema, Direction direction) {
  return finished(rules_for(schema, documents_.resource_of(schema, around), Use::outermost, direction, 0));
}

std::expected<std::shared_ptr<const Schema>, Problems> Compiler::Implementation::compile_sequence(
    SchemaResource& around, json::Value item, json::Value whole, Direction direction) {
  SchemaResource& resource = documents_.resource_of(item, around);
  const Rules& each = rules_for(item, resource, Use::outermost, direction, 0);
  Rules& sequence = program_->add_rules();
  sequence.types = type_bit(json::Kind::array);
  arrays(sequence).rest = &each;
  bool is_bounded = false;
  if (whole) {
    SchemaResource& of_whole = documents_.resource_of(whole, around);
    const Rules& own = rules_for(whole, of_whole, Use::plain, Direction::any, 0);
    std::vector<Step>& steps = program_->steps.emplace_back(1);
    steps.front().op = Step::Op::all;
    steps.front().rule = "schema";
    steps.front().branches = {&own};
    sequence.steps = &steps;
    is_bounded = facts_.of(whole, of_whole).items;
  }
  if (!is_bounded && options_.caps) {
    arrays(sequence).items.most = options_.caps->items;
    sequence.weaknesses.push_back({Weakness::Kind::capped, resource.document->uri,
                                   documents_.pointer_to(*resource.document, item), item.offset(),
                                   "maxItems"});
  }
  return finished(sequence);
}

// The schema of these rules, when everything that they lead to is compiled.
std::expected<std::shared_ptr<const Schema>, Problems> Compiler::Implementation::finished(const Rules& root) {
  run_queue();
  if (failed_) {
    Problems found;
    std::swap(found, problems_);
    return std::unexpected(std::move(found));
  }
  return std::make_shared<const Schema>(program_, root);
}

void Compiler::Implementation::run_queue() {
  do {
    while (!queue_.empty()) {
      const Task task = queue_.back();
      queue_.pop_back();
      fill(task);
      if (program_->rules.size() > kMostRules) {
        report(*task.resource, task.schema, "the schemas are too large to be compiled");
        queue_.clear();
        return;
      }
    }
    add_dynamic_anchors();
  } while (!queue_.empty());
}

// A $dynamicRef may end in any resource that is entered on the way: each gets its anchor compiled.
void Compiler::Implementation::add_dynamic_anchors() {
  for (const auto& [where, resource] : std::map(runtime_resources_)) {
    for (const auto& [name, number] : anchors_) {
      const auto anchor = where.first->dynamic_anchors.find(name);
      if (anchor == where.first->dynamic_anchors.end()) continue;
      const bool known = std::any_of(resource->dynamic_anchors.begin(), resource->dynamic_anchors.end(),
                                     [n = number](const auto& entry) { return entry.first == n; });
      if (known) continue;
      const Rules& rules = rules_for(anchor->second, *where.first, Use::in_place, where.second, 0);
      const_cast<Rules&>(rules).shared = true;  // every $dynamicRef may lead here
      resource->dynamic_anchors.emplace_back(number, &rules);
    }
  }
}

const Resource& Compiler::Implementation::runtime_resource(SchemaResource& resource, Direction direction) {
  Resource*& known = runtime_resources_[{&resource, direction}];
  if (!known) known = &program_->resources.emplace_back();
  return *known;
}

std::uint32_t Compiler::Implementation::anchor_number(std::string_view name) {
  return anchors_.try_emplace(std::string(name), static_cast<std::uint32_t>(anchors_.size())).first->second;
}

const Rules& Compiler::Implementation::never(std::string_view rule) {
  const Rules*& known = nevers_[std::string(rule)];
  if (!known) {
    Rules& rules = program_->add_rules();
    rules.never = true;
    rules.types = 0;
    rules.never_rule = kept(rule);
    known = &rules;
  }
  return *known;
}

// The schema true: where caps are wanted, they hold for everything inside, too.
const Rules& Compiler::Implementation::anything(Use use) {
  if (use != Use::outermost || !options_.caps) {
    if (!anything_) anything_ = &program_->add_rules();
    return *anything_;
  }
  if (!capped_anything_) {
    Rules& rules = program_->add_rules();
    capped_anything_ = &rules;
    strings(rules).length.most = options_.caps->string;
    arrays(rules).items.most = options_.caps->items;
    arrays(rules).rest = &rules;
    objects(rules).members.most = options_.caps->properties;
    objects(rules).additional = &rules;
  }
  return *capped_anything_;
}

// A schema without constraints is the schema true, and records its place.
const Rules& Compiler::Implementation::silent(json::Value schema, const SchemaResource& resource) {
  const Rules& as_true = anything(Use::outermost);
  const auto [at, added] = known_.try_emplace(Key{schema.node(), Use::outermost, Direction::any, 0}, nullptr);
  if (!added) {
    at->second->shared = true;
    return *at->second;
  }
  Rules& rules = program_->add_rules(as_true);
  at->second = &rules;
  rules.weaknesses.push_back({Weakness::Kind::anything,
                              resource.document->uri,
                              documents_.pointer_to(*resource.document, schema),
                              schema.offset(),
                              {}});
  return rules;
}

const Rules& Compiler::Implementation::rules_for(json::Value schema, SchemaResource& around, Use use,
                                                 Direction direction, std::uint32_t exempt) {
  if (use == Use::outermost && options_.sealing == Sealing::open && !options_.caps &&
      direction == Direction::any) {
    use = Use::in_place;
  }
  SchemaResource* resource = &documents_.resource_of(schema, around);
  // A schema that only refers to another is that other.
  for (int hops = 0; hops < 100; ++hops) {
    const Keywords keywords(schema);
    const json::Value reference = keywords[Keyword::ref];
    if (!reference || !reference.is_string()) break;
    if (!resource->ref_stands_alone() && (!keywords.only(Keyword::ref) || !resource->dynamic_anchors.empty()))
      break;
    const auto target = documents_.resolve(*resource, reference.string(), reference);
    if (!target) return never("$ref");
    schema = target->schema;
    resource = target->resource;
  }
  const Facts& facts = facts_.of(schema, *resource);
  if (schema.is_boolean()) return schema.boolean() ? anything(use) : never("false");
  if (!schema.is_object()) {
    report(*resource, schema, "a schema must be an object or a boolean");
    return never("false");
  }
  if (!facts.asserts && use == Use::outermost && options_.caps) return silent(schema, *resource);
  if (use == Use::outermost) exempt = exempt_set(facts, direction);
  if (use == Use::plain) {
    direction = Direction::any;
    exempt = 0;
  }
  const Key key{schema.node(), use, direction, exempt};
  const auto [at, added] = known_.try_emplace(key, nullptr);
  if (!added) {
    at->second->shared = true;
    return *at->second;
  }
  Rules& rules = program_->add_rules();
  at->second = &rules;
  rules.resource = &runtime_resource(*resource, direction);
  rules.binds = !resource->dynamic_anchors.empty();
  queue_.push_back({&rules, key, schema, resource});
  return rules;
}

// A member that may be read only (written only) is not required of a side that may not send it.
std::uint32_t Compiler::Implementation::exempt_set(const Facts& facts, Direction direction) {
  if (direction == Direction::any) return 0;
  const auto& names = direction == Direction::input ? facts.read_only_names : facts.write_only_names;
  std::vector<std::string> sorted(names.begin(), names.end());
  std::sort(sorted.begin(), sorted.end());
  const auto [at, added] =
      exempt_numbers_.try_emplace(sorted, static_cast<std::uint32_t>(exempt_sets_.size()));
  if (added) exempt_sets_.push_back(std::move(sorted));
  return at->second;
}

bool Compiler::Implementation::is_exempt(const Site& site, std::string_view name) const {
  const auto& names = exempt_sets_[site.task.key.exempt];
  return std::binary_search(names.begin(), names.end(), name, std::less<>());
}

Compiler::Implementation::Use Compiler::Implementation::use_of_part(const Site& site) {
  const Use use = site.task.key.use;
  if (use == Use::plain || use == Use::extended) return use;
  return extensions_.inherited(site.task.schema, site.resource) ? Use::extended : Use::in_place;
}

const Rules& Compiler::Implementation::same_value(const Site& site, json::Value schema) {
  return rules_for(schema, site.resource, use_of_part(site), site.task.key.direction, site.task.key.exempt);
}

const Rules& Compiler::Implementation::same_value(const Site& site, const Documents::Target& target) {
  return rules_for(target.schema, *target.resource, use_of_part(site), site.task.key.direction,
                   site.task.key.exempt);
}

const Rules& Compiler::Implementation::inner_value(const Site& site, json::Value schema) {
  const Key& key = site.task.key;
  if (const Rules* const refusal = one_way(site, schema)) return *refusal;
  return rules_for(schema, site.resource, key.use == Use::plain ? Use::plain : Use::outermost, key.direction,
                   0);
}

const Rules& Compiler::Implementation::alternative(const Site& site, json::Value schema) {
  if (const Rules* const refusal = one_way(site, schema)) return *refusal;
  const Key& key = site.task.key;
  return rules_for(schema, site.resource, key.use == Use::outermost ? Use::in_place : key.use, key.direction,
                   key.exempt);
}

const Rules* Compiler::Implementation::one_way(const Site& site, json::Value schema) {
  const Direction direction = site.task.key.direction;
  if (direction == Direction::any || !(schema.is_object() || schema.is_boolean())) return nullptr;
  const Facts& facts = facts_.of(schema, site.resource);
  if (direction == Direction::input && facts.read_only) return &never("readOnly");
  if (direction == Direction::output && facts.write_only) return &never("writeOnly");
  return nullptr;
}

const Rules& Compiler::Implementation::plainly(const Site& site, json::Value schema) {
  return rules_for(schema, site.resource, Use::plain, Direction::any, 0);
}

std::string_view Compiler::Implementation::kept(std::string_view text) {
  return program_->texts.emplace_back(text);
}

json::Value Compiler::Implementation::kept(json::Value value) {
  json::Document& document = program_->constants.emplace_back();
  json::Builder(document).copy(value);
  return document.root();
}

StringRules& Compiler::Implementation::strings(Rules& rules) {
  if (!rules.string) rules.string = &program_->strings.emplace_back();
  return const_cast<StringRules&>(*rules.string);  // it is this compiler's until the schema is handed out
}
NumberRules& Compiler::Implementation::numbers(Rules& rules) {
  if (!rules.number) rules.number = &program_->numbers.emplace_back();
  return const_cast<NumberRules&>(*rules.number);
}
ArrayRules& Compiler::Implementation::arrays(Rules& rules) {
  if (!rules.array) rules.array = &program_->arrays.emplace_back();
  return const_cast<ArrayRules&>(*rules.array);
}
ObjectRules& Compiler::Implementation::objects(Rules& rules) {
  if (!rules.object) rules.object = &program_->objects.emplace_back();
  return const_cast<ObjectRules&>(*rules.object);
}

std::vector<const Weakness*> Schema::weaknesses() const {
  std::vector<const Weakness*> found;
  std::unordered_set<const Rules*> seen{root_};
  std::vector<const Rules*> waiting{root_};
  const auto visit = [&](const Rules* rules) {
    if (rules && seen.insert(rules).second) waiting.push_back(rules);
  };
  while (!waiting.empty()) {
    const Rules& rules = *waiting.back();
    waiting.pop_back();
    for (const Weakness& weakness : rules.weaknesses) found.push_back(&weakness);
    if (rules.array) {
      for (const Rules* const element : rules.array->prefix) visit(element);
      visit(rules.array->rest);
      visit(rules.array->contains);
    }
    if (rules.object) {
      for (const Rules* const property : rules.object->properties) visit(property);
      for (const auto& [pattern, property] : rules.object->patterns) visit(property);
      visit(rules.object->additional);
      visit(rules.object->property_names);
    }
    if (rules.steps) {
      for (const Step& step : *rules.steps) {
        for (const Rules* const branch : step.branches) visit(branch);
      }
    }
    visit(rules.unevaluated_items);
    visit(rules.unevaluated_properties);
  }
  std::sort(found.begin(), found.end(), [](const Weakness* a, const Weakness* b) {
    return std::tie(a->document, a->offset, a->keyword) < std::tie(b->document, b->offset, b->keyword);
  });
  return found;
}

}  // namespace gatehouse::schema
