// One instance on its way through an evaluator: the rest of its budget, the bindings of dynamic anchors, the
// known results.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "json/document.h"
#include "schema/memo.h"
#include "schema/program.h"
#include "schema/work.h"

namespace gatehouse::schema {

// $dynamicRef: the target of an anchor. The outermost resource that was entered on the way and has the anchor
// decides, so a bound anchor stays bound.
struct Binding {
  std::uint32_t anchor;
  const Rules* target;
  const Binding* outer;
  std::uint32_t number;  // equal for equal bindings; 0: no bindings
};

class Run {
 public:
  Run(json::Value the_instance, Work::Share share, Allowance allowance = {})
      : work(the_instance, share, allowance), instance_(the_instance) {}
  ~Run() {
    if (memo_ != nullptr) memo_->end();
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  const Binding* bound(std::uint32_t anchor) const {
    const Binding* binding = bindings;
    while (binding != nullptr && binding->anchor != anchor) binding = binding->outer;
    return binding;
  }
  Binding bind(std::uint32_t anchor, const Rules* target) const {
    const std::uint32_t outer = bindings != nullptr ? bindings->number : 0;
    std::vector<Known>& known = all_known();
    if (bindings == nullptr && memo_ == nullptr) known.clear();
    const Known wanted{outer, anchor, target};
    const auto found = std::find(known.begin(), known.end(), wanted);
    const auto number = static_cast<std::uint32_t>(found - known.begin()) + 1;
    if (found == known.end() && known.size() < kMostKnown) known.push_back(wanted);
    return {anchor, target, bindings, std::min(number, kMostKnown + 1)};
  }

  // Nothing where too many bindings have been made for each to have a number.
  std::optional<Memo::Place> place(const Rules& rules, json::Value value) const {
    const std::uint32_t number = bindings != nullptr ? bindings->number : 0;
    if (number > kMostKnown) return std::nullopt;
    return Memo::Place{rules.index, static_cast<std::uint32_t>(value.node() - instance_.node()),
                       static_cast<std::uint8_t>(number)};
  }
  Memo& remembered() {
    if (memo_ == nullptr) {
      thread_local Memo mine;
      mine.begin(instance_.node()->span);
      memo_ = &mine;
    }
    return *memo_;
  }

  Work work;
  const Binding* bindings = nullptr;
  std::int32_t depth = 0;

 private:
  static constexpr std::uint32_t kMostKnown = 200;
  struct Known {
    std::uint32_t outer;
    std::uint32_t anchor;
    const Rules* target;
    bool operator==(const Known&) const = default;
  };
  static std::vector<Known>& all_known() {
    thread_local std::vector<Known> mine;
    return mine;
  }

  json::Value instance_;
  Memo* memo_ = nullptr;  // once the instance has cost more than an ordinary one
};

}  // namespace gatehouse::schema
