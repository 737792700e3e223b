// The contents of gatehouse.yaml: read and checked for form, with the place of everything in which a later
// step may find an error. compile.h turns them into a PolicySet.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/ip.h"
#include "base/problems.h"
#include "base/secret.h"
#include "base/units.h"
#include "core/answer_rules.h"
#include "core/head_rules.h"
#include "http/path_reading.h"
#include "openapi/plus.h"
#include "policy/operation_fields.h"

namespace gatehouse::doc {
class Field;
class Source;
}  // namespace gatehouse::doc

namespace gatehouse::policy {

class ConfiguredObject;

template <typename T>
struct Placed {
  T value{};
  Place place;
};
using PlacedText = Placed<std::string>;

enum class Exposure : std::uint8_t { open, partner, internal };  // `public`, `partner`, `internal`
enum class DataClass : std::uint8_t { open, internal, sensitive };

struct ThreatModel {
  Exposure exposure = Exposure::open;
  DataClass data = DataClass::sensitive;
  bool stated = false;
};

struct SocketAddress {
  IpAddress address;
  std::uint16_t port = 0;
};

enum class PlaintextAnswer : std::uint8_t { redirect, reject };
enum class ProxyProtocol : std::uint8_t { off, required };

// The requirements of the admin listener, in addition to the network's.
struct AdminAccess {
  std::vector<std::string> names;  // hosts that a request may name, beside addresses and localhost
  // A path each, and empty where the listener speaks plain HTTP.
  PlacedText certificate;
  PlacedText private_key;
  PlacedText client_ca;  // not empty: only clients with a certificate that it signed
};

struct Listen {
  std::optional<SocketAddress> https;
  std::optional<SocketAddress> http;
  PlaintextAnswer http_answer = PlaintextAnswer::reject;
  // The hosts that this server answers for, as http::ServedNames takes them; empty: those of the certificate.
  std::vector<PlacedText> names;
  PlacedText health;  // a path that answers 204 under any name; empty: there is none
  std::optional<SocketAddress> admin;
  AdminAccess admin_access;
  ProxyProtocol proxy_protocol = ProxyProtocol::off;  // on the https listener, from trusted proxies only
  // Open at once, over all workers. 0: not said, as many as there are descriptors for, at most 20,000.
  std::uint32_t connections = 0;
  Place place;
  std::uint32_t connections_per_address = 0;  // 0: not said, a quarter of all, at most 1,000
  ByteCount head = kibibytes(16);
  bool shared = false;   // whether other processes may listen there too
  Nanoseconds drain{0};  // for which health checks say so before the listeners close
};

// How long a client may take.
struct Deadlines {
  Nanoseconds handshake = std::chrono::seconds(10);
  Nanoseconds head = std::chrono::seconds(10);
  Nanoseconds body = std::chrono::seconds(30);
  Nanoseconds idle = std::chrono::seconds(75);    // between requests
  Nanoseconds answer = std::chrono::seconds(30);  // taking nothing of an answer; and a second for each 8 KiB
  Nanoseconds drain = std::chrono::seconds(30);   // until the last answer, once the server ends
};

enum class TlsMinimum : std::uint8_t { tls_1_2, tls_1_3 };

struct Hsts {
  Nanoseconds max_age = std::chrono::hours(24 * 365 * 2);
  bool include_subdomains = false;
  bool preload = false;
};

// Texts that name a file are paths without `file:`, and empty where nothing was said.
struct Tls {
  PlacedText certificate;  // PEM with its chain
  PlacedText private_key;
  TlsMinimum minimum = TlsMinimum::tls_1_2;
  PlacedText client_ca;
  PlacedText client_crl;  // PEM: the revocation lists of those authorities
  Hsts hsts;
};

// The Host field to an upstream: its own name, or the requested name of this server.
enum class HostField : std::uint8_t { of_upstream, original };

// An entry of `fields.forward`.
struct ForwardedField {
  PlacedText name;
  Via from = Via::client;  // trusted_proxy: only such a one is believed
  // Its values are checked by it, and conditions see them as those of a declared header parameter. Null: any
  // value. The Source outlives it.
  std::shared_ptr<const doc::Field> schema;
};

// An entry of `fields.cookies.forward`.
enum class CookieReaders : std::uint8_t { server_only, scripts_too };  // scripts_too: `http_only: false`
struct ForwardedCookie {
  PlacedText name;
  CookieReaders readers = CookieReaders::server_only;
};

// A field that Gatehouse writes itself, in place of any other of that name.
struct SetField {
  PlacedText name;
  // The text, or the name of a secret: a variable of the environment, or the path of a file.
  PlacedText value;
  enum class From : std::uint8_t { text, environment, file } from = From::text;
};

// `fields`, at the top level, of an upstream and of an operation: fields that are forwarded to upstreams
// without a declaration. Entries add to the wider ones; of the other keys the narrower wins.
struct FieldSettings {
  std::vector<ForwardedField> forward;
  std::vector<ForwardedCookie> cookies;  // in both directions
  std::vector<PlacedText> answers;       // names of fields that leave
  std::vector<SetField> set_answers;     // with each answer of an upstream; texts
  std::optional<SetCookies> set_cookies;
  std::optional<Undeclared> undeclared;
  std::optional<RefererPassage> referer;
  std::optional<UserAgentPassage> user_agent;
};

struct Upstream {
  std::string name;
  Place place;
  std::vector<PlacedText> urls;        // scheme and authority, with an optional base path; at least one
  std::vector<std::uint32_t> weights;  // of each: how often its turn comes, from 1 to 100
  Nanoseconds connect_timeout = std::chrono::seconds(1);
  Nanoseconds timeout = std::chrono::seconds(10);  // to the head of an answer
  Nanoseconds idle = std::chrono::minutes(1);      // between two pieces of its body
  PlacedText ca;                                   // https: a file of authorities, or empty for the system's
  PlacedText certificate, private_key;  // https: by which it knows Gatehouse; a path each, or both empty
  std::uint32_t connections = 256;      // kept and opened by each worker
  std::uint32_t failures = 5;           // to connect, in a row, until the circuit opens
  std::uint32_t retries = 0;  // of a request that may be sent twice, where no byte of an answer came
  Nanoseconds open_for = std::chrono::seconds(5);
  HostField host = HostField::of_upstream;
  ByteCount read_ahead = kibibytes(256);  // of one answer, held for a client that is slower than the upstream
  std::vector<SetField> set;              // to the upstream, with each request
  FieldSettings fields;
};

struct Authenticator;
struct Settings;

// The CEL texts over a credential's claims that a type of authenticator has; null: it has no such key.
struct ClaimTexts {
  const std::optional<PlacedText>* id = nullptr;
  const std::optional<PlacedText>* roles = nullptr;
  const std::optional<PlacedText>* scopes = nullptr;
  const std::optional<PlacedText>* tenant = nullptr;
};
// How it comes: as the OpenAPI scheme declares it, as the password of HTTP Basic, or with the handshake.
enum class CredentialComes : std::uint8_t { as_declared, as_password, with_handshake };

// The types of authenticators (`type`). Beside its keys each says what is asked of every type:
//   kType, kExamplePrefix, kComes
//   read()     reads its keys
//   claims()   its texts over claims
//   source()   names where its ids come from: two with the same source mean the same principals
//   proof()    what a thief needs; two with the same proof fall together
//   check()    adds what is wrong beside the form of its keys
struct ApiKeySettings {
  static constexpr std::string_view kType = "api_key";
  static constexpr std::string_view kExamplePrefix = "partner";
  static constexpr CredentialComes kComes = CredentialComes::as_declared;
  static ApiKeySettings read(ConfiguredObject&, const std::string&) { return {}; }
  ClaimTexts claims() const { return {}; }
  std::string source() const;
  std::string proof() const;
  void check(const Authenticator&, const Settings&, Problems&) const {}
};

// An API key that comes as the password of HTTP Basic (RFC 7617); the user is the key's principal or its id.
struct BasicSettings {
  static constexpr std::string_view kType = "basic";
  static constexpr std::string_view kExamplePrefix = "partner";
  static constexpr CredentialComes kComes = CredentialComes::as_password;
  static BasicSettings read(ConfiguredObject&, const std::string&) { return {}; }
  ClaimTexts claims() const { return {}; }
  std::string source() const;
  std::string proof() const;
  void check(const Authenticator&, const Settings&, Problems&) const {}
};

struct JwtSettings {
  PlacedText issuer;
  std::vector<std::string> audiences;
  PlacedText jwks;  // "file:…" or "https://…" ("http://" to loopback only)
  std::vector<std::string> algorithms;
  std::optional<PlacedText> roles;  // CEL over claims: a list of strings or a string
  std::optional<PlacedText> scopes;
  std::optional<PlacedText> tenant;
  std::vector<std::string> types;
  Nanoseconds leeway = std::chrono::seconds(30);
  PlacedText jwks_ca;  // a file of authorities for a JWKS URL, or empty for the system's
  Nanoseconds stale = std::chrono::hours(1);  // so long after the last good answer its keys count no more

