// The instructions that operators gave to the running servers by command: addresses and principals that are
// blocked, and operations in maintenance, beside those of the configuration; and the last reload. They are
// rows of the store, and hold on every server of it until a command takes them back.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/address_set.h"
#include "base/clock.h"
#include "base/ip.h"

namespace gatehouse {

struct Instruction {
  enum class Kind : std::uint8_t { block_address, block_principal, maintenance, reload };
  Kind kind = Kind::block_address;
  // A network, a principal's id, or operations as `maintenance.operations` writes one; empty for a reload.
  std::string subject;
  std::optional<WallTime> until;  // of maintenance; none: until it is taken back
  std::string text;  // of maintenance: the refusal's message, empty: its own; of a reload: its id
  WallTime given{};
  std::string actor;  // "uid:1000"
  bool operator==(const Instruction&) const = default;
};

// All of them at one moment. Immutable.
class Instructions {
 public:
  // A block of a text that is not a network is left out.
  explicit Instructions(std::vector<Instruction> all);
  Instructions(const Instructions&) = delete;
  Instructions& operator=(const Instructions&) = delete;

  bool block(const IpAddress& client) const { return addresses_.contains(client); }
  bool block_principal(std::string_view id) const { return principals_.contains(id); }
  // The maintenance that holds for the operation at that time: of several, the one that ends last. Null:
  // none.
  const Instruction* maintenance_of(std::string_view operation, WallTime now) const;
  // Whether a request can depend on them.
  bool decide() const { return !addresses_.empty() || !principals_.empty() || !maintenance_.empty(); }
  // The id of the last reload; empty: none was asked for.
  std::string_view reload() const { return reload_; }
  std::size_t count(Instruction::Kind kind) const;
  const std::vector<Instruction>& all() const { return all_; }

 private:
  std::vector<Instruction> all_;
  AddressSet addresses_;
  std::set<std::string, std::less<>> principals_;
  std::vector<const Instruction*> maintenance_;  // of all_
  std::string_view reload_;
};

// Whether `pattern` names the operation: its name, or the beginning of several names and `*`.
bool names_operation(std::string_view pattern, std::string_view operation);

// The present ones: one thread writes, and every worker reads.
class InstructionBoard {
 public:
  void publish(std::shared_ptr<const Instructions> now);
  // Null: none were read yet. Takes a lock for a moment.
  std::shared_ptr<const Instructions> current() const;
  // Changes after current() does. Without a lock.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Instructions> current_;
  std::atomic<std::uint64_t> generation_{0};
};

// One thread's view of a board, which costs a request one load as long as nothing changes.
class InstructionView {
 public:
  explicit InstructionView(std::shared_ptr<const InstructionBoard> board) : board_(std::move(board)) {}
  // Null where no request depends on an instruction, and where there is no board. Valid until the next call.
  const std::shared_ptr<const Instructions>& now() {
    if (board_ != nullptr && board_->generation() != generation_) renew();
    return instructions_;
  }

 private:
  void renew();

  std::shared_ptr<const InstructionBoard> board_;
  std::uint64_t generation_ = 0;
  std::shared_ptr<const Instructions> instructions_;
};

}  // namespace gatehouse
