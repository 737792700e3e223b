#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/decimal.h"
#include "schema/program.h"
#include "schema/schema.h"

namespace gatehouse::schema {
namespace {

using json::Kind;
using json::Value;

// Far above what real schemas and instances need; what goes beyond is refused, not served.
constexpr std::int32_t kMostDepth = 3000;
constexpr std::int64_t kSteps = 1'000'000;
constexpr std::int64_t kStepsForEachNode = 200;

// Bits for the members or elements of one value: which of them some keyword has evaluated.
class Marks {
 public:
  explicit Marks(Value value) : count_(value.is_array() || value.is_object() ? value.size() : 0) {
    if (count_ > 64) words_ = borrow((count_ + 63) / 64);
  }
  ~Marks() {
    if (count_ > 64) --pool().used;
  }
  Marks(const Marks&) = delete;
  Marks& operator=(const Marks&) = delete;

  void set(std::size_t i) { words()[i / 64] |= std::uint64_t{1} << (i % 64); }
  bool test(std::size_t i) const { return (words()[i / 64] >> (i % 64) & 1U) != 0; }
  void set_all() { std::fill_n(words(), (count_ + 63) / 64, ~std::uint64_t{0}); }
  void merge(const Marks& other) {
    for (std::size_t w = 0; w < (count_ + 63) / 64; ++w) words()[w] |= other.words()[w];
  }

 private:
  // Vectors that a thread keeps, so that large values cost no allocation once it has warmed up.
  struct Pool {
    std::deque<std::vector<std::uint64_t>> vectors;
    std::size_t used = 0;
  };
  static Pool& pool() {
    thread_local Pool mine;
    return mine;
  }
  static std::uint64_t* borrow(std::size_t size) {
    Pool& mine = pool();
    if (mine.used == mine.vectors.size()) mine.vectors.emplace_back();
    std::vector<std::uint64_t>& vector = mine.vectors[mine.used++];
    vector.assign(size, 0);
    return vector.data();
  }
  std::uint64_t* words() { return count_ > 64 ? words_ : &word_; }
  const std::uint64_t* words() const { return count_ > 64 ? words_ : &word_; }

  std::size_t count_;
  std::uint64_t word_ = 0;
  std::uint64_t* words_ = nullptr;
};

// Which declared names an object has.
class Seen {
 public:
  explicit Seen(std::size_t names) {
    if (names > 64) {
      thread_local std::deque<std::vector<std::uint64_t>> kept;
      kept_ = &kept;
      if (depth() == kept.size()) kept.emplace_back();
      many_ = &kept[depth()++];
      many_->assign((names + 63) / 64, 0);
    }
  }
  ~Seen() {
    if (many_) --depth();
  }
  Seen(const Seen&) = delete;
  Seen& operator=(const Seen&) = delete;

  void add(std::uint32_t number) { word(number / 64) |= std::uint64_t{1} << (number % 64); }
  bool has(std::uint32_t number) { return (word(number / 64) >> (number % 64) & 1U) != 0; }
  bool has_all(const NameSet& set) {
    for (std::size_t w = 0; w < set.words.size(); ++w) {
      if ((set.words[w] & ~word(w)) != 0) return false;
    }
    return true;
  }

 private:
  static std::size_t& depth() {
    thread_local std::size_t used = 0;
    return used;
  }
  std::uint64_t& word(std::size_t w) { return many_ ? (*many_)[w] : word_; }

  std::uint64_t word_ = 0;
  std::vector<std::uint64_t>* many_ = nullptr;
  std::deque<std::vector<std::uint64_t>>* kept_ = nullptr;
};

// The way from the root to the value at hand, kept on the stack.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;  // a declared name, or "*"; data() is null for an index
  std::size_t index = 0;
};

void append_token(std::string& out, std::string_view name) {
  out += '/';
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
}

void append_path(std::string& out, const Path* path) {
  if (!path->parent) return;
  append_path(out, path->parent);
  if (path->name.data()) {
    append_token(out, path->name);
  } else {
    out += '/';
    out += std::to_string(path->index);
  }
}

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

std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U ? 1 : 0;
  return count;
}

std::uint64_t hash_text(std::string_view text, std::uint64_t seed) {
  std::uint64_t hash = seed ^ text.size();
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
  return hash * 0x9E3779B97F4A7C15U;
}

// Equal values have equal hashes (json::equal).
std::uint64_t hash_value(Value value) {
  switch (value.kind()) {
    case Kind::null: return 1;
    case Kind::boolean: return value.boolean() ? 2 : 3;
    case Kind::string: return hash_text(value.string(), 4);
    case Kind::number: {
      const json::Decimal decimal(value.literal());
      std::uint64_t hash = static_cast<std::uint64_t>(decimal.magnitude) * 31 + (decimal.negative ? 7 : 5);
      for (std::int64_t i = 0; i < decimal.digits(); ++i) {
        hash =
            (hash ^ static_cast<unsigned char>(decimal.digit(static_cast<std::size_t>(i)))) * 0x100000001B3U;
      }
      return hash * 0x9E3779B97F4A7C15U;
    }
    case Kind::array: {
      std::uint64_t hash = 6;
      for (const Value element : value.elements()) hash = hash * 0x9E3779B97F4A7C15U + hash_value(element);
      return hash;
    }
    case Kind::object: {
      std::uint64_t hash = 8;  // a sum, because members have no order
      for (const json::Member member : value.members()) {
        hash += hash_text(member.key(), 9) * (hash_value(member.value) | 1U);
      }
      return hash;
    }
  }
  return 0;
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

  // A member or element that no name leads to: where the answer is always no, the keyword says why.
  bool check_named(const Rules& rules, Value value, const Path* parent, const Path* path,
                   std::string_view keyword) {
    if (rules.never) return fail(parent, keyword);
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
    if (text.size() > rules.length.most && code_points(text) > rules.length.most)
      valid = fail(path, "maxLength");
    if (text.size() < rules.length.least * 4 && code_points(text) < rules.length.least)
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
    if (rules.unique && !unique(array)) valid = fail(path, "uniqueItems");
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

  bool unique(Value array) {
    if (array.size() < 2) return true;
    if (array.size() <= 8) {
      const auto end = array.elements().end();
      for (auto a = array.elements().begin(); a != end; ++a) {
        for (auto b = json::Elements::Iterator(a); !(++b == end);) {
          run_.steps -= static_cast<std::int64_t>((*b).node()->span);
          if (run_.steps < 0 || json::equal(*a, *b)) return false;
        }
      }
      return true;
    }
    thread_local std::vector<std::pair<std::uint64_t, const json::Node*>> hashes;
    hashes.clear();
    for (const Value element : array.elements()) hashes.emplace_back(hash_value(element), element.node());
    std::sort(hashes.begin(), hashes.end());
    for (std::size_t i = 1; i < hashes.size(); ++i) {
      for (std::size_t k = i; k > 0 && hashes[k - 1].first == hashes[i].first; --k) {
        run_.steps -= static_cast<std::int64_t>(hashes[i].second->span);
        if (run_.steps < 0 || json::equal(Value(hashes[k - 1].second), Value(hashes[i].second))) return false;
      }
    }
    return true;
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
