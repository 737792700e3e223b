#include <fmt/format.h>

#include "http/uri.h"
#include "review/rule.h"

namespace gatehouse::review {
namespace {

using policy::PolicySet;

Place tls_place(const PolicySet& policy) { return policy.settings.tls.certificate.place; }

constexpr std::chrono::hours kSoon{24 * 14};

constexpr Rule kTransportRules[] = {
    {.id = "threat-model-unstated",
     .severity = Severity::medium,
     .layer = Layer::transport,
     .title = "The threat model is not stated",
     .why = "The required protection depends on the callers and on the data. Without a statement the review "
            "assumes the worst: a public API with sensitive data.",
     .remedy = "Add `threat_model: {exposure: public|partner|internal, data: public|internal|sensitive}`; an "
               "operation that "
               "differs states its own.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           if (policy.settings.threat_model.stated) return;
           found.whole(tls_place(policy), "no `threat_model`: measured as exposure public, data sensitive");
         }},
    {.id = "plaintext-listener",
     .severity = Severity::low,
     .weighs = Weighs::exposure,
     .layer = Layer::transport,
     .title = "A plaintext listener redirects",
     .why = "Before a client is redirected, its first request has crossed the network in plaintext, with its "
            "credential. A wrong client continues unnoticed.",
     .remedy = "Remove `listen.http`, or use `do: reject`, so that a wrong client fails at once.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const policy::Listen& listen = policy.settings.listen;
           if (!listen.http || listen.http_answer != policy::PlaintextAnswer::redirect) return;
           found.whole(tls_place(policy),
                       fmt::format("listen.http redirects from port {}", listen.http->port));
         }},
    {.id = "hsts-short",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::transport,
     .title = "HSTS is off or short",
     .why = "Strict-Transport-Security keeps a browser from using plaintext for as long as the browser "
            "remembers it.",
     .remedy = "Set `tls.hsts.max_age` to a year or more (default `730d`).",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const Nanoseconds age = policy.settings.tls.hsts.max_age;
           if (age >= std::chrono::hours(24 * 180)) return;
           found.whole(tls_place(policy), fmt::format("tls.hsts.max_age is {}", to_text(age)));
         }},
    {.id = "certificate-ending",
     .severity = Severity::high,
     .layer = Layer::transport,
     .title = "The server's certificate ends soon",
     .why = "After its end every client that verifies it fails, and a client that is configured to continue "
            "verifies nothing any more.",
     .remedy = "Let a program (ACME) renew it a month before. Gatehouse loads changed files without closing "
               "a connection.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const auto left = found.facts().certificate_left;
           if (!left || *left >= kSoon) return;
           found.whole(tls_place(policy),
                       *left < std::chrono::hours(0) ? "it has ended" : "in less than 14 days");
         }},
    {.id = "tls-1-2",
     .severity = Severity::low,
     .weighs = Weighs::data,
     .layer = Layer::transport,
     .title = "TLS 1.2 is accepted",
     .why = "Gatehouse offers only the secure subset of TLS 1.2, but 1.3 encrypts more of the handshake and "
            "has fewer options to configure wrongly.",
     .remedy = "Set `tls.minimum: \"1.3\"` as soon as every client supports it.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           if (policy.settings.threat_model.data != policy::DataClass::sensitive ||
               policy.settings.tls.minimum == policy::TlsMinimum::tls_1_3) {
             return;
           }
           found.whole(tls_place(policy), "tls.minimum is 1.2, and the data is sensitive");
         }},
    {.id = "admin-exposed",
     .severity = Severity::high,
     .layer = Layer::transport,
     .title = "The admin listener is not on loopback",
     .why = "Health and metrics show the operations, their callers' rates and errors, and they require no "
            "credential.",
     .remedy = "Set `listen.admin` to a loopback address; let a collector reach it through an agent on the "
               "machine.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           const auto& admin = policy.settings.listen.admin;
           if (!admin || admin->address.is_loopback()) return;
           found.whole(tls_place(policy), fmt::format("listen.admin is {}", admin->address.text()));
         }},
    {.id = "traces-from-anybody",
     .severity = Severity::medium,
     .weighs = Weighs::exposure,
     .layer = Layer::transport,
     .title = "Traces of all callers are continued",
     .why = "A caller then chooses the id of its trace and whether it is sampled. It can hide its requests "
            "among another caller's, search for them there, and have each of them stored.",
     .remedy = "Remove `tracing` (default `trusted_proxies`), or name the senders that begin traces in "
               "`trusted_proxies`. The event keeps a caller's trace id beside the new one.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           if (policy.settings.tracing == policy::TraceContinuation::all)
             found.whole(tls_place(policy), "tracing.continue is all");
         }},
    {.id = "proxies-wide",
     .severity = Severity::high,
     .layer = Layer::transport,
     .title = "Almost every address is a trusted proxy",
     .why = "A trusted proxy states the client's address of a request. So callers choose the address in "
            "limits and in every event.",
     .remedy = "Name only the addresses of your load balancers in `trusted_proxies`.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const IpNetwork& network : policy.settings.trusted_proxies) {
             const unsigned least = network.address().family() == IpAddress::Family::v4 ? 8 : 32;
             if (network.bits() >= least) continue;
             found.whole(tls_place(policy), fmt::format("trusted_proxies has {}", network.text()));
           }
         }},
    {.id = "upstream-plaintext",
     .severity = Severity::high,
     .layer = Layer::transport,
     .title = "An upstream is called in plaintext over a network",
     .why = "TLS ends at Gatehouse: requests, answers and the principal's name cross the network in "
            "plaintext and can be changed.",
     .remedy =
         "Use `https://` with `ca:` for a private authority, or run Gatehouse on the machine of the service.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           for (const auto& [name, upstream] : policy.settings.upstreams) {
             for (const policy::PlacedText& text : upstream.urls) {
               const auto url = http::parse_url(text.value);
               if (!url || url->scheme == http::Scheme::https || is_loopback(url->host)) continue;
               found.whole(text.place, fmt::format("upstreams.{} is {}", name, text.value));
             }
           }
         }},
    {.id = "secret-readable",
     .severity = Severity::high,
     .layer = Layer::transport,
     .title = "Every user of the machine can read a secret",
     .why = "With the private key an attacker can act as the server; with the pepper, stolen hashes of keys "
            "can be tried.",
     .remedy = "`chmod 600` the file, and let Gatehouse's user own it.",
     .of_configuration =
         [](const PolicySet&, Findings& found) {
           for (const Facts::OpenSecret& secret : found.facts().open_secrets)
             found.whole(secret.place,
                         fmt::format("{} is readable by all ({})", secret.what, secret.permissions));
         }},
};

}  // namespace

std::span<const Rule> transport_rules() { return kTransportRules; }

}  // namespace gatehouse::review
