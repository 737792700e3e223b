#include "core/instructions.h"

#include <algorithm>
#include <utility>

namespace gatehouse {

Instructions::Instructions(std::vector<Instruction> all) : all_(std::move(all)) {
  std::vector<IpNetwork> networks;
  for (const Instruction& one : all_) {
    switch (one.kind) {
      case Instruction::Kind::block_address:
        if (const auto network = IpNetwork::parse(one.subject)) networks.push_back(*network);
        break;
      case Instruction::Kind::block_principal: principals_.insert(one.subject); break;
      case Instruction::Kind::maintenance: maintenance_.push_back(&one); break;
      case Instruction::Kind::reload: reload_ = one.text; break;
    }
  }
  addresses_ = AddressSet(networks);
}

const Instruction* Instructions::maintenance_of(std::string_view operation, WallTime now) const {
  const auto end_of = [](const Instruction& one) { return one.until.value_or(WallTime::max()); };
  const Instruction* last = nullptr;
  for (const Instruction* const one : maintenance_) {
    if (now >= end_of(*one) || !names_operation(one->subject, operation)) continue;
    if (last == nullptr || end_of(*one) > end_of(*last)) last = one;
  }
  return last;
}

std::size_t Instructions::count(Instruction::Kind kind) const {
  return static_cast<std::size_t>(std::ranges::count(all_, kind, &Instruction::kind));
}

bool names_operation(std::string_view pattern, std::string_view operation) {
  if (!pattern.ends_with('*')) return operation == pattern;
  pattern.remove_suffix(1);
  return operation.starts_with(pattern);
}

void InstructionBoard::publish(std::shared_ptr<const Instructions> now) {
  const std::lock_guard lock(mutex_);
  current_.swap(now);
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Instructions> InstructionBoard::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

void InstructionView::renew() {
  generation_ = board_->generation();
  instructions_ = board_->current();
  if (instructions_ != nullptr && !instructions_->decide()) instructions_.reset();
}

}  // namespace gatehouse
