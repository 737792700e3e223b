// The conditions of an operation on one request, to be asked where its object is found: by the target, on a
// thread that may block, within the transaction in which it acts. Owns all that the conditions see, so that
// it may outlive the request.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "core/proofs.h"
#include "core/verdict.h"
#include "json/document.h"

namespace gatehouse {

// What a statement's guard is run with (policy/guard.h): null, a value, or a mark for what SQL has no value
// for.
struct GuardMark {
  std::string_view bytes;  // static
};
using GuardValue = std::variant<std::monostate, std::int64_t, double, std::string, GuardMark>;

class DeferredDecision {
 public:
  virtual ~DeferredDecision() = default;
  // What was asked for. Borrowed from the exchange: for the worker's thread, while the call is awaited.
  virtual const CheckedRequest& request() const = 0;
  // What follows is for any thread, one at a time, also when the request has gone.
  virtual const Principal& principal() const = 0;
  // The permit for this very object, once; `row` is empty where there is none. A refusal's cause goes to
  // `detail`.
  virtual Verdict<Permit> decide(const json::Document& row, std::string& detail) = 0;
  // Where the conditions are part of the statement: what they are asked with, in the statement's order.
  virtual std::span<const GuardValue> guard_values() const = 0;
  // The permit, once, where the statement that has the conditions in it gave a row: they held.
  virtual Verdict<Permit> held_in_statement() = 0;
  // What events name when the object cannot be looked up; lives as long as the policy.
  virtual std::string_view resource_rule() const = 0;
  // The refusal for an object that is there and cannot be read: its caller hears what it would hear of
  // another's.
  virtual Refusal unreadable() const = 0;
};

}  // namespace gatehouse
