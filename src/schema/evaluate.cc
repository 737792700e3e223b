#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/decimal.h"
#include "schema/marks.h"
#include "schema/path.h"
#include "schema/program.h"
#include "schema/schema.h"
#include "schema/unique.h"

namespace gatehouse::schema {
namespace {

using json::Kind;
using json::Value;

// Far above what real schemas and instances need; what goes beyond is refused, not served.
constexpr std::int32_t kMostDepth = 3000;
constexpr std::int64_t kSteps = 1'000'000;
constexpr std::int64_t kStepsForEachNode = 200;

// $dynamicRef: the schema resources that were entered on the way, the innermost first.
struct Scope {
  const Resource* resource;
  const Scope* outer;
};

struct Run {
  explicit Run(Value instance) : steps(kSteps + kStepsForEachNode * instance.node()->span) {}

  const Scope* scope = nullptr;
  std::int64_t steps;
  std::int32_t depth = 0;
};

std::size_t count_code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

enum class Effort : std::uint8_t {
  verdict,   // stop at the first thing that is wrong
  findings,  // go on, and say what is wrong
};

template <Effort effort>
class Evaluator {
  static constexpr bool kReports = effort == Effort::findings;

 public:
  Evaluator(Run& run, Findings* findings) : run_(run), findings_(findings) {}

  bool check(const Rules& rules, Value value, Marks* marks, const Path* path) {
    if (--run_.steps < 0 || run_.depth >= kMostDepth) [[unlikely]] {
      run_.steps = -1;  // for good: a "not" around this must not turn it into a yes
      return fail(path, "complexity");
    }
    if (run_.scope && run_.scope->resource == rules.resource) return check_here(rules, value, marks, path);
    const Scope scope{rules.resource, run_.scope};
    run_.scope = &scope;
    const bool valid = check_here(rules, value, marks, path);
    run_.scope = scope.outer;
    return valid;
  }

 private:
  bool fail(const Path* path, std::string_view rule) {
    if constexpr (kReports) {
      std::string at;
      append_path(at, path);
      findings_->add(std::move(at), rule);
    }
    return false;
  }
  bool fail_member(const Path* path, std::string_view name, std::string_view rule) {
    if constexpr (kReports) {
      std::string at;
      append_path(at, path);
      append_token(at, name);
      findings_->add(std::move(at), rule);
    }
    return false;
  }
  // Only findings need to know the way.
  static const Path* at(const Path& path) { return kReports ? &path : nullptr; }
  // Whether there is no use in going on after a failure.
  bool enough() const { return !kReports || findings_->full(); }

  bool check_here(const Rules& rules, Value value, Marks* marks, const Path* path) {
    if (rules.never) return fail(path, rules.never_rule);
    const Kind kind = value.kind();
    if ((rules.types & type_bit(kind)) == 0) return fail(path, "type");
    ++run_.depth;
    const bool valid = rules.tracks && (kind == Kind::object || kind == Kind::array)
                           ? check_tracking(rules, value, marks, path)
                           : check_keywords(rules, value, marks, path);
    --run_.depth;
    return valid;
  }

  // unevaluatedItems and unevaluatedProperties come after everything that evaluates.
  bool check_tracking(const Rules& rules, Value value, Marks* outer, const Path* path) {
    Marks marks(value);
    if (!check_keywords(rules, value, &marks, path)) return false;
    bool valid = true;
    bool all = false;
    if (value.is_array() && rules.unevaluated_items) {
      all = true;
      std::size_t i = 0;
      for (const Value element : value.elements()) {
        if (!marks.test(i)) {
          const Path here{path, {}, i};
          if (!check_named(*rules.unevaluated_items, element, path, at(here), "unevaluatedItems")) {
            valid = false;
            if (enough()) return false;
          }
        }
        ++i;
      }
    }
    if (value.is_object() && rules.unevaluated_properties) {
      all = true;
      std::size_t i = 0;
      for (const json::Member member : value.members()) {
        if (!marks.test(i)) {
          const Path here{path, "*", 0};
          if (!check_named(*rules.unevaluated_properties, member.value, path, at(here),
                           "unevaluatedProperties")) {
            valid = false;
            if (enough()) return false;
          }
        }
        ++i;
      }
    }
    if (outer && valid) {
      if (all) {
        outer->set_all();
      } else {
        outer->merge(marks);
      }
    }
    return valid;
  }

