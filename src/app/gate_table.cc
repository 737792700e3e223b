#include "app/gate_table.h"

#include "app/event_table.h"

namespace gatehouse::app {

std::string gate_table(std::span<const GateStep> steps, std::string_view outcome, const Screen& screen) {
  Table table({{"GATE", Column::Align::left, Column::Fit::whole},
               {"DECISION", Column::Align::left, Column::Fit::whole},
               {"", Column::Align::left, Column::Fit::whole}});
  for (const GateStep& step : steps) {
    const bool ended = step.decision == Decision::ended;
    const Paint paint = ended                               ? paint_of(outcome)
                        : step.decision == Decision::passed ? Paint::green
                                                            : Paint::faint;
    table.add({std::string(step.gate),
               {std::string(ended ? outcome : name(step.decision)), paint},
               {step.text, ended ? Paint::strong : Paint::plain}});
    if (!step.detail.empty()) table.add({"", "", step.detail});
  }
  return table.take(screen);
}

void write_gates(json::Builder& out, std::span<const GateStep> steps) {
  out.begin_array();
  for (const GateStep& step : steps) {
    out.begin_object();
    const auto text = [&](std::string_view member, std::string_view value) {
      out.key(member);
      out.string(value);
    };
    text("gate", step.gate);
    text("decision", name(step.decision));
    text("text", step.text);
    text("detail", step.detail);
    out.end_object();
  }
  out.end_array();
}

}  // namespace gatehouse::app
