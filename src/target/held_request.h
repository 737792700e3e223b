// The implementation of the public types of include/gatehouse/handler.h.
#pragma once

#include <memory>
#include <string>

#include <gatehouse/handler.h>

#include "base/clock.h"
#include "core/counted_memory.h"
#include "core/identity.h"
#include "core/reason.h"
#include "json/document.h"
#include "target/handler.h"

namespace gatehouse::handler {

// A copy of a request's input, for one run of a handler.
struct HeldRequest {
  Principal principal;
  std::shared_ptr<const target::DeclaredParameters> declared;
  json::Document parameters, body;
  std::string body_bytes;
  std::string operation;
  std::string id;
  MonotonicTime deadline{};
  CountedMemory memory;  // of the copies
};

// The one way from the room's types to the public ones and back.
class Access {
 public:
  static CheckedValue value(json::Value value) { return CheckedValue(value.node()); }
  static json::Value json(CheckedValue value) {
    return json::Value(static_cast<const json::Node*>(value.node_));
  }
  static Answer answer_of(const Handler& handler, const HeldRequest& held) { return handler(Request(held)); }

  static unsigned status(const Answer& answer) { return answer.status_; }
  static std::optional<Problem> problem(const Answer& answer) { return answer.problem_; }
  static const std::optional<Json>& body(const Answer& answer) { return answer.body_; }
  static const std::string& detail(const Answer& answer) { return answer.detail_; }
};

}  // namespace gatehouse::handler