  // A member or element that no name leads to: where the answer is always no, that is said of the whole.
  bool check_named(const Rules& rules, Value value, const Path* parent, const Path* path,
                   std::string_view keyword) {
    if (rules.never) return fail(parent, rules.never_rule == "false" ? keyword : rules.never_rule);
    return check(rules, value, nullptr, path);
  }

  bool check_keywords(const Rules& rules, Value value, Marks* marks, const Path* path) {
    bool valid = true;
    if (rules.enumeration && !listed(*rules.enumeration, value)) valid = fail(path, rules.enumeration->rule);
    if (rules.constant && !listed(*rules.constant, value)) valid = fail(path, rules.constant->rule);
    if (!valid && enough()) return false;
    switch (value.kind()) {
      case Kind::string:
        if (rules.string) valid = check_string(*rules.string, value.string(), path) && valid;
        break;
      case Kind::number:
        if ((rules.types & kOnlyIntegers) != 0 && !value.has_integer_form() &&
            !json::is_integer(value.literal())) {
          return fail(path, "type");
        }
        if (rules.number) valid = check_number(*rules.number, value, path) && valid;
        break;
      case Kind::array:
        if (rules.array) valid = check_array(*rules.array, value, marks, path) && valid;
        break;
      case Kind::object:
        if (rules.object) valid = check_object(*rules.object, value, marks, path) && valid;
        break;
      case Kind::null:
      case Kind::boolean: break;
    }
    if (!valid && enough()) return false;
    if (rules.steps) valid = check_steps(*rules.steps, value, marks, path) && valid;
    return valid;
  }

  bool listed(const Values& values, Value value) {
    if (value.is_string()) return values.strings.find(value.string()) != NameTable::kNone;
    for (const Value other : values.others) {
      run_.steps -= static_cast<std::int64_t>(other.node()->span);
      if (json::equal(other, value)) return true;
    }
    return false;
  }

  bool check_string(const StringRules& rules, std::string_view text, const Path* path) {
    bool valid = true;
    // A code point has one to four bytes: most strings need no counting.
    if (text.size() > rules.length.most && count_code_points(text) > rules.length.most)
      valid = fail(path, "maxLength");
    if (text.size() < rules.length.least * 4 && count_code_points(text) < rules.length.least)
      valid = fail(path, "minLength");
    if (!valid && enough()) return false;
    for (const Pattern& pattern : rules.patterns) {
      if (!pattern.found_in(text)) valid = fail(path, "pattern");
    }
    for (const FormatCheck format : rules.formats) {
      if (!format(text)) valid = fail(path, "format");
    }
    return valid;
  }

  bool check_number(const NumberRules& rules, Value value, const Path* path) {
    const Number number(value.literal());
    bool valid = true;
    for (const NumberBound& bound : rules.bounds) {
      const int order = compare(number, bound.limit);
      bool holds = false;
      switch (bound.is) {
        case NumberBound::Is::at_least: holds = order >= 0; break;
        case NumberBound::Is::above: holds = order > 0; break;
        case NumberBound::Is::at_most: holds = order <= 0; break;
        case NumberBound::Is::below: holds = order < 0; break;
      }
      if (!holds) valid = fail(path, bound.rule);
    }
    for (const Number& divisor : rules.multiple_of) {
      if (!is_multiple(number, divisor)) valid = fail(path, "multipleOf");
    }
    return valid;
  }

  bool check_array(const ArrayRules& rules, Value array, Marks* marks, const Path* path) {
    bool valid = true;
    if (array.size() > rules.items.most) valid = fail(path, "maxItems");
    if (array.size() < rules.items.least) valid = fail(path, "minItems");
    if (!valid && enough()) return false;
    if (rules.rest || rules.contains || !rules.prefix.empty()) {
      valid = check_elements(rules, array, marks, path) && valid;
      if (!valid && enough()) return false;
    }
    if (rules.unique && !unique(array, run_.steps)) valid = fail(path, "uniqueItems");
    return valid;
  }

