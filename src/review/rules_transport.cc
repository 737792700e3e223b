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
     .why = "What is enough depends on who is on the other side and what they could get. Without a statement "
            "the review takes "
            "the worst: everybody, and sensitive data.",
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
     .why = "By the time a client is redirected, its first request has crossed the network in the clear, "
            "with its credential. A "
            "client that is written wrong goes on like that unnoticed.",
     .remedy = "Leave `listen.http` out, or use `do: reject`, so that a wrong client fails at once.",
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
     .why = "Strict-Transport-Security is what keeps a browser from being led to plaintext, for as long as "
            "it remembers.",
     .remedy = "Set `tls.hsts.max_age` to a year or more (`730d` when nothing is said).",
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
     .why = "On the day it ends every client that checks it is turned away, and those that are made to go on "
            "check nothing any more.",
     .remedy = "Let it be renewed by a program (ACME) a month before. Gatehouse takes up changed files "
               "without dropping a connection.",
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
     .why = "Gatehouse offers only the sound half of TLS 1.2, but 1.3 hides more of the handshake and leaves "
            "less to configure.",
     .remedy = "Set `tls.minimum: \"1.3\"` as soon as every client can.",
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
     .why = "Health and metrics tell who calls what and how often, and they ask nobody who they are.",
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
     .title = "Anybody's trace is continued",
     .why = "A caller then chooses the id of its trace and whether it is sampled: it can hide its requests "
            "among "
            "another's, look for them there, and have every one of them stored.",
     .remedy =
         "Leave `tracing` out (`trusted_proxies`), or name in `trusted_proxies` who begins traces. The event "
         "keeps a caller's trace id beside the new one.",
     .of_configuration =
         [](const PolicySet& policy, Findings& found) {
           if (policy.settings.tracing == policy::TraceContinuation::all)
             found.whole(tls_place(policy), "tracing.continue is all");
         }},
    {.id = "proxies-wide",
     .severity = Severity::high,
     .layer = Layer::transport,
     .title = "Nearly everybody is a trusted proxy",
     .why = "Who is trusted may say from which address a request comes: limits per address, and the address "
            "in every event, are "
            "then the caller's to choose.",
     .remedy = "Name the addresses of your load balancers in `trusted_proxies`, and no more.",
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
     .why = "TLS that ends here protects nothing behind it: requests, answers and the principal's name cross "
            "the network readable "
            "and changeable.",
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
     .why = "Whoever reads the private key can be the server; with the pepper, stolen hashes of keys can be "
            "tried.",
     .remedy = "`chmod 600` the file, and let the user that Gatehouse runs as own it.",
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