  static constexpr std::string_view kType = "jwt";
  static constexpr std::string_view kExamplePrefix = "user";
  static constexpr CredentialComes kComes = CredentialComes::as_declared;
  static JwtSettings read(ConfiguredObject& object, const std::string& directory);
  ClaimTexts claims() const { return {.roles = &roles, .scopes = &scopes, .tenant = &tenant}; }
  std::string source() const;
  std::string proof() const;
  void check(const Authenticator& authenticator, const Settings& settings, Problems& problems) const;
};

struct MutualTlsSettings {
  std::vector<PlacedText> issuers;  // of the certificates it takes (RFC 4514); empty: any of tls.client_ca
  std::optional<PlacedText> id;     // CEL over claims (of the certificate); default claims.subject
  std::optional<PlacedText> roles;
  std::optional<PlacedText> tenant;

  static constexpr std::string_view kType = "mtls";
  static constexpr std::string_view kExamplePrefix = "certificate";
  static constexpr CredentialComes kComes = CredentialComes::with_handshake;
  static MutualTlsSettings read(ConfiguredObject& object, const std::string& directory);
  ClaimTexts claims() const { return {.id = &id, .roles = &roles, .tenant = &tenant}; }
  std::string source() const;
  std::string proof() const;
  void check(const Authenticator& authenticator, const Settings& settings, Problems& problems) const;
};

using AuthenticatorSettings = std::variant<ApiKeySettings, BasicSettings, JwtSettings, MutualTlsSettings>;

// Whether the credential is forwarded to an upstream: `forward: true`.
enum class CredentialEnd : std::uint8_t { here, upstream };

struct Authenticator {
  std::string name;
  Place place;
  PlacedText prefix;                         // of its principals' ids; may be empty
  std::optional<PlacedText> same_people_as;  // an authenticator whose ids mean the same principals
  CredentialEnd credential = CredentialEnd::here;
  std::optional<PlacedText> auth_scheme;  // the word before the credential in Authorization: `Token`
  AuthenticatorSettings of;               // its type
  // Whether it proves keys of `gatehouse key create`.
  bool takes_keys() const {
    return std::holds_alternative<ApiKeySettings>(of) || std::holds_alternative<BasicSettings>(of);
  }
  // Each null where it is of another type.
  const JwtSettings* jwt() const { return std::get_if<JwtSettings>(&of); }
  const MutualTlsSettings* mutual_tls() const { return std::get_if<MutualTlsSettings>(&of); }
};

struct LimitSettings {
  std::string name;
  Place place;
  std::vector<PlacedText> per;  // ip, principal, key, operation, or CEL
  Rate rate;
  std::uint64_t burst = 0;  // 0: not said
  unsigned ipv6_prefix = 64;
};

struct Caps {
  std::uint64_t string = 1024;
  std::uint64_t items = 100;
  std::uint64_t properties = 100;
  std::uint64_t depth = 32;
};

// Which 4xx of upstreams leave: those that the document declares, or every one in JSON, of at most 16 KiB.
enum class UpstreamErrors : std::uint8_t { declared, json };

struct Defaults {
  std::vector<PlacedText> limits;
  std::optional<PlacedText> upstream;
  std::vector<PlacedText> principal;  // authenticators: where several must hold, the first of them acts
  ByteCount body = kibibytes(64);
  Nanoseconds timeout = std::chrono::seconds(10);
  Caps caps;
  openapi::Plus plus = openapi::Plus::refused;
  openapi::Dates dates = openapi::Dates::zoned;
  openapi::Semicolon semicolon = openapi::Semicolon::refused;
  openapi::Deep deep = openapi::Deep::refused;
  Placed<UpstreamErrors> errors_from_upstream;
  // Of the media types that a document offers for a body, those that are taken: in lower case, without
  // parameters, `*` as in `image/*` and `application/*+json`. Nothing: all of them.
  std::optional<std::vector<PlacedText>> media_types;
  // Security Requirement Objects for operations whose document states none; null: not said.
  std::shared_ptr<const doc::Field> security;
};

enum class SqlReturns : std::uint8_t { list, one, none };

struct SqlSettings {
  PlacedText statement;
  SqlReturns returns = SqlReturns::list;
};

enum class Hide : std::uint8_t { no, yes };

// Where the attributes of an operation's object come from: one of `sql` and `upstream`.
struct ResourceSettings {
  struct Upstream {
    std::optional<PlacedText> name;  // of an upstream; defaults.upstream when not said
    PlacedText path;                 // "/internal/orders/{path.id}"
  };
  Place place;
  std::optional<PlacedText> sql;
  std::optional<Upstream> upstream;
  // The attributes of an upstream's answer, as CEL's types: {customer: string, total: double}. Empty: any.
  std::vector<std::pair<std::string, PlacedText>> attributes;
};

// `respond`: the same answer to all callers.
struct RespondSettings {
  Place place;
  unsigned status = 200;
  PlacedText type;
  PlacedText body;  // the text, or the path of a file
  enum class From : std::uint8_t { text, file } from = From::text;
};

// The policy of one operation, from `operations:` or from x-gatehouse in the OpenAPI document.
struct OperationSettings {
  std::string name;  // operationId or "GET /path"
  Place place;
#define GATEHOUSE_MEMBER(key, member, type, reader, restated) type member;
  GATEHOUSE_OPERATION_FIELDS(GATEHOUSE_MEMBER)
#undef GATEHOUSE_MEMBER
};

// An entry of `log`, one type for each kind.
//   kWord, or kKey  the entry is this word, or an object with this key
//   read()          reads such an object
//   text()          all that it says, for comparison
//   file()          that it writes, and that is made where it is missing; null: none
struct StdoutSettings {
  static constexpr std::string_view kWord = "stdout";
  std::string text() const { return "stdout"; }
  const PlacedText* file() const { return nullptr; }
};
struct LogFileSettings {
  PlacedText path;
  ByteCount rotate = mebibytes(100);
  std::uint32_t keep = 14;

