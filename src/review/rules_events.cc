#include <fmt/format.h>

#include "review/purpose.h"
#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::Operation;
using policy::PolicySet;

// The reason why the caller must be provable later, or nothing.
std::string worth_proving(const Operation& operation) {
  if (operation.method == "DELETE") return "DELETE";
  if (const auto word = word_for(Purpose::export_, *operation.api))
    return fmt::format("`{}` in its name", *word);
  if (const auto word = word_for(Purpose::administration, *operation.api))
    return fmt::format("`{}` in its name", *word);
  if (is_safe(operation)) return {};
  for (const Purpose purpose : {Purpose::access, Purpose::money, Purpose::recovery}) {
    if (const auto word = word_for(purpose, *operation.api)) return fmt::format("`{}` in its name", *word);
  }
  return {};
}

constexpr Rule kEventRules[] = {
    {.id = "not-durable",
     .severity = Severity::medium,
     .weighs = Weighs::data,
     .layer = Layer::events,
     .title = "A sensitive operation is recorded like an ordinary one",
     .why = "An ordinary event is written a moment after the answer. After a crash in between, the record "
            "does not show the operation.",
     .remedy = "Set `sensitive: export` (or another word). Then an intent is on the disk before the "
               "operation begins, and without an intent the operation is not done.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!operation.sensitive.empty()) return;
           if (const std::string why = worth_proving(operation); !why.empty()) found.add(operation, why);
         }},
    {.id = "events-short-lived",
     .severity = Severity::low,
     .weighs = Weighs::data,
     .layer = Layer::events,
     .title = "Events are kept for less than 30 days",
     .why = "Intrusions are often found after months. Events that were deleted by then are missing from the "
            "investigation.",
     .remedy = "Set `keep_events` to 90d or more, or collect the log elsewhere.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           if (policy.settings.keep_events >= std::chrono::hours(24 * 30)) return;
           found.whole(policy.settings.store_place,
                       fmt::format("keep_events is {}", to_text(policy.settings.keep_events)));
         }},
    {.id = "secret-logged",
     .severity = Severity::high,
     .layer = Layer::events,
     .title = "A value that looks secret is logged",
     .why = "A value in a log is also in every copy of the log.",
     .remedy = "Remove `x-gatehouse: {log: true}` from the parameter.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           for (const std::string& name : operation.logged_query) {
             if (secret_word(name))
               found.add(operation, operation.api->place, fmt::format("the query parameter `{}`", name));
           }
         }},
    {.id = "details-for-everyone",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::events,
     .title = "Unauthenticated callers learn the schema's rules",
     .why =
         "Names of fields and rules help an attacker to explore the API. The details never contain values.",
     .remedy = "Remove `errors: {details: everyone}`: authenticated callers get the details all the same.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           if (policy.settings.details != policy::Details::everyone) return;
           found.whole(policy.settings.tls.certificate.place, "errors.details is everyone");
         }},
};

}  // namespace

std::span<const Rule> event_rules() { return kEventRules; }

}  // namespace gatehouse::review
