#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/decimal.h"
#include "schema/canonical.h"
#include "schema/marks.h"
#include "schema/memo.h"
#include "schema/path.h"
#include "schema/program.h"
#include "schema/run.h"
#include "schema/scalars.h"
#include "schema/schema.h"
#include "schema/work.h"

namespace gatehouse::schema {
namespace {

using json::Kind;
using json::Value;

constexpr std::int32_t kMostDepth = 3000;  // far above the depth of real schemas; deeper values are refused
// In the units of Work.
constexpr std::int64_t kRule = 16;
constexpr std::int64_t kMember = 8;
constexpr std::int64_t kRemembered = 32;  // to look a place up and to add it

enum class Effort : std::uint8_t {
  verdict,   // stop at the first thing that is wrong
  findings,  // continue, and report the errors
};

template <Effort effort>
class Evaluator {
  static constexpr bool kReports = effort == Effort::findings;

 public:
  Evaluator(Run& run, Findings* findings) : run_(run), findings_(findings) {}

  bool check(const Rules& rules, Value value, Marks* marks, const Path* path) {
    if (!run_.work.take(kRule) || run_.depth >= kMostDepth) [[unlikely]]
      return give_up();
    if (rules.shared && run_.work.heavy()) return check_once(rules, value, marks, path);
    return enter(rules, value, marks, path);
  }

 private:
  [[gnu::noinline]] bool give_up() {
    run_.work.spend_all();  // permanently: a "not" around this must not turn it into a yes
    return false;
  }
  bool fail(const Path* path, std::string_view rule) { return fail_member(path, {}, rule); }
  bool fail_member(const Path* path, std::string_view name, std::string_view rule) {
    if constexpr (kReports) {
      std::string at;
      append_path(at, path);
      if (name.data() != nullptr) append_token(at, name);
      findings_->add(std::move(at), rule);
    }
    return false;
  }
  static const Path* at(const Path& path) { return kReports ? &path : nullptr; }  // only findings need it
  // Whether checking after a failure is useless.
  bool enough() const { return !kReports || findings_->full() || run_.work.spent(); }
  void take_words(std::size_t bits) { run_.work.take(static_cast<std::int64_t>(bits / 64)); }

  // A rule that several ways lead to, on a value that it may have looked at before.
  [[gnu::noinline]] bool check_once(const Rules& rules, Value value, Marks* marks, const Path* path) {
    run_.work.take(kRemembered);
    const auto place = run_.place(rules, value);
    if (!place) return enter(rules, value, marks, path);
    Memo& memo = run_.remembered();
    if (!value.is_array() && !value.is_object()) marks = nullptr;
    switch (memo.find(*place)) {
      case Memo::Known::nothing: break;
      case Memo::Known::valid:
        if (marks == nullptr) return true;
        if (const std::uint64_t* const words = memo.marks(*place)) {
          marks->merge(words);
          return true;
        }
        break;
      case Memo::Known::invalid:
        if (!kReports) return false;
        break;
      case Memo::Known::invalid_told: return false;
    }
    bool valid = false;
    if (marks != nullptr) {
      take_words(value.size());
      Marks mine(value);
      valid = enter(rules, value, &mine, path);
      if (valid) marks->merge(mine);
      if (valid && !run_.work.spent()) memo.add_marks(*place, mine.all());
    } else {
      valid = enter(rules, value, nullptr, path);
    }
    if (!run_.work.spent()) {
      memo.add(*place, valid      ? Memo::Known::valid
                       : kReports ? Memo::Known::invalid_told
                                  : Memo::Known::invalid);
    }
    return valid;
  }

  bool enter(const Rules& rules, Value value, Marks* marks, const Path* path) {
    if (rules.binds) [[unlikely]]
      return check_bound(rules, value, marks, path, 0);
    return check_here(rules, value, marks, path);
  }

