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

// A parameter of a statement's guard (policy/guard.h): null, a value, or a mark for a value that SQL cannot
// represent.
struct GuardMark {
  std::string_view bytes;  // static
};
using GuardValue = std::variant<std::monostate, std::int64_t, double, std::string, GuardMark>;

class DeferredDecision {
 public:
  virtual ~DeferredDecision() = default;
  // The request. Borrowed from the exchange: for the worker's thread, while the call is awaited.
  virtual const CheckedRequest& request() const = 0;
  // The following are for any thread, one at a time, also after the request has been cancelled.
  virtual const Principal& principal() const = 0;
  // The permit for this object, once; `row` is empty if there is none. A refusal's cause goes to `detail`.
  virtual Verdict<Permit> decide(const json::Document& row, std::string& detail) = 0;
  // If the conditions are part of the statement: the guard's parameters, in the statement's order.
  virtual std::span<const GuardValue> guard_values() const = 0;
  // The permit, once, where the statement that has the conditions in it gave a row: they held.
  virtual Verdict<Permit> held_in_statement() = 0;
  // The rule in events if the object cannot be looked up; lives as long as the policy.
  virtual std::string_view resource_rule() const = 0;
  // The refusal for an object that exists but cannot be read: the same as for another caller's object.
  virtual Refusal unreadable() const = 0;
};

}  // namespace gatehouse
