#include <algorithm>

#include <fmt/format.h>

#include "db/catalogue.h"
#include "http/uri.h"
#include "review/purpose.h"
#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::Operation;
using policy::PolicySet;
using policy::TargetKind;

bool is_elsewhere(const policy::Upstream& upstream) {
  return std::any_of(upstream.urls.begin(), upstream.urls.end(), [](const policy::PlacedText& text) {
    const auto url = http::parse_url(text.value);
    return url && !is_loopback(url->host);
  });
}

constexpr Rule kTargetRules[] = {
    {.id = "read-that-changes",
     .severity = Severity::high,
     .layer = Layer::target,
     .title = "Reading changes something",
     .why = "GET is repeated, fetched ahead and followed from links and images: a page somewhere else can "
            "make a browser do it.",
     .remedy = "Use POST, PUT, PATCH or DELETE.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!is_safe(operation)) return;
           const bool writes = operation.target == TargetKind::sql &&
                               operation.sql.statement.fixed->effect() == db::Effect::writes;
           if (writes) {
             found.add(operation, fmt::format("its statement writes, behind {}", operation.method));
           } else if (const auto verb = changing_verb(*operation.api)) {
             found.add(operation, operation.api->place,
                       fmt::format("GET, and its name begins with `{}`", *verb));
           }
         }},
    {.id = "upstream-believes",
     .severity = Severity::medium,
     .layer = Layer::target,
     .title = "An upstream believes whoever reaches it",
     .why = "`Gatehouse-Principal` is a field that anybody on that network can write. Only an assertion "
            "proves that a request came "
            "through the gates.",
     .remedy = "Set `assert: true` on its operations and let the service verify `Gatehouse-Assertion`; or "
               "let it listen on "
               "loopback only.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& [name, upstream] : policy.settings.upstreams) {
             if (!is_elsewhere(upstream)) continue;
             std::vector<const Operation*> unasserted;
             for (const Operation& operation : policy.operations) {
               if (operation.target == TargetKind::upstream && operation.upstream.upstream == &upstream &&
                   !operation.asserts) {
                 unasserted.push_back(&operation);
               }
             }
             if (unasserted.empty()) continue;
             found.add(std::move(unasserted), upstream.place,
                       fmt::format("upstreams.{} is on another machine, without `assert`", name));
           }
         }},
    {.id = "forwarded-unchecked",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::target,
     .title = "A field or cookie goes on that no schema checks",
     .why =
         "`fields` names it, and what it may hold is written nowhere: the service behind is the first that "
         "looks, on every operation.",
     .remedy = "Declare it as a parameter, with a schema, on the operations that need it.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const policy::ForwardedFields& fields = policy.settings.fields;
           for (const policy::PlacedText& name : fields.names)
             found.whole(name.place, fmt::format("the field `{}`", name.value));
           for (const policy::PlacedText& name : fields.cookies)
             found.whole(name.place, fmt::format("the cookie `{}`", name.value));
         }},
    {.id = "answer-cached",
     .severity = Severity::medium,
     .weighs = Weighs::data,
     .layer = Layer::target,
     .title = "A proven caller's answer may be cached",
     .why = "A cache between here and the caller may give it to the next one.",
     .remedy = "Leave `cache_control` out (`no-store`), or say `private`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const std::string& control = operation.cache_control;
           if (operation.admits_anonymous || control.contains("no-store") || control.contains("private"))
             return;
           found.add(operation, fmt::format("cache_control is `{}`", control));
         }},
    {.id = "deprecated-served",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::target,
     .title = "A deprecated operation is still served",
     .why = "Old versions are where mended holes stay open (OWASP API9).",
     .remedy = "Take it out of the document when its last caller is gone; `gatehouse log --operation NAME` "
               "shows who that is.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.api->deprecated) found.add(operation, operation.api->place, "`deprecated: true`");
         }},
};

}  // namespace

std::span<const Rule> target_rules() { return kTargetRules; }

}  // namespace gatehouse::review