  // Binds the anchors of the rules' resource that no outer resource has bound: the anchors from `first` on.
  [[gnu::noinline]] bool check_bound(const Rules& rules, Value value, Marks* marks, const Path* path,
                                     std::size_t first) {
    const auto& anchors = rules.resource->dynamic_anchors;
    while (first < anchors.size() && run_.bound(anchors[first].first) != nullptr) ++first;
    if (first == anchors.size()) return check_here(rules, value, marks, path);
    const Binding binding = run_.bind(anchors[first].first, anchors[first].second);
    run_.bindings = &binding;
    const bool valid = check_bound(rules, value, marks, path, first + 1);
    run_.bindings = binding.outer;
    return valid;
  }

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
    take_words(value.size());
    Marks marks(value);
    if (!check_keywords(rules, value, &marks, path)) return false;
    bool valid = true;
    bool all = false;
    run_.work.take(static_cast<std::int64_t>(value.size()));
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
    if (rules.enumeration && !is_listed(*rules.enumeration, value, run_.work))
      valid = fail(path, rules.enumeration->rule);
    if (rules.constant && !is_listed(*rules.constant, value, run_.work))
      valid = fail(path, rules.constant->rule);
    if (!valid && enough()) return false;
    const auto broken = [&](std::string_view rule) {
      fail(path, rule);
      return !enough();
    };
    switch (value.kind()) {
      case Kind::string:
        if (rules.string) valid = check_string(*rules.string, value.string(), run_.work, broken) && valid;
        break;
      case Kind::number:
        if ((rules.types & kOnlyIntegers) != 0 && !value.has_integer_form()) {
          run_.work.take(static_cast<std::int64_t>(value.literal().size()));
          if (!json::is_integer(value.literal())) return fail(path, "type");
        }
        if (rules.number) valid = check_number(*rules.number, value, run_.work, broken) && valid;
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

  bool check_array(const ArrayRules& rules, Value array, Marks* marks, const Path* path) {
    bool valid = true;
    if (array.size() > rules.items.most) valid = fail(path, beyond_items(rules.items));
    if (array.size() < rules.items.least) valid = fail(path, "minItems");
    if (!valid && enough()) return false;
    if (rules.rest || rules.contains || !rules.prefix.empty()) {
      valid = check_elements(rules, array, marks, path) && valid;
      if (!valid && enough()) return false;
    }
    if (rules.unique && !unique(array, run_.work)) valid = fail(path, "uniqueItems");
    return valid;
  }

  bool check_elements(const ArrayRules& rules, Value array, Marks* marks, const Path* path) {
    if (!run_.work.take(static_cast<std::int64_t>(array.size()))) return give_up();
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
    if (object.size() > rules.members.most) valid = fail(path, beyond_members(rules.members));
    if (object.size() < rules.members.least) valid = fail(path, "minProperties");
    if (!valid && enough()) return false;
    std::size_t units = object.size() * kMember;
    if (rules.names.size() > 64) units += rules.names.size() / 64 * (2 + rules.dependents.size());
    if (!run_.work.take(static_cast<std::int64_t>(units))) return give_up();
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
      if (!pattern.found_in(key, run_.work)) continue;
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
    run_.work.take(static_cast<std::int64_t>(rules.names.size()));
    for (std::uint32_t number = 0; number < rules.names.size(); ++number) {
      if (number / 64 >= set.words.size() || (set.words[number / 64] >> (number % 64) & 1U) == 0) continue;
      if (!seen.has(number)) fail_member(path, rules.names.name(number), rule);
      if (findings_->full()) return;
    }
  }

  bool check_steps(const std::vector<Step>& steps, Value value, Marks* marks, const Path* path) {
    bool valid = true;
    for (const Step& step : steps) {
      valid = check_step(step, value, marks, path) && valid;
      if (!valid && enough()) return false;
    }
    return valid;
  }

  bool check_step(const Step& step, Value value, Marks* marks, const Path* path) {
    switch (step.op) {
      case Step::Op::all: {
        bool valid = true;
        for (const Rules* const branch : step.branches) {
          valid = check(*branch, value, marks, path) && valid;
          if (!valid && enough()) return false;
        }
        return valid;
      }
      case Step::Op::any: return check_any(step, value, marks, path);
      case Step::Op::one: return check_one(step, value, marks, path);
      case Step::Op::negation: return !quietly(*step.branches[0], value, nullptr) || fail(path, "not");
      case Step::Op::condition: {
        if (marks) take_words(value.size());
        Marks found(value);
        const bool holds = quietly(*step.branches[0], value, marks ? &found : nullptr);
        if (holds && marks) marks->merge(found);
        const Rules* const consequence = step.branches[holds ? 1 : 2];
        return !consequence || check(*consequence, value, marks, path);
      }
      case Step::Op::dynamic: {
        const Binding* const binding = run_.bound(step.anchor);
        return check(binding != nullptr ? *binding->target : *step.branches[0], value, marks, path);
      }
      case Step::Op::dependents: return check_dependents(step, value, marks, path);
      case Step::Op::discriminator: return check_discriminated(step, value, marks, path);
    }
    return false;
  }

  bool check_dependents(const Step& step, Value value, Marks* marks, const Path* path) {
    if (!value.is_object()) return true;
    run_.work.take(static_cast<std::int64_t>(value.size()) * kMember);
    bool valid = true;
    for (const json::Member member : value.members()) {
      const std::uint32_t number = step.names.find(member.key());
      if (number != NameTable::kNone) valid = check(*step.branches[number], value, marks, path) && valid;
      if (!valid && enough()) return false;
    }
    return valid;
  }

  bool check_any(const Step& step, Value value, Marks* marks, const Path* path) {
    bool found = false;
    for (const Rules* const branch : step.branches) {
      if (!marks) {
        if (quietly(*branch, value, nullptr)) return true;
        continue;
      }
      take_words(value.size());
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
      if (value.size() > 64) take_words(value.size());
      Marks mine(value);
      if (!quietly(*branch, value, marks ? &mine : nullptr)) continue;
      if (++found == 2) return fail(path, step.rule);
      if (marks) marks->merge(mine);
    }
    return found == 1 || explain(step, value, path);
  }

  // No branch of anyOf or oneOf matches. If only one fits the value's type, its reasons are reported.
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
    if (value.is_object()) {
      run_.work.take(static_cast<std::int64_t>(value.size()) * kMember);
      const auto kind = value.find(step.property);
      if (!kind && step.absent) return check(*step.absent, value, marks, path);
      const auto number = kind && kind->is_string() ? step.names.find(kind->string()) : NameTable::kNone;
      if (number != NameTable::kNone) return check(*step.branches[step.targets[number]], value, marks, path);
      if (step.unnamed == Step::Unnamed::refused) return fail_member(path, step.property, "discriminator");
    }
    return step.otherwise == Step::Op::one ? check_one(step, value, marks, path)
                                           : check_any(step, value, marks, path);
  }