  static constexpr std::string_view kKey = "file";
  static LogFileSettings read(const doc::Field& field, const std::string& directory);
  std::string text() const;
  const PlacedText* file() const { return &path; }
};
using LogSettings = std::variant<StdoutSettings, LogFileSettings>;

// An accepted finding of `review`: the findings of a rule about an operation, or, without one, about the
// configuration as a whole.
struct Acceptance {
  PlacedText rule;
  std::string operation;
  std::string reason;
};

// `security_txt`: the contents of /.well-known/security.txt (RFC 9116 section 2.5). URIs are visible ASCII.
struct SecurityTxtSettings {
  Place place;
  std::vector<std::string> contact;  // https, mailto or tel, the preferred first; at least one
  PlacedText expires;                // RFC 3339
  std::chrono::sys_seconds expires_at{};
  std::vector<std::string> encryption;                                  // https, dns or openpgp4fpr
  std::vector<std::string> acknowledgments, canonical, policy, hiring;  // https
  std::vector<std::string> preferred_languages;                         // tags of RFC 5646
};

enum class Details : std::uint8_t { principals, everyone };

// `allowed` and `blocked`: the addresses and principals whose requests are refused.
struct Admittance {
  std::vector<IpNetwork> allowed;  // addresses; empty: all
  PlacedText blocked_file;         // with a network in each line; empty: none
  std::vector<IpNetwork> blocked;
  std::vector<PlacedText> blocked_principals;
};

// `maintenance`: operations that answer 503 for now.
struct MaintenanceSettings {
  std::vector<PlacedText> operations;  // names, `*` at the end for the rest; at least one
  std::optional<std::chrono::sys_seconds> until;
  std::string body;  // the refusal's message; empty: its own
};

// `tracing.continue`: the senders whose traces are continued; any other request begins one.
enum class TraceContinuation : std::uint8_t { trusted_proxies, all, none };

struct DocumentSettings {              // an entry of `openapi`
  PlacedText file;                     // a path
  PlacedText name;                     // in front of its operations' names; empty: none
  std::optional<PlacedText> upstream;  // of its operations; defaults.upstream when not said
  PlacedText strip;                    // as openapi::Placement has it, and `prefix` too
  std::optional<PlacedText> prefix;
  std::vector<PlacedText> hosts;  // as http::host_name gives them; empty: all that this server serves
};

struct Settings {
  std::string directory;                      // of gatehouse.yaml: relative paths start here
  std::shared_ptr<const doc::Source> source;  // the source that was read
  std::vector<DocumentSettings> openapi;
  std::vector<PlacedText> overlays;  // paths; of the documents that their `extends` names, or of the only one
  ThreatModel threat_model;
  Listen listen;
  Deadlines deadlines;
  Tls tls;
  std::string store;  // a path of the SQLite file
  Place store_place;
  std::string database;  // the database of sql targets and resources; default: `data.db` beside the store
  Place database_place;
  PlacedText pepper_file;  // key hashing; made beside the store at first start when not said
  std::vector<IpNetwork> trusted_proxies;
  Admittance admittance;
  std::optional<MaintenanceSettings> maintenance;
  TraceContinuation tracing = TraceContinuation::trusted_proxies;
  std::map<std::string, Upstream> upstreams;
  std::map<std::string, Authenticator> authenticators;
  // `same_as` under authenticators: schemes that one credential proves together with another, by name.
  std::map<std::string, PlacedText> same_schemes;
  // `exclude` under authenticators: security schemes that no caller can use, by name, with the reasons.
  std::map<std::string, PlacedText> excluded_schemes;
  // Security Scheme Objects in addition to the documents'; null: there are none.
  std::shared_ptr<const doc::Field> security_schemes;
  std::map<std::string, std::vector<PlacedText>> roles;
  std::map<std::string, LimitSettings> limits;
  Defaults defaults;
  http::PathReading routing;  // how upstreams read paths
  FieldSettings fields;
  std::vector<OperationSettings> operations;
  std::vector<LogSettings> log;
  Nanoseconds keep_events = std::chrono::hours(24 * 90);
  ByteCount keep_size = mebibytes(4096);  // of the event store; at the bound the oldest go before keep_events
  Details details = Details::principals;
  std::vector<Acceptance> accepted;
  ByteCount memory_bodies = mebibytes(256);  // of all requests under way, as bytes and as values
  Place memory_place;
  std::optional<SecurityTxtSettings> security_txt;  // none: the operation is off
  std::uint32_t workers = 0;                        // 0: one for each core
  // `upstreams`, `operations.getOrder`: with a problem of form, so that what they lack is no other problem.
  std::set<std::string, std::less<>> unread;
  bool is_unread(std::string_view section, std::string_view name = {}) const;
  PlacedText assertion_key;  // a PEM file; made beside the store when an operation asserts and none is said
};

// Reads the whole file. Problems are added with their places; the settings hold the readable values. Paths in
// them are absolute.
Settings read_settings(const doc::Source& source, const std::string& directory, Problems& problems);

// One operation's policy object, the same in both places it may stand.
OperationSettings read_operation(const doc::Field& field, std::string name);

}  // namespace gatehouse::policy
