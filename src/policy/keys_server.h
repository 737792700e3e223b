// The keys of gatehouse.yaml about the server itself: listeners, certificates, files, memory, events.
#pragma once

#include "policy/key.h"

namespace gatehouse::policy::keys {

inline constexpr Key kThreatModelKeys[] = {
    {"exposure", choice("`public`, `partner` or `internal`"), kRequired, "The callers that reach the API.",
     "exposure: partner, data: internal"},
    {"data", choice("`public`, `internal` or `sensitive`"), kRequired,
     "The most sensitive data that a caller could reach.", "exposure: public, data: sensitive"},
};
inline constexpr Section kThreatModel{"threat_model", kThreatModelKeys};

inline constexpr Key kPlaintextKeys[] = {
    {"address", form("address and port"), kRequired, "The address of the listener for plain HTTP.",
     "address: \"0.0.0.0:8080\", do: redirect"},
    {"do", choice("`redirect` or `reject`"), kRequired,
     "Whether a request in plain HTTP is redirected to HTTPS or refused.",
     "address: \"0.0.0.0:8080\", do: reject"},
};
inline constexpr Section kPlaintext{"listen.http", kPlaintextKeys};

inline constexpr Key kAdminTlsKeys[] = {
    {"certificate", form("file"), kRequired, "The certificate of the admin listener, in PEM, with its chain.",
     "certificate: server.crt, private_key: file:server.key"},
    {"private_key", form("`file:` and a file"), kRequired, "The private key of that certificate, in PEM.",
     "certificate: server.crt, private_key: file:server.key"},
    {"client_ca", form("file"), kNothing,
     "The authorities, in PEM; only clients with a certificate of one of them are answered.",
     "client_ca: clients.crt"},
};
inline constexpr Section kAdminTls{"listen.admin.tls", kAdminTlsKeys};

inline constexpr Key kAdminKeys[] = {
    {"address", form("address and port"), kRequired, "The address of the admin listener.",
     "address: \"127.0.0.1:9443\""},
    {"names", form("list of hosts"), kNothing,
     "The hosts that a request may name, in addition to addresses and `localhost`.",
     "names: [gatehouse.internal]"},
    {"tls", object(kAdminTls), words("plain HTTP"), "The admin listener speaks TLS.",
     "tls: {certificate: server.crt, private_key: file:server.key}"},
};
inline constexpr Section kAdmin{"listen.admin", kAdminKeys};

inline constexpr Key kListenKeys[] = {
    {"https", form("address and port"), kRequired, "The address of the API.", "https: \"0.0.0.0:8443\""},
    {"http", object(kPlaintext), words("no listener"),
     "A listener for plain HTTP, which never serves the API.",
     "http: {address: \"0.0.0.0:8080\", do: redirect}"},
    {"names", form("list of hosts"), words("the names of the certificate"),
     "The hosts that requests may name.", "names: [api.example.com, \"*.shop.example\"]"},
    {"health", form("path"), words("no path"), "A path that answers 204 under any name, for load balancers.",
     "health: /healthz"},
    {"admin", object(kAdmin, "address and port, or map"), words("no listener"),
     "The listener of `/health`, `/health/live`, `/health/ready` and `/metrics`.",
     "admin: \"127.0.0.1:9443\""},
    {"proxy_protocol", choice("`off` or `required`"), value("off"),
     "Whether connections to `https` begin with a PROXY header; only `trusted_proxies` may connect then.",
     "proxy_protocol: required"},
    {"connections", count(1, 1'000'000), words("as many as there are descriptors for, at most 20,000"),
     "The connections that are open at once, over all workers.", "connections: 5000"},
    {"connections_per_address", count(1, 1'000'000), words("a quarter of `connections`, at most 1,000"),
     "The connections of one client address; IPv6 counts by /64.", "connections_per_address: 100"},
    {"head", size(kibibytes(1), kibibytes(63)), value("16KiB"), "The size of a request's head.",
     "head: 8KiB"},
    {"shared", boolean(), value("false"),
     "Whether another process may listen on the same addresses and take a part of the connections.",
     "shared: true"},
    {"drain", wait(), words("none"),
     "The time for which health checks say `draining` before the listeners close.", "drain: 5s"},
};
inline constexpr Section kListen{"listen", kListenKeys};

inline constexpr Key kDeadlinesKeys[] = {
    {"handshake", wait(), value("10s"), "The time for a TLS handshake.", "handshake: 5s"},
    {"head", wait(), value("10s"), "The time for the head of a request.", "head: 5s"},
    {"body", wait(), value("30s"),
     "The time for the body of a request; one that is forwarded gets a second more for each 8 KiB.",
     "body: 60s"},
    {"idle", wait(), value("75s"), "The time between two requests of a connection.", "idle: 30s"},
    {"answer", wait(), value("30s"),
     "The time in which a client may read nothing of an answer; a second more for each 8 KiB.",
     "answer: 60s"},
    {"drain", wait(), value("30s"), "The time until the last answer, after the server was told to end.",
     "drain: 10s"},
};
inline constexpr Section kDeadlines{"deadlines", kDeadlinesKeys};

inline constexpr Key kHstsKeys[] = {
    {"max_age", duration(), kRequired, "`max-age` of `Strict-Transport-Security`.", "max_age: 365d"},
    {"include_subdomains", boolean(), value("false"), "Adds `includeSubDomains`.",
     "max_age: 365d, include_subdomains: true"},
    {"preload", boolean(), value("false"), "Adds `preload`.",
     "max_age: 730d, include_subdomains: true, preload: true"},
};
inline constexpr Section kHsts{"tls.hsts", kHstsKeys};

inline constexpr Key kTlsKeys[] = {
    {"certificate", form("file"), kRequired,
     "The certificate, in PEM, with its chain; a new one is taken up without a reload.",
     "certificate: server.crt, private_key: file:server.key"},
    {"private_key", form("`file:` and a file"), kRequired, "The private key of the certificate, in PEM.",
     "certificate: server.crt, private_key: file:server.key"},
    {"minimum", choice("`1.2` or `1.3`"), value("\"1.2\""), "The oldest version of TLS.", "minimum: \"1.3\""},
    {"client_ca", form("file"), kNothing, "Every authority of client certificates, in PEM.",
     "client_ca: clients.crt"},
    {"client_crl", form("file"), kNothing, "The revocation list of each of those authorities, in PEM.",
     "client_ca: clients.crt, client_crl: clients.crl"},
    {"hsts", object(kHsts), words("`{max_age: 730d}`"), "The field `Strict-Transport-Security` of answers.",
     "hsts: {max_age: 365d, include_subdomains: true}"},
};
inline constexpr Section kTls{"tls", kTlsKeys};

inline constexpr Key kAllowedKeys[] = {
    {"addresses", form("network, or list of networks"), kRequired,
     "The client addresses that are answered; a request from any other gets 403.",
     "addresses: [\"10.0.0.0/8\", \"2001:db8::/32\"]"},
};
inline constexpr Section kAllowed{"allowed", kAllowedKeys};

inline constexpr Key kBlockedKeys[] = {
    {"addresses", form("list of networks, or `file:` and a file with one in each line"), kNothing,
     "The client addresses whose requests get 403.", "addresses: [\"192.0.2.7/32\"]"},
    {"principals", form("list of principals"), kNothing,
     "The principals whose requests get 403, by the name that events show.",
     "principals: [\"partner:mallory\"]"},
};
inline constexpr Section kBlocked{"blocked", kBlockedKeys};

inline constexpr Key kMaintenanceKeys[] = {
    {"operations", form("list of operations; `*` stands for the rest of a name"), kRequired,
     "The operations that answer 503.", "operations: [getOrder, \"list*\"]"},
    {"until", form("date and time of RFC 3339"), words("until the next reload without it"),
     "The time at which the maintenance ends, which `Retry-After` tells.",
     "operations: [\"*\"], until: 2026-12-01T06:00:00Z"},
    {"body", form("text of at most 1,000 bytes"), words("the message of the refusal"),
     "The message of the answer.", "operations: [\"*\"], body: \"Back at six.\""},
};
inline constexpr Section kMaintenance{"maintenance", kMaintenanceKeys};

inline constexpr Key kTracingKeys[] = {
    {"continue", choice("`trusted_proxies`, `all` or `none`"), kRequired,
     "The senders whose traces are continued; any other request begins one.", "continue: none"},
};
inline constexpr Section kTracing{"tracing", kTracingKeys};

inline constexpr Key kLogFileKeys[] = {
    {"file", form("file"), kRequired, "The file that gets one event in each line.", "file: events.jsonl"},
    {"rotate", size(ByteCount{0}, kNoBound), value("100MiB"),
     "The size from which the file is renamed and a new one begins.", "file: events.jsonl, rotate: 50MiB"},
    {"keep", count(1, 10'000), value("14"), "The number of renamed files that are kept.",
     "file: events.jsonl, keep: 30"},
};
inline constexpr Section kLogFile{"log[]", kLogFileKeys};

inline constexpr Key kErrorsKeys[] = {
    {"details", choice("`principals` or `everyone`"), kRequired,
     "The callers that are told which parts of a refused request are wrong.", "details: everyone"},
};
inline constexpr Section kErrors{"errors", kErrorsKeys};

inline constexpr Key kAcceptKeys[] = {
    {"rule", form("rule of `review`"), kRequired, "The rule whose findings are accepted.",
     "rule: limit-shared, reason: \"all callers are one company\""},
    {"operation", form("operation"), words("the configuration as a whole"),
     "The operation whose findings are accepted.",
     "rule: operation-public, operation: listCatalogue, reason: \"prices are on the web site\""},
    {"reason", form("text"), kRequired, "The reason, in words.",
     "rule: limit-shared, reason: \"all callers are one company\""},
};
inline constexpr Section kAccept{"review.accept[]", kAcceptKeys};

inline constexpr Key kReviewKeys[] = {
    {"accept", object(kAccept, "list of maps"), kRequired,
     "The findings of `gatehouse review` that are accepted.",
     "accept: [{rule: limit-shared, reason: \"all callers are one company\"}]"},
};
inline constexpr Section kReview{"review", kReviewKeys};

inline constexpr Key kMemoryKeys[] = {
    {"bodies", size(ByteCount{0}, kNoBound), value("256MiB"),
     "The memory for the bodies of all requests that are under way.", "bodies: 512MiB"},
};
inline constexpr Section kMemory{"memory", kMemoryKeys};

inline constexpr Key kSecurityTxtKeys[] = {
    {"contact", form("list of URIs (`https`, `mailto` or `tel`)"), kRequired,
     "The addresses for reports of vulnerabilities, the preferred first.",
     "contact: [\"mailto:security@example.com\"], expires: 2027-06-30T00:00:00Z"},
    {"expires", form("date and time of RFC 3339"), kRequired, "The time from which the file is stale.",
     "contact: [\"mailto:security@example.com\"], expires: 2027-06-30T00:00:00Z"},
    {"encryption", form("list of URIs (`https`, `dns` or `openpgp4fpr`)"), kNothing,
     "The keys for encrypted reports.", "encryption: [\"https://example.com/pgp.txt\"]"},
    {"acknowledgments", form("list of https URLs"), kNothing, "The pages that thank reporters.",
     "acknowledgments: [\"https://example.com/thanks\"]"},
    {"canonical", form("list of https URLs"), kNothing, "The addresses of this file.",
     "canonical: [\"https://api.example.com/.well-known/security.txt\"]"},
    {"policy", form("list of https URLs"), kNothing, "The rules for reporters.",
     "policy: [\"https://example.com/disclosure\"]"},
    {"hiring", form("list of https URLs"), kNothing, "The positions in security.",
     "hiring: [\"https://example.com/jobs\"]"},
    {"preferred_languages", form("list of language tags"), kNothing, "The languages of reports.",
     "preferred_languages: [en, de]"},
};
inline constexpr Section kSecurityTxt{"security_txt", kSecurityTxtKeys};

}  // namespace gatehouse::policy::keys