  bool quietly(const Rules& rules, Value value, Marks* marks) {
    return Evaluator<Effort::verdict>(run_, nullptr).check(rules, value, marks, nullptr);
  }

  Run& run_;
  Findings* findings_;
};

Checked check_whole(const Rules& root, Value instance, Findings& findings, Work::Share share,
                    Allowance& allowance) {
  findings.clear();
  Run run(instance, share, allowance);
  const bool valid =
      Evaluator<Effort::verdict>(run, nullptr).check(root, instance, nullptr, nullptr) && !run.work.spent();
  // Most are valid: the errors are computed only for the others, with the rest of the same budget.
  if (const Path path; !valid && !run.work.spent())
    static_cast<void>(Evaluator<Effort::findings>(run, &findings).check(root, instance, nullptr, &path));
  allowance = run.work.rest();
  if (valid) return Checked::valid;
  if (run.work.cut_short()) return Checked::unfinished;
  if (run.work.spent()) {
    findings.clear();  // an aborted check counts as broken there
    findings.add({}, "complexity");
  }
  return Checked::invalid;
}

}  // namespace

bool Schema::accepts(Value instance, Allowance& allowance) const {
  Run run(instance, Work::Share::whole, allowance);
  const bool valid = Evaluator<Effort::verdict>(run, nullptr).check(*root_, instance, nullptr, nullptr);
  allowance = run.work.rest();
  return valid && !run.work.spent();
}

bool Schema::check(Value instance, Findings& findings, Allowance& allowance) const {
  return check_whole(*root_, instance, findings, Work::Share::whole, allowance) == Checked::valid;
}

Checked Schema::check_briefly(Value instance, Findings& findings) const {
  Allowance whole;
  return check_whole(*root_, instance, findings, Work::Share::brief, whole);
}

}  // namespace gatehouse::schema