  bool check_elements(const ArrayRules& rules, Value array, Marks* marks, const Path* path) {
    bool valid = true;
    std::size_t i = 0;
    std::uint64_t contained = 0;
    for (const Value element : array.elements()) {
      const Rules* const rule = i < rules.prefix.size() ? rules.prefix[i] : rules.rest;
      if (rule) {
        const Path here{path, {}, i};
        const bool good = i < rules.prefix.size() ? check(*rule, element, nullptr, at(here))
                                                  : check_named(*rule, element, path, at(here), "items");
        if (!good) {
          valid = false;
          if (enough()) return false;
        }
        if (marks) marks->set(i);
      }
      if (rules.contains && quietly(*rules.contains, element, nullptr)) {
        ++contained;
        if (marks) marks->set(i);
      }
      ++i;
    }
    if (rules.contains) {
      if (contained < rules.contained.least) {
        valid = fail(path, rules.contained.least == 1 ? "contains" : "minContains");
      }
      if (contained > rules.contained.most) valid = fail(path, "maxContains");
    }
    return valid;
  }

  bool check_object(const ObjectRules& rules, Value object, Marks* marks, const Path* path) {
    bool valid = true;
    if (object.size() > rules.members.most) valid = fail(path, "maxProperties");
    if (object.size() < rules.members.least) valid = fail(path, "minProperties");
    if (!valid && enough()) return false;
    Seen seen(rules.names.size());
    std::uint32_t expected = 0;
    std::size_t i = 0;
    for (const json::Member member : object.members()) {
      if (!check_member(rules, member, seen, expected, marks, i, path)) {
        valid = false;
        if (enough()) return false;
      }
      ++i;
    }
    if (!seen.has_all(rules.required)) {
      valid = false;
      if constexpr (kReports) report_missing(rules, rules.required, seen, path, "required");
    }
    for (const auto& [name, needed] : rules.dependents) {
      if (!seen.has(name) || seen.has_all(needed)) continue;
      valid = false;
      if constexpr (kReports) report_missing(rules, needed, seen, path, "dependentRequired");
    }
    return valid;
  }

  bool check_member(const ObjectRules& rules, const json::Member& member, Seen& seen, std::uint32_t& expected,
                    Marks* marks, std::size_t i, const Path* path) {
    bool valid = true;
    bool evaluated = false;
    const std::string_view key = member.key();
    const std::uint32_t number = rules.names.find(key, expected);
    if (number != NameTable::kNone) {
      expected = number + 1;
      seen.add(number);
      if (const Rules* const property = rules.properties[number]) {
        const Path here{path, rules.names.name(number), 0};
        evaluated = true;
        valid = check(*property, member.value, nullptr, at(here));
      }
    }
    const Path unnamed{path, "*", 0};
    for (const auto& [pattern, rule] : rules.patterns) {
      if (!pattern.found_in(key)) continue;
      evaluated = true;
      valid = check_named(*rule, member.value, path, at(unnamed), "patternProperties") && valid;
    }
    if (!evaluated && rules.additional) {
      evaluated = true;
      valid =
          check_named(*rules.additional, member.value, path, at(unnamed), "additionalProperties") && valid;
    }
    if (rules.property_names && !quietly(*rules.property_names, member.key_node, nullptr)) {
      valid = fail(path, "propertyNames");
    }
    if (marks && evaluated) marks->set(i);
    return valid;
  }

  void report_missing(const ObjectRules& rules, const NameSet& set, Seen& seen, const Path* path,
                      std::string_view rule) {
    for (std::uint32_t number = 0; number < rules.names.size(); ++number) {
      if (number / 64 >= set.words.size() || (set.words[number / 64] >> (number % 64) & 1U) == 0) continue;
      if (!seen.has(number)) fail_member(path, rules.names.name(number), rule);
    }
  }

  bool check_steps(const std::vector<Step>& steps, Value value, Marks* marks, const Path* path) {
    bool valid = true;
    for (const Step& step : steps) {
      if (check_step(step, value, marks, path)) continue;
      valid = false;
      if (enough()) return false;
    }
    return valid;
  }

