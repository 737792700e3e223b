#include "app/event_table.h"

#include <fmt/format.h>

#include "audit/event_fields.h"
#include "core/event.h"

namespace gatehouse::app {
namespace {

// A member as text; empty where it is null or absent.
std::string text_of(json::Value event, audit::FieldName member) {
  const auto value = event.find(member);
  if (!value) return {};
  if (value->is_string()) return std::string(value->string());
  if (value->is_number()) return std::string(value->literal());
  return {};
}

// `getOrder id=42`; without an operation, the method or the name of the event.
std::string what_of(json::Value event) {
  std::string what = text_of(event, "operation");
  if (what.empty()) what = text_of(event, "http.request.method");
  if (what.empty()) what = text_of(event, "event.name");
  if (const auto resource = event.find(audit::FieldName("resource")); resource && resource->is_object()) {
    for (const json::Member member : resource->members()) {
      if (member.value.is_string()) what += fmt::format(" {}={}", member.key(), member.value.string());
    }
  }
  return what;
}

std::string why_of(json::Value event) {
  std::string why = text_of(event, "reason");
  const std::string rule = text_of(event, "rule");
  if (!why.empty() && !rule.empty()) why += fmt::format(" ({})", rule);
  // Of a sensitive operation, whose intent stands beside this.
  const std::string effect = text_of(event, "effect");
  if (effect == "none") why += ": nothing was done";
  if (effect == "unknown") why += ": effect unknown";
  return why;
}

Cell shown(std::string text, Paint paint = Paint::plain) {
  return text.empty() ? Cell("-", Paint::faint) : Cell(std::move(text), paint);
}

}  // namespace

std::string seconds_of(std::string time) {
  if (time.size() < 19) return time;
  time.resize(19);
  time[10] = ' ';
  return time;
}

Paint paint_of(std::string_view outcome) {
  if (outcome == "allowed") return Paint::green;
  return outcome == "failed" ? Paint::red : Paint::yellow;
}

EventTable::EventTable()
    : table_({{"TIME (UTC)", Column::Align::left, Column::Fit::whole},
              {"OUTCOME", Column::Align::left, Column::Fit::whole},
              {"STATUS", Column::Align::right, Column::Fit::whole},
              {"OPERATION"},
              {"USER"},
              {"ADDRESS", Column::Align::left, Column::Fit::spare},
              {"REASON"},
              {"MS", Column::Align::right, Column::Fit::spare},
              {"CORRELATION ID", Column::Align::left, Column::Fit::whole}}) {}

void EventTable::add(std::string_view line) {
  if (!parser_.parse(line, event_)) {
    table_.add({"-", "-", "-", std::string(line), "-", "-", "-", "-", "-"});
    return;
  }
  const json::Value event = event_.root();
  const bool intent = text_of(event, "event.name") == kIntent;
  const std::string outcome = intent ? std::string(kIntent) : text_of(event, "outcome");
  table_.add({shown(seconds_of(text_of(event, "time"))), shown(outcome, paint_of(outcome)),
              shown(text_of(event, "http.response.status_code")), shown(what_of(event)),
              shown(text_of(event, "user.id")), shown(text_of(event, "client.address"), Paint::faint),
              shown(why_of(event)), shown(text_of(event, "duration_ms"), Paint::faint),
              shown(text_of(event, "request.id"), Paint::faint)});
}

}  // namespace gatehouse::app
