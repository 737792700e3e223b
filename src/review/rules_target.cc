#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "db/catalogue.h"
#include "http/uri.h"
#include "review/purpose.h"
#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::Operation;
using policy::PolicySet;

bool is_elsewhere(const policy::Upstream& upstream) {
  return std::any_of(upstream.urls.begin(), upstream.urls.end(), [](const policy::PlacedText& text) {
    const auto url = http::parse_url(text.value);
    return url && !is_loopback(url->host);
  });
}

constexpr std::chrono::hours kSecurityTxtSoon{24 * 30};
constexpr std::chrono::hours kSecurityTxtFar{24 * 366};

constexpr Rule kTargetRules[] = {
    {.id = "read-that-changes",
     .severity = Severity::high,
     .layer = Layer::target,
     .title = "A reading method changes something",
     .why = "GET is repeated, prefetched, and sent for links and images: another site can make a browser "
            "send it.",
     .remedy = "Use POST, PUT, PATCH or DELETE.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (!is_safe(operation)) return;
           const policy::SqlTargetPolicy* const sql = operation.sql();
           const bool writes = sql != nullptr && sql->statement.fixed->effect() == db::Effect::writes;
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
     .title = "An upstream trusts every client that can reach it",
     .why = "Every machine on that network can write `Gatehouse-Principal`. Only an assertion proves that a "
            "request passed the gates.",
     .remedy = "Set `assert: true` on its operations and let the service verify `Gatehouse-Assertion`; or "
               "let it listen on loopback only.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& [name, upstream] : policy.settings.upstreams) {
             if (!is_elsewhere(upstream)) continue;
             std::vector<const Operation*> unasserted;
             for (const Operation& operation : policy.operations) {
               const policy::UpstreamTargetPolicy* const target = operation.upstream();
               if (target != nullptr && target->upstream == &upstream && !operation.asserts) {
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
     .title = "A field or cookie is forwarded without a schema",
     .why = "`fields` names it, and its allowed values are not stated: only the service can check them.",
     .remedy =
         "Give it a schema (`{name: X-Tenant, schema: {…}}`), or declare it as a parameter of the operations "
         "that need it.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const auto add = [&](const policy::FieldSettings& fields) {
             for (const policy::ForwardedField& one : fields.forward) {
               if (!one.schema) found.whole(one.name.place, fmt::format("the field `{}`", one.name.value));
             }
             for (const policy::ForwardedCookie& one : fields.cookies)
               found.whole(one.name.place, fmt::format("the cookie `{}`", one.name.value));
           };
           add(policy.settings.fields);
           for (const auto& [name, upstream] : policy.settings.upstreams) add(upstream.fields);
           for (const policy::OperationSettings& one : policy.settings.operations) {
             if (one.fields) add(*one.fields);
           }
           for (const auto& one : policy.extensions) {
             if (one->fields) add(*one->fields);
           }
         }},
    {.id = "undeclared-forwarded",
     .severity = Severity::high,
     .weighs = Weighs::exposure,
     .layer = Layer::target,
     .title = "Unnamed fields and cookies are forwarded",
     .why =
         "`undeclared: forward` sends every name that a client invents to the service and its frameworks. "
         "Each of them has names that change its behaviour, and a list of dangerous names is never complete.",
     .remedy = "Use `undeclared: drop`, and name the fields that the service needs; the event's "
               "`http.request.dropped` lists the dropped ones.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.upstream() != nullptr && operation.forwards.undeclared == Undeclared::forward)
             found.add(operation, "undeclared: forward");
         }},
    {.id = "slash-encoded",
     .severity = Severity::medium,
     .layer = Layer::target,
     .title = "A path parameter may hold an encoded slash",
     .why = "A server or proxy that decodes `%2F` before it routes finds another path, and runs an operation "
            "whose permission was not checked.",
     .remedy =
         "Send such ids in the query; or make sure that every proxy and the upstream keep `%2F` until they "
         "have chosen a route.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.encoded_slash == 0 || operation.upstream() == nullptr) return;
           for (std::size_t i = 0; i < operation.api->path_names.size(); ++i) {
             if ((operation.encoded_slash >> i & 1U) != 0)
               found.add(operation, fmt::format("`{}`", operation.api->path_names[i]));
           }
         }},
    {.id = "answer-cached",
     .severity = Severity::medium,
     .weighs = Weighs::data,
     .layer = Layer::target,
     .title = "An authenticated caller's answer may be cached",
     .why = "A cache between Gatehouse and the caller may serve it to another caller.",
     .remedy = "Remove `cache_control` (default `no-store`), or use `private`.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           const std::string& control = operation.cache_control;
           if (operation.admits_anonymous || control.contains("no-store") || control.contains("private"))
             return;
           found.add(operation, fmt::format("cache_control is `{}`", control));
         }},
    {.id = "errors-unchecked",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::target,
     .title = "Errors of upstreams leave without a schema",
     .why = "`errors_from_upstream: json` lets every 4xx in JSON leave as the upstream wrote it, whatever a "
            "framework puts into it: names of tables, values of others, where it stands.",
     .remedy = "Declare the errors in the document, and leave the key out.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const auto& errors = policy.settings.defaults.errors_from_upstream;
           if (errors.value != policy::UpstreamErrors::json) return;
           found.whole(errors.place, "every 4xx in JSON, up to 16 KiB");
         }},
    {.id = "operation-excluded",
     .severity = Severity::low,
     .layer = Layer::target,
     .title = "An operation of the document is not served",
     .why = "Callers who read the document are refused, as if nothing were there. Its path is no other "
            "operation's meanwhile.",
     .remedy = "Remove `exclude` when it can be served, or the operation from the document.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const policy::ExcludedOperation& one : policy.excluded) {
             found.whole(one.settings->exclude->place,
                         fmt::format("{}: \"{}\"", one.api->title(), one.settings->exclude->value));
           }
         }},
    {.id = "deprecated-served",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::target,
     .title = "A deprecated operation is still served",
     .why = "Old versions often keep vulnerabilities that newer ones have fixed (OWASP API9).",
     .remedy = "Remove it from the document after its last caller has moved; `gatehouse log --operation "
               "NAME` shows its callers.",
     .of_operation =
         [](const Operation& operation, Findings& found) {
           if (operation.api->deprecated) found.add(operation, operation.api->place, "`deprecated: true`");
         }},
    {.id = "security-txt-ending",
     .severity = Severity::medium,
     .layer = Layer::target,
     .title = "security.txt expires soon, or has expired",
     .why = "An expired file is not valid (RFC 9116 section 5.3): the finder of a vulnerability does not "
            "know where to report it, or reports it elsewhere.",
     .remedy = "Check that `security_txt.contact` is still right, and set `expires` to within a year.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const auto left = found.facts().security_txt_left;
           if (!left || *left >= kSecurityTxtSoon) return;
           found.whole(policy.settings.security_txt->expires.place,
                       *left < std::chrono::hours(0) ? "it has expired" : "in less than 30 days");
         }},
    {.id = "security-txt-far",
     .severity = Severity::low,
     .layer = Layer::target,
     .title = "security.txt is valid for more than a year",
     .why = "A distant date does not show that the contacts are still read; RFC 9116 section 2.5.5 "
            "recommends less than a year.",
     .remedy = "Set `security_txt.expires` to within a year, and check the contacts at each renewal.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const auto left = found.facts().security_txt_left;
           if (!left || *left <= kSecurityTxtFar) return;
           found.whole(policy.settings.security_txt->expires.place,
                       fmt::format("expires {}", policy.settings.security_txt->expires.value));
         }},
};

}  // namespace

std::span<const Rule> target_rules() { return kTargetRules; }

}  // namespace gatehouse::review