  bool check_step(const Step& step, Value value, Marks* marks, const Path* path) {
    switch (step.op) {
      case Step::Op::all: {
        bool valid = true;
        for (const Rules* const branch : step.branches) {
          if (check(*branch, value, marks, path)) continue;
          valid = false;
          if (enough()) return false;
        }
        return valid;
      }
      case Step::Op::any: return check_any(step, value, marks, path);
      case Step::Op::one: return check_one(step, value, marks, path);
      case Step::Op::negation: return !quietly(*step.branches[0], value, nullptr) || fail(path, "not");
      case Step::Op::condition: {
        Marks found(value);
        const bool holds = quietly(*step.branches[0], value, marks ? &found : nullptr);
        if (holds && marks) marks->merge(found);
        const Rules* const consequence = step.branches[holds ? 1 : 2];
        return !consequence || check(*consequence, value, marks, path);
      }
      case Step::Op::dynamic: return check(dynamic_target(step), value, marks, path);
      case Step::Op::dependents: {
        if (!value.is_object()) return true;
        bool valid = true;
        for (const json::Member member : value.members()) {
          const std::uint32_t number = step.names.find(member.key());
          if (number == NameTable::kNone || check(*step.branches[number], value, marks, path)) continue;
          valid = false;
          if (enough()) return false;
        }
        return valid;
      }
      case Step::Op::discriminator: return check_discriminated(step, value, marks, path);
    }
    return false;
  }

  bool check_any(const Step& step, Value value, Marks* marks, const Path* path) {
    bool found = false;
    for (const Rules* const branch : step.branches) {
      if (!marks) {
        if (quietly(*branch, value, nullptr)) return true;
        continue;
      }
      Marks mine(value);
      if (!quietly(*branch, value, &mine)) continue;
      found = true;
      marks->merge(mine);
    }
    return found || explain(step, value, path);
  }

  bool check_one(const Step& step, Value value, Marks* marks, const Path* path) {
    std::size_t found = 0;
    for (const Rules* const branch : step.branches) {
      Marks mine(value);
      if (!quietly(*branch, value, marks ? &mine : nullptr)) continue;
      if (++found == 2) return fail(path, step.rule);
      if (marks) marks->merge(mine);
    }
    return found == 1 || explain(step, value, path);
  }

  // No branch of anyOf or oneOf holds. Where the value's type leaves only one that could, its reasons are
  // told.
  bool explain(const Step& step, Value value, const Path* path) {
    if constexpr (kReports) {
      const Rules* candidate = nullptr;
      std::size_t candidates = 0;
      for (const Rules* const branch : step.branches) {
        if (branch->never || (branch->types & type_bit(value.kind())) == 0) continue;
        candidate = branch;
        ++candidates;
      }
      if (candidates == 1) return check(*candidate, value, nullptr, path);
    }
    return fail(path, step.rule);
  }

  bool check_discriminated(const Step& step, Value value, Marks* marks, const Path* path) {
    if (!value.is_object()) {
      return step.otherwise == Step::Op::one ? check_one(step, value, marks, path)
                                             : check_any(step, value, marks, path);
    }
    const auto kind = value.find(step.property);
    const std::uint32_t number =
        kind && kind->is_string() ? step.names.find(kind->string()) : NameTable::kNone;
    if (number == NameTable::kNone) return fail_member(path, step.property, "discriminator");
    return check(*step.branches[step.targets[number]], value, marks, path);
  }

  // The outermost resource on the way here that has the anchor decides.
  const Rules& dynamic_target(const Step& step) const {
    const Rules* target = step.branches[0];
    for (const Scope* scope = run_.scope; scope; scope = scope->outer) {
      if (!scope->resource) continue;
      for (const auto& [anchor, rules] : scope->resource->dynamic_anchors) {
        if (anchor == step.anchor) target = rules;
      }
    }
    return *target;
  }

  bool quietly(const Rules& rules, Value value, Marks* marks) {
    return Evaluator<Effort::verdict>(run_, nullptr).check(rules, value, marks, nullptr);
  }

  Run& run_;
  Findings* findings_;
};

}  // namespace

bool Schema::accepts(Value instance) const {
  Run run(instance);
  return Evaluator<Effort::verdict>(run, nullptr).check(*root_, instance, nullptr, nullptr) && run.steps >= 0;
}

bool Schema::check(Value instance, Findings& findings) const {
  findings.clear();
  if (accepts(instance)) return true;
  Run run(instance);
  const Path root;
  Evaluator<Effort::findings>(run, &findings).check(*root_, instance, nullptr, &root);
  if (findings.empty()) findings.add({}, "complexity");
  return false;
}

}  // namespace gatehouse::schema
