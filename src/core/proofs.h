// The proofs that gates pass to each other.
//
// One proof of a request exists at a time. Each gate consumes the proof of the gate before it, and returns
// its own: only that gate can make it, and only from the one before (the order is that of Gate). A target
// requires a Permit, so code without a gate does not compile. A proof knows its request, so there is no
// second operation, principal or input that could be confused with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "core/identity.h"
#include "json/document.h"

namespace gatehouse {

namespace openapi {
struct Content;
}
namespace policy {
struct Operation;
}
namespace gate {
class Router;
class LimitGate;
class Identifier;
class Permitter;
class Validator;
class Decider;
struct Exchange;
}  // namespace gate

// In the order in which a request passes them.
enum class Gate : std::uint8_t {
  route,            // the operation is known
  limit_address,    // its limits had room for this address
  identify,         // the principal is known; anonymous is one too
  limit_principal,  // the limits had room for this principal
  permit,           // the principal's roles hold the operation's permission
  check_head,       // the parameters and the announced body are as declared
  check_body,       // the body is too
  limit_input,      // the limits had room for the input, and the request has its place among those under way
  decide,           // every condition of the operation holds on this very input and object
};

// The findings of the gates about one request. A part of its exchange; only gates write it.
class CheckedRequest {
 public:
  explicit CheckedRequest(gate::Exchange& exchange) : exchange_(&exchange) {}
  // A copy for another thread, with the input that is needed there.
  CheckedRequest(const CheckedRequest& original, json::Value parameters, json::Value body)
      : exchange_(original.exchange_),
        operation_(original.operation_),
        principal_(original.principal_),
        parameters_(parameters),
        body_(body) {}
  CheckedRequest(const CheckedRequest&) = delete;
  CheckedRequest& operator=(const CheckedRequest&) = delete;

  // Null until the request is routed.
  const policy::Operation* operation() const { return operation_; }
  // Empty until the request is identified.
  const std::optional<Principal>& principal() const { return principal_; }
  // As declared: {"path": {…}, "query": {…}, …}; null when there are none. Views into the exchange.
  json::Value parameters() const { return parameters_; }
  json::Value body() const { return body_; }  // parsed; null Value where the body is opaque or absent
  std::string_view body_bytes() const { return body_bytes_; }  // as sent

  void forget() {
    operation_ = nullptr;
    principal_.reset();
    content_ = nullptr;
    parameters_ = body_ = {};
    body_bytes_ = {};
  }

 private:
  template <Gate>
  friend class Proof;
  friend class gate::Router;
  friend class gate::Identifier;
  friend class gate::Validator;

  gate::Exchange* exchange_;
  const policy::Operation* operation_ = nullptr;
  std::optional<Principal> principal_;
  const openapi::Content* content_ = nullptr;
  json::Value parameters_, body_;
  std::string_view body_bytes_;
};

// The class that alone makes the proof of a gate, in the order of Gate.
template <Gate passed>
using MakerOf = std::tuple_element_t<
    static_cast<std::size_t>(passed),
    std::tuple<gate::Router, gate::LimitGate, gate::Identifier, gate::LimitGate, gate::Permitter,
               gate::Validator, gate::Validator, gate::LimitGate, gate::Decider>>;

// That a request has passed this gate and all before it. A pointer; one that was moved from is not used
// again. Borrows from the exchange.
template <Gate passed>
class Proof {
 public:
  Proof(Proof&& other) noexcept : request_(std::exchange(other.request_, nullptr)) {}
  Proof& operator=(Proof&& other) noexcept {
    request_ = std::exchange(other.request_, nullptr);
    return *this;
  }

  const policy::Operation& operation() const { return *request_->operation_; }
  const Principal& principal() const
    requires(passed >= Gate::identify)
  {
    return *request_->principal_;
  }
  // The announced body; null: no body is read.
  const openapi::Content* content() const
    requires(passed >= Gate::check_head)
  {
    return request_->content_;
  }
  // The checked input.
  const CheckedRequest& request() const
    requires(passed >= Gate::check_body)
  {
    return *request_;
  }
  // For the gates, which alone know the type.
  gate::Exchange& exchange() const { return *request_->exchange_; }

 private:
  friend MakerOf<passed>;
  template <Gate>
  friend class Proof;
  static constexpr bool kFirst = passed == Gate::route;
  using Before = Proof<kFirst ? Gate::decide : static_cast<Gate>(static_cast<int>(passed) - 1)>;

  explicit Proof(CheckedRequest& request)
    requires(kFirst)
      : request_(&request) {}
  explicit Proof(Before&& before)
    requires(!kFirst)
      : request_(std::exchange(before.request_, nullptr)) {}
  // For a decision that is made on a copy of the request, because it may outlive the request.
  Proof(Before&&, CheckedRequest& copy)
    requires(passed == Gate::decide)
      : request_(&copy) {}

  CheckedRequest* request_;
};

using Matched = Proof<Gate::route>;
using Admitted = Proof<Gate::limit_address>;
using Identified = Proof<Gate::identify>;
using Counted = Proof<Gate::limit_principal>;
using Permission = Proof<Gate::permit>;
using HeadChecked = Proof<Gate::check_head>;
using BodyChecked = Proof<Gate::check_body>;
using Input = Proof<Gate::limit_input>;
using Permit = Proof<Gate::decide>;

}  // namespace gatehouse
