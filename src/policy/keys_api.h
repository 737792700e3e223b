// The keys of gatehouse.yaml about the API: upstreams, callers, limits, operations; those of `x-gatehouse`;
// and the top of the file.
#pragma once

#include "policy/key.h"
#include "policy/keys_server.h"

namespace gatehouse::policy::keys {

inline constexpr Key kForwardedFieldKeys[] = {
    {"name", form("name of a field"), kRequired, "The header field that is forwarded.", "name: X-Tenant"},
    {"schema", form("JSON Schema"), words("any value"),
     "The values that are accepted; conditions can read them.",
     "name: X-Tenant, schema: {type: string, pattern: \"^[a-z0-9-]{1,32}$\"}"},
    {"from", choice("`trusted_proxies`"), words("all clients"), "The senders of which the field is accepted.",
     "name: CF-IPCountry, from: trusted_proxies"},
};
inline constexpr Section kForwardedField{"fields.forward[]", kForwardedFieldKeys};

inline constexpr Key kForwardedCookieKeys[] = {
    {"name", form("name of a cookie"), kRequired, "The cookie that is forwarded in both directions.",
     "name: theme"},
    {"http_only", boolean(), value("true"), "Whether scripts of the page cannot read the cookie.",
     "name: XSRF-TOKEN, http_only: false"},
};
inline constexpr Section kForwardedCookie{"fields.cookies.forward[]", kForwardedCookieKeys};

inline constexpr Key kCookiesKeys[] = {
    {"forward", object(kForwardedCookie, "list of names or maps"), kNothing,
     "The cookies that are forwarded, in addition to those that operations declare.",
     "forward: [theme, {name: XSRF-TOKEN, http_only: false}]"},
    {"set", choice("`complete` or `refuse`"), words("`complete`"),
     "Whether missing `Secure`, `HttpOnly` and `SameSite` of a `Set-Cookie` are added, or the answer is "
     "refused.",
     "set: refuse"},
};
inline constexpr Section kCookies{"fields.cookies", kCookiesKeys};

inline constexpr Key kAnswersKeys[] = {
    {"forward", form("list of names"), kNothing,
     "The fields of upstreams' answers that are forwarded, in addition to those that operations declare.",
     "forward: [X-Total-Count]"},
    {"set", form("map of names to texts"), kNothing, "Fields that Gatehouse writes into upstreams' answers.",
     "set: {X-Region: eu}"},
};
inline constexpr Section kAnswers{"fields.answers", kAnswersKeys};

inline constexpr Key kFieldsKeys[] = {
    {"forward", object(kForwardedField, "list of names or maps"), kNothing,
     "The header fields that upstreams get, in addition to those that operations declare.",
     "forward: [Idempotency-Key, {name: X-Tenant, schema: {type: string}}]"},
    {"undeclared", choice("`drop`, `refuse` or `forward`"), words("`drop`"),
     "The treatment of a field or cookie that is neither declared nor named.", "undeclared: refuse"},
    {"referer", choice("`drop`, `origin` or `full`"), words("`drop`"),
     "The part of `Referer` that upstreams get.", "referer: origin"},
    {"user_agent", choice("`forward` or `drop`"), words("`forward`"), "Whether upstreams get `User-Agent`.",
     "user_agent: drop"},
    {"cookies", object(kCookies), kNothing, "The cookies.", "cookies: {forward: [theme]}"},
    {"answers", object(kAnswers), kNothing, "The fields of answers.", "answers: {forward: [X-Total-Count]}"},
};
inline constexpr Section kFields{"fields", kFieldsKeys};

inline constexpr Key kUrlKeys[] = {
    {"url", form("URL"), kRequired, "One address of the upstream.", "url: \"http://10.0.0.1:3000\""},
    {"weight", count(1, 100), value("1"), "Its share of the requests, relative to the other addresses.",
     "url: \"http://10.0.0.1:3000\", weight: 9"},
};
inline constexpr Section kUrl{"upstreams.NAME.url[]", kUrlKeys};

inline constexpr Key kUpstreamKeys[] = {
    {"url", object(kUrl, "URL, map, or list of these"), kRequired,
     "The addresses: scheme and host, and perhaps a path before that of each request.",
     "url: \"http://10.0.0.1:3000\""},
    {"connect_timeout", wait(), value("1s"), "The time to connect.", "connect_timeout: 500ms"},
    {"timeout", wait(), value("10s"), "The time until the head of the answer.", "timeout: 5s"},
    {"idle", wait(), value("1m"), "The time between two pieces of the answer's body.", "idle: 10m"},
    {"host", choice("`upstream` or `original`"), value("upstream"),
     "The host that the upstream is called by: its own, or the one that the client requested.",
     "host: original"},
    {"ca", form("file"), words("the system's authorities"),
     "The authorities of the upstream's certificate, in PEM.",
     "url: \"https://billing.internal\", ca: clients.crt"},
    {"certificate", form("file"), kNothing, "The certificate that Gatehouse shows to the upstream, in PEM.",
     "url: \"https://billing.internal\", certificate: server.crt, private_key: file:server.key"},
    {"private_key", form("`file:` and a file"), kNothing, "The private key of that certificate, in PEM.",
     "url: \"https://billing.internal\", certificate: server.crt, private_key: file:server.key"},
    {"connections", count(1, 65535), value("256"), "The connections to the upstream, of each worker.",
     "connections: 32"},
    {"failures", count(1, 1000), value("5"),
     "The failed connections in a row after which an address is not called for `open_for`.", "failures: 3"},
    {"open_for", wait(), value("5s"), "The time until a failed address is tried again.", "open_for: 30s"},
    {"retries", count(0, 5), value("0"),
     "How often a request is sent again that may be sent twice and of whose answer no byte came.",
     "retries: 1"},
    {"read_ahead", size(kibibytes(16), mebibytes(16)), value("256KiB"),
     "How much of an answer is kept for a client that reads slower than the upstream writes.",
     "read_ahead: 64KiB"},
    {"set", form("map of names to texts, `env:` and a variable, or `file:` and a file"), kNothing,
     "Fields that Gatehouse writes into requests, such as a credential of its own.",
     "set: {Authorization: env:BILLING_TOKEN, X-Env: prod}"},
    {"fields", object(kFields), kNothing, "Fields for this upstream alone.", "fields: {forward: [X-Tenant]}"},
};
inline constexpr Section kUpstream{"upstreams.NAME", kUpstreamKeys};

inline constexpr Key kAuthenticatorKeys[] = {
    {"type", choice("`api_key`, `basic`, `jwt` or `mtls`"), kRequired, "The kind of the credential.",
     "type: api_key"},
    {"prefix", form("text of at most 64 visible ASCII characters"), kNothing,
     "The beginning of the ids of this authenticator's principals.", "type: api_key, prefix: \"partner:\""},
    {"same_people_as", form("authenticator"), kNothing,
     "The authenticator whose ids mean the same principals.", "type: api_key, same_people_as: userToken"},
    {"auth_scheme", form("word"), words("`Bearer`, or nothing"),
     "The word before the credential, if an `apiKey` scheme names the header `Authorization`.",
     "type: api_key, auth_scheme: Token"},
    {"forward", boolean(), value("false"), "Whether the upstream gets the credential (not of type `mtls`).",
     "type: api_key, forward: true"},
};
inline constexpr Section kAuthenticator{"authenticators.SCHEME", kAuthenticatorKeys};

inline constexpr Key kJwtKeys[] = {
    {"issuer", form("text"), kRequired, "`jwt`: the `iss` of its tokens.",
     "issuer: \"https://idp.example.com/\""},
    {"audience", form("text, or list of texts"), kRequired,
     "`jwt`: the `aud` of which a token must have one.", "audience: orders"},
    {"jwks", form("`file:` and a file, or https URL"), kRequired, "`jwt`: the issuer's public keys.",
     "jwks: \"https://idp.example.com/keys\""},
    {"algorithms",
     form("text, or list of ES256, ES384, ES512, EdDSA, RS256, RS384, RS512, PS256, PS384, PS512"), kRequired,
     "`jwt`: the algorithms that the issuer signs with.", "algorithms: [ES256]"},
    {"roles", form("CEL over `claims`"), words("no roles"), "`jwt`: the roles of the caller.",
     "roles: claims.realm_access.roles"},
    {"scopes", form("CEL over `claims`"), words("`scope`"), "`jwt`: the scopes of the token.",
     "scopes: claims.scp"},
    {"tenant", form("CEL over `claims`"), words("no tenant"), "`jwt`: the tenant of the caller.",
     "tenant: claims.tid"},
    {"types", form("list of texts"), words("any but those of other uses"),
     "`jwt`: the `typ` that a token may have.", "types: [at+jwt]"},
    {"leeway", duration(Nanoseconds(0), std::chrono::minutes(5)), value("30s"),
     "`jwt`: the difference of clocks that is allowed for `exp`.", "leeway: 10s"},
    {"jwks_ca", form("file"), words("the system's authorities"),
     "`jwt`: the authorities of the server of `jwks`.", "jwks_ca: clients.crt"},
    {"stale", duration(std::chrono::seconds(1), std::chrono::hours(24 * 30)), value("1h"),
     "`jwt`: the time without a successful fetch of `jwks` from which tokens are refused.", "stale: 6h"},
};
inline constexpr Section kJwt{"authenticators.SCHEME", kJwtKeys};

inline constexpr Key kMutualTlsKeys[] = {
    {"issuers", form("list of names (RFC 4514)"), words("any of `tls.client_ca`"),
     "`mtls`: the authorities whose certificates are accepted.", "issuers: [\"CN=Partners\"]"},
    {"id", form("CEL over `claims`"), words("`claims.subject`"), "`mtls`: the id of the principal.",
     "id: claims.common_name"},
    {"roles", form("CEL over `claims`"), words("no roles"), "`mtls`: the roles of the caller.",
     "roles: \"['machine']\""},
    {"tenant", form("CEL over `claims`"), words("no tenant"), "`mtls`: the tenant of the caller.",
     "tenant: claims.common_name"},
};
inline constexpr Section kMutualTls{"authenticators.SCHEME", kMutualTlsKeys};

inline constexpr Key kSameSchemeKeys[] = {
    {"same_as", form("security scheme"), kNothing,
     "In place of all other keys: one credential proves this scheme together with the other.",
     "same_as: userToken"},
};
inline constexpr Section kSameScheme{"authenticators.SCHEME", kSameSchemeKeys};

inline constexpr Key kExcludedSchemeKeys[] = {
    {"exclude", form("text"), kNothing,
     "In place of all other keys: the reason why no caller can use this scheme.",
     "exclude: \"OAuth 1.0 is not offered\""},
};
inline constexpr Section kExcludedScheme{"authenticators.SCHEME", kExcludedSchemeKeys};

inline constexpr Key kLimitKeys[] = {
    {"per", form("`ip`, `principal`, `key`, `operation`, CEL, or list of these"), kRequired,
     "The requests that share one allowance.", "per: ip, rate: 120/min"},
    {"rate", form("rate: a number and `/s`, `/min`, `/h` or `/d`"), kRequired,
     "How fast the allowance is refilled.", "per: lower(body.email), rate: 5/min"},
    {"burst", count(1, 1'000'000'000), words("a tenth of the rate's count"),
     "The number of requests that may come at once.", "per: principal, rate: 600/min, burst: 60"},
    {"ipv6_prefix", count(32, 128), value("64"), "The bits of an IPv6 address that count.",
     "per: ip, rate: 120/min, ipv6_prefix: 56"},
};
inline constexpr Section kLimit{"limits.NAME", kLimitKeys};

inline constexpr Key kCapsKeys[] = {
    {"string", count(1, 1'000'000'000), value("1024"), "The characters of a text.", "string: 4096"},
    {"items", count(1, 1'000'000'000), value("100"), "The items of an array.", "items: 500"},
    {"properties", count(1, 1'000'000), value("100"), "The members of an object.", "properties: 50"},
    {"depth", count(1, 512), value("32"), "The levels of a JSON value.", "depth: 16"},
};
inline constexpr Section kCaps{"defaults.caps", kCapsKeys};

inline constexpr Key kDefaultsKeys[] = {
    {"limits", form("list of limits"), kNothing, "The limits of every operation that names none.",
     "limits: [per_ip]"},
    {"upstream", form("upstream"), kNothing, "The upstream of every operation that names no target.",
     "upstream: orders"},
    {"principal", form("authenticator, or list of these"), kNothing,
     "The authenticator that gives `principal` where an operation requires several; the first in the list "
     "that did.",
     "principal: [userToken, partnerKey]"},
    {"body", size(ByteCount{0}, kNoBound), value("64KiB"), "The size of a request's body.", "body: 1MiB"},
    {"timeout", wait(), value("10s"), "The time for an operation.", "timeout: 5s"},
    {"caps", object(kCaps), value("{}"), "The bounds of values for which a schema states none.",
     "caps: {string: 4096}"},
    {"plus", choice("`refused` or `space`"), value("refused"),
     "Whether a `+` in a query is refused, or a space as the upstreams decode it.", "plus: space"},
    {"dates", choice("`zoned` or `local`"), value("zoned"),
     "Whether a date-time needs its zone (RFC 3339), or may lack it.", "dates: local"},
    {"semicolon", choice("`refused` or `literal`"), value("refused"),
     "Whether a `;` in a query is refused, or a character as the upstreams read it.", "semicolon: literal"},
    {"deep", form("`refused`, `brackets`, `exploded`, or list of the last two"), value("refused"),
     "The form of arrays and objects inside the objects of a query.", "deep: brackets"},
    {"media_types", form("list of media types"), words("all of the document"),
     "The media types of bodies that are accepted, of those in the document.",
     "media_types: [application/json, \"image/*\"]"},
    {"security", form("list of Security Requirement Objects"), kNothing,
     "The security of operations for which the document states none.", "security: [{partnerKey: []}]"},
    {"errors_from_upstream", choice("`declared` or `json`"), value("declared"),
     "The answers of upstreams with a status from 400 to 499 that leave: those in the document, or all in "
     "JSON.",
     "errors_from_upstream: json"},
};
inline constexpr Section kDefaults{"defaults", kDefaultsKeys};

inline constexpr Key kRoutingKeys[] = {
    {"case", choice("`sensitive` or `insensitive`"),
     words("not known: a path that is another in either reading is refused"),
     "Whether upstreams compare paths with or without the case of letters.", "case: sensitive"},
    {"reading", choice("`lenient` or `exact`"), value("lenient"),
     "Whether upstreams may read a path in other ways, such as cut at `;`, or read it as it is sent.",
     "reading: exact"},
};
inline constexpr Section kRouting{"routing", kRoutingKeys};

inline constexpr Key kLookupKeys[] = {
    {"name", form("upstream"), words("`defaults.upstream`"), "The upstream that is asked.",
     "name: orders, path: \"/internal/orders/{path.id}\""},
    {"path", form("path with values in braces"), kRequired, "The path of the lookup.",
     "path: \"/internal/orders/{path.id}\""},
};
inline constexpr Section kLookup{"operations.OPERATION.resource.upstream", kLookupKeys};

inline constexpr Key kResourceKeys[] = {
    {"sql", form("SELECT statement"), kNothing, "The statement that finds the object; or `upstream`.",
     "sql: \"SELECT customer FROM orders WHERE id = :path.id\""},
    {"upstream", object(kLookup), kNothing, "The lookup that finds the object; or `sql`.",
     "upstream: {path: \"/internal/orders/{path.id}\"}"},
    {"attributes", form("map of names to CEL types"), words("any"),
     "The attributes that the upstream answers with.",
     "upstream: {path: \"/internal/orders/{path.id}\"}, attributes: {customer: string, total: double}"},
};
inline constexpr Section kResource{"operations.OPERATION.resource", kResourceKeys};

inline constexpr Key kSqlKeys[] = {
    {"statement", form("SQL statement"), kRequired, "The statement that answers the operation.",
     "statement: \"SELECT id, total FROM orders WHERE id = :path.id\", returns: one"},
    {"returns", choice("`list`, `one` or `none`"), kRequired, "The answer: all rows, the first row, or 204.",
     "statement: \"SELECT id, total FROM orders\", returns: list"},
};
inline constexpr Section kSql{"operations.OPERATION.sql", kSqlKeys};

inline constexpr Key kRespondKeys[] = {
    {"status", count(200, 299), value("200"), "The status of the answer.", "status: 204"},
    {"type", form("media type"), value("application/json"), "The media type of the answer.",
     "type: text/plain, body: hello"},
    {"body", form("text, or `file:` and a file"), words("no body"), "The body of the answer.",
     "body: \"file:motd.json\""},
};
inline constexpr Section kRespond{"operations.OPERATION.respond", kRespondKeys};

inline constexpr Key kOperationKeys[] = {
    {"exclude", form("text"), kNothing,
     "In place of all other keys: the reason why the operation is not served.",
     "exclude: \"comes with uploads\""},
    {"permission", form("name"), kRequired, "The permission that a role of the caller must have.",
     "permission: orders:read"},
    {"public", form("text"), kNothing, "The reason why callers without a credential may call it.",
     "permission: catalogue:read, public: \"prices are on the web site\""},
    {"principal", form("authenticator, or list of these"), words("`defaults.principal`"),
     "The authenticator that gives `principal` where several are required.",
     "permission: orders:read, principal: userToken"},
    {"limits", form("list of limits"), words("`defaults.limits`"), "The limits.",
     "permission: orders:read, limits: [per_ip]"},
    {"cost", count(1, 1'000'000), words("1"), "How much of each allowance a request takes.",
     "permission: orders:read, cost: 10"},
    {"concurrency", count(1, 1'000'000), words("no bound"), "The requests of one caller that are under way.",
     "permission: orders:read, concurrency: 4"},
    {"resource", object(kResource), kNothing, "The lookup of the object, whose attributes `when` reads.",
     "permission: orders:read, resource: {sql: \"SELECT customer FROM orders WHERE id = :path.id\"}"},
    {"when", form("CEL, or list of these"), kNothing, "The conditions, which must all be true.",
     "permission: orders:read, when: \"principal.tenant == 'acme'\""},
    {"hide", boolean(), words("`true`"),
     "Whether a refused object looks like a missing one (404), or gets 403.",
     "permission: orders:read, resource: {sql: \"SELECT customer FROM orders WHERE id = :path.id\"}, hide: "
     "false"},
    {"sql", object(kSql), kNothing, "The statement that answers it; in place of an upstream.",
     "permission: orders:read, sql: {statement: \"SELECT id FROM orders WHERE id = :path.id\", returns: "
     "one}"},
    {"upstream", form("upstream"), words("`defaults.upstream`"), "The upstream that answers it.",
     "permission: orders:read, upstream: orders"},
    {"handler", form("name"), kNothing, "The C++ handler that answers it; in place of an upstream.",
     "permission: orders:read, handler: price"},
    {"respond", object(kRespond), kNothing, "The fixed answer; in place of an upstream.",
     "permission: orders:read, respond: {body: \"{}\"}"},
    {"body", size(ByteCount{0}, kNoBound), words("`defaults.body`"), "The size of a request's body.",
     "permission: orders:read, body: 1MiB"},
    {"timeout", wait(), words("`defaults.timeout`"), "The time for the operation.",
     "permission: orders:read, timeout: 5s"},
    {"sensitive", form("text"), kNothing,
     "The word for the action; it is recorded on disk before it is done.",
     "permission: orders:read, sensitive: export"},
    {"assert", boolean(), words("`false`"),
     "Whether the upstream gets `Gatehouse-Assertion`, a signed token that names the caller.",
     "permission: orders:read, assert: true"},
    {"signed", boolean(), words("`false`"),
     "Whether the fields of HTTP Message Signatures (RFC 9421) pass in both directions.",
     "permission: orders:read, signed: true"},
    {"cache_control", form("text"), words("`no-store`"), "`Cache-Control` of its answers.",
     "permission: catalogue:read, public: \"prices\", cache_control: \"max-age=60\""},
    {"fields", object(kFields), kNothing, "Fields for this operation alone.",
     "permission: orders:read, fields: {forward: [X-Tenant]}"},
    {"threat_model", object(kThreatModel), words("that of the whole API"),
     "The threat model of this operation.",
     "permission: orders:read, threat_model: {exposure: public, data: sensitive}"},
    {"media_types", form("list of media types"), words("`defaults.media_types`"),
     "The media types of bodies that are accepted, of those in the document.",
     "permission: orders:read, media_types: []"},
    {"security", form("list of Security Requirement Objects"), words("`defaults.security`"),
     "The security, where the document states none.",
     "permission: orders:read, security: [{partnerKey: []}]"},
    {"deep", form("`refused`, `brackets`, `exploded`, or list of the last two"), words("`defaults.deep`"),
     "The form of arrays and objects inside the objects of a query.",
     "permission: orders:read, deep: brackets"},
    {"encoded_slash", form("list of path parameters"), kNothing, "The path parameters that may hold `%2F`.",
     "permission: orders:read, encoded_slash: [id]"},
};
inline constexpr Section kOperation{"operations.OPERATION", kOperationKeys,
                                    "The same keys stand in `x-gatehouse` of an operation in the OpenAPI "
                                    "document. Each key stands in one of the "
                                    "two places."};

inline constexpr Key kParameterKeys[] = {
    {"log", boolean(), value("false"), "Whether events show the value of this path or query parameter.",
     "log: true"},
    {"deep", form("`refused`, `brackets`, `exploded`, or list of the last two"),
     words("that of the operation"), "The form of arrays and objects inside the objects of this parameter.",
     "deep: brackets"},
};
inline constexpr Section kParameter{"x-gatehouse", kParameterKeys,
                                    "`x-gatehouse` of a parameter in the OpenAPI document."};

inline constexpr Key kDocumentKeys[] = {
    {"file", form("file"), kRequired, "The OpenAPI document.", "file: api.yaml"},
    {"name", form("word"), kNothing, "In front of the names of its operations: `NAME.getOrder`.",
     "file: api.yaml, name: billing"},
    {"upstream", form("name of an upstream"), words("`defaults.upstream`"), "The upstream of its operations.",
     "file: api.yaml, upstream: orders"},
    {"hosts", form("host, or list of hosts"), words("all that this server serves"),
     "The hosts that the document is for.", "file: api.yaml, hosts: [api.example.com]"},
    {"prefix", form("path"), words("the path of its `servers`"), "Stands in front of its paths.",
     "file: api.yaml, prefix: /v1"},
    {"strip", form("path"), kNothing,
     "The beginning of its paths for clients, which is not part of those for the upstream.",
     "file: api.yaml, strip: /billing"},
};
inline constexpr Section kDocument{"openapi[]", kDocumentKeys};

inline constexpr Key kTopKeys[] = {
    {"openapi", object(kDocument, "file, map, or list of these"), kRequired, "The OpenAPI documents.",
     "openapi: [api.yaml]"},
    {"overlays", form("list of files"), kNothing,
     "OpenAPI Overlays, which change the documents before they are read.", "overlays: [production.yaml]"},
    {"threat_model", object(kThreatModel), words("`{exposure: public, data: sensitive}`"),
     "The measure of `gatehouse review`.", "threat_model: {exposure: partner, data: internal}"},
    {"listen", object(kListen), kRequired, "The listeners.",
     "listen: {https: \"0.0.0.0:8443\", admin: \"127.0.0.1:9443\"}"},
    {"deadlines", object(kDeadlines), value("{}"), "The times that a client may take.",
     "deadlines: {head: 5s, body: 60s}"},
    {"tls", object(kTls), kRequired, "The certificate, and the authorities of clients.",
     "tls: {certificate: server.crt, private_key: file:server.key, client_ca: clients.crt}"},
    {"store", form("`sqlite:` and a file"), value("sqlite:state/gatehouse.db"),
     "The database of keys and of the events' index; the events stand beside it.",
     "store: sqlite:events/gatehouse.db"},
    {"database", form("`sqlite:` and a file"), words("`data.db` beside the store"),
     "The database of the API's statements.", "database: sqlite:orders.db"},
    {"key_pepper", form("`file:` and a file"), words("made beside the store"),
     "The secret with which keys are hashed.", "key_pepper: file:pepper"},
    {"assertion_key", form("`file:` and a file"), words("made beside the store"),
     "The private key that signs `Gatehouse-Assertion`, in PEM.", "assertion_key: file:server.key"},
    {"trusted_proxies", form("list of networks"), kNothing,
     "The proxies that are believed about the client's address and the requested host.",
     "trusted_proxies: [\"10.0.0.0/8\"]"},
    {"allowed", object(kAllowed), words("all"), "The clients that are answered.",
     "allowed: {addresses: [\"10.0.0.0/8\"]}"},
    {"blocked", object(kBlocked), kNothing, "The clients and principals that are refused.",
     "blocked: {principals: [\"partner:mallory\"]}"},
    {"maintenance", object(kMaintenance), kNothing, "Operations that answer 503 for now.",
     "maintenance: {operations: [\"*\"]}"},
    {"tracing", object(kTracing), value("{continue: trusted_proxies}"),
     "The traces (W3C) that are continued.", "tracing: {continue: all}"},
    {"upstreams", names_to(kUpstream), kNothing, "The services behind Gatehouse.",
     "upstreams: {orders: {url: \"http://127.0.0.1:3000\"}}"},
    {"authenticators", object(kAuthenticator, "map of security schemes to maps"), kNothing,
     "How the credentials of each security scheme are verified.",
     "authenticators: {partnerKey: {type: api_key, prefix: \"partner:\"}}"},
    {"security_schemes", form("map of names to Security Scheme Objects"), kNothing,
     "Security schemes in addition to the documents'.",
     "security_schemes: {machineKey: {type: apiKey, in: header, name: X-Machine-Key}}"},
    {"roles", form("map of roles to lists of permissions"), kNothing,
     "The permissions of each role; `*` stands for one part of a name.", "roles: {auditor: [\"orders:*\"]}"},
    {"limits", names_to(kLimit), kNothing, "The limits that operations name.",
     "limits: {per_ip: {per: ip, rate: 120/min, burst: 40}}"},
    {"defaults", object(kDefaults), value("{}"), "What holds for operations that say nothing else.",
     "defaults: {limits: [per_ip], upstream: orders, body: 1MiB}"},
    {"routing", object(kRouting), value("{}"), "How upstreams read paths.", "routing: {case: insensitive}"},
    {"fields", object(kFields), kNothing, "The fields that pass without a declaration.",
     "fields: {forward: [Idempotency-Key]}"},
    {"operations", names_to(kOperation), kNothing,
     "The policy of each operation, by its `operationId` or as `GET /orders`; or `x-gatehouse` in the "
     "document.",
     "operations: {getOrder: {permission: orders:read}}"},
    {"log", object(kLogFile, "list of `stdout` and maps"), value("[stdout]"), "The outputs of the events.",
     "log: [stdout, {file: events.jsonl}]"},
    {"keep_events", duration(), value("90d"), "The time that events are kept in the store.",
     "keep_events: 365d"},
    {"keep_size", size(mebibytes(64), kNoBound), value("4096MiB"),
     "The size of the kept events, from which the oldest go earlier.", "keep_size: 1024MiB"},
    {"errors", object(kErrors), value("{details: principals}"), "The text of refusals.",
     "errors: {details: everyone}"},
    {"review", object(kReview), kNothing, "Decisions about findings of `gatehouse review`.",
     "review: {accept: [{rule: limit-shared, reason: \"all callers are one company\"}]}"},
    {"memory", object(kMemory), value("{}"), "The bounds of memory.", "memory: {bodies: 512MiB}"},
    {"security_txt", object(kSecurityTxt), words("off"), "Serves `/.well-known/security.txt` (RFC 9116).",
     "security_txt: {contact: [\"mailto:security@example.com\"], expires: 2027-06-30T00:00:00Z}"},
    {"workers", count(1, 1024), words("one for each core"), "The threads that serve requests.", "workers: 4"},
};
inline constexpr Section kTop{"", kTopKeys};

// All of them, in the order of docs/reference.md.
inline constexpr const Section* kSections[] = {&kTop,         &kDocument,        &kThreatModel,
                                               &kListen,      &kPlaintext,       &kAdmin,
                                               &kAdminTls,    &kDeadlines,       &kTls,
                                               &kHsts,        &kAllowed,         &kBlocked,
                                               &kMaintenance, &kTracing,         &kUpstream,
                                               &kUrl,         &kAuthenticator,   &kJwt,
                                               &kMutualTls,   &kSameScheme,      &kExcludedScheme,
                                               &kLimit,       &kDefaults,        &kCaps,
                                               &kRouting,     &kFields,          &kForwardedField,
                                               &kCookies,     &kForwardedCookie, &kAnswers,
                                               &kOperation,   &kResource,        &kLookup,
                                               &kSql,         &kRespond,         &kParameter,
                                               &kLogFile,     &kErrors,          &kReview,
                                               &kAccept,      &kMemory,          &kSecurityTxt};

constexpr bool is_listed(const Section& section) {
  for (const Section* const one : kSections) {
    if (one == &section) return true;
  }
  return false;
}

}  // namespace gatehouse::policy::keys
