// The gates of one request, as people and programs read them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "app/decision_path.h"
#include "app/table.h"
#include "json/document.h"

namespace gatehouse::app {

// A line for each gate. `outcome` is the word for the gate that ended the request.
std::string gate_table(std::span<const GateStep> steps, std::string_view outcome, const Screen& screen);

// A list of {gate, decision, text, detail}.
void write_gates(json::Builder& out, std::span<const GateStep> steps);

}  // namespace gatehouse::app
