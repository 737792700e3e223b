// The decisions about one request, gate by gate, in the order of gate/runner.cc. An event names the gate that
// decided. From the order follows that the gates before it passed the request, and that the gates after it
// were not called.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "policy/policy_set.h"

namespace gatehouse::app {

enum class Decision : std::uint8_t {
  passed,
  ended,  // refused or failed here
  not_asked,
  not_known,  // the request broke off, and the event does not say where
};
std::string_view name(Decision decision);

struct GateStep {
  std::string_view gate;
  Decision decision = Decision::not_asked;
  std::string text;    // the rule, the proven principal, …; may be empty
  std::string detail;  // of the deciding gate: its meaning, and the findings
};

// `event` is one of the encoder's. With a policy, which may have changed since, the steps show its
// requirements.
std::vector<GateStep> gates_of(json::Value event, const policy::PolicySet* policy);

}  // namespace gatehouse::app
