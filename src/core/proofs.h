// The proofs that gates hand to each other. Each can only be made by its gate, so that a target, which asks
// for a Permit and an Input, cannot be called by code that forgot a gate: it does not compile.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "core/identity.h"
#include "json/document.h"

namespace gatehouse {

namespace gate {
class LimitGate;
class Permitter;
class Validator;
class Decider;
}  // namespace gate

// A limit had room for this request. Made for the address, then for the principal, then for the input.
class Admitted {
 private:
  friend class gate::LimitGate;
  Admitted() = default;
};

// The principal's roles hold the operation's permission.
class Permission {
 public:
  const Principal& principal() const { return principal_; }

 private:
  friend class gate::Permitter;
  explicit Permission(Principal principal) : principal_(std::move(principal)) {}
  Principal principal_;
};

// What the client sent, checked against what the operation declares. Views into the exchange.
class Input {
 public:
  json::Value parameters() const {
    return parameters_;
  }  // {"path": {…}, "query": {…}, …}; null when there are none
  json::Value body() const { return body_; }  // parsed; null Value where the body is opaque or absent
  std::string_view body_bytes() const { return bytes_; }  // as sent

 private:
  friend class gate::Validator;
  Input(json::Value parameters, json::Value body, std::string_view bytes)
      : parameters_(parameters), body_(body), bytes_(bytes) {}
  json::Value parameters_;
  json::Value body_;
  std::string_view bytes_;
};

// The permission, and every condition of the operation on this very input and object.
class Permit {
 public:
  const Principal& principal() const { return permission_.principal(); }

 private:
  friend class gate::Decider;
  explicit Permit(Permission permission) : permission_(std::move(permission)) {}
  Permission permission_;
};

}  // namespace gatehouse
