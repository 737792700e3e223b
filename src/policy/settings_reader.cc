#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/strings.h"
#include "doc/reader.h"
#include "doc/source.h"
#include "policy/admission_reader.h"
#include "policy/documents_reader.h"
#include "policy/fields_reader.h"
#include "policy/key_reader.h"
#include "policy/listen_reader.h"
#include "policy/routing_reader.h"
#include "policy/security_txt_reader.h"
#include "policy/settings.h"
#include "policy/settings_fields.h"
#include "policy/target_reader.h"

namespace gatehouse::policy {
namespace {

using doc::as_boolean;
using doc::as_field;
using doc::as_one_of;
using doc::as_rate;
using doc::as_text;
using doc::Choice;
using doc::Field;

constexpr Choice<Exposure> kExposures[] = {
    {"public", Exposure::open}, {"partner", Exposure::partner}, {"internal", Exposure::internal}};
constexpr Choice<DataClass> kDataClasses[] = {
    {"public", DataClass::open}, {"internal", DataClass::internal}, {"sensitive", DataClass::sensitive}};
constexpr Choice<TraceContinuation> kContinuations[] = {
    {"trusted_proxies", TraceContinuation::trusted_proxies},
    {"all", TraceContinuation::all},
    {"none", TraceContinuation::none}};
constexpr Choice<HostField> kHostFields[] = {{"upstream", HostField::of_upstream},
                                             {"original", HostField::original}};
constexpr Choice<TlsMinimum> kMinimums[] = {{"1.2", TlsMinimum::tls_1_2}, {"1.3", TlsMinimum::tls_1_3}};
constexpr Choice<SqlReturns> kReturns[] = {
    {"list", SqlReturns::list}, {"one", SqlReturns::one}, {"none", SqlReturns::none}};
constexpr Choice<openapi::Dates> kDates[] = {{"zoned", openapi::Dates::zoned},
                                             {"local", openapi::Dates::local}};
constexpr Choice<openapi::Plus> kPlus[] = {{"refused", openapi::Plus::refused},
                                           {"space", openapi::Plus::space}};
constexpr Choice<UpstreamErrors> kUpstreamErrors[] = {{"declared", UpstreamErrors::declared},
                                                      {"json", UpstreamErrors::json}};
constexpr Choice<openapi::Semicolon> kSemicolons[] = {{"refused", openapi::Semicolon::refused},
                                                      {"literal", openapi::Semicolon::literal}};
constexpr Choice<Details> kDetails[] = {{"principals", Details::principals}, {"everyone", Details::everyone}};

// A text that says something.
std::optional<PlacedText> words(const Field& field) {
  auto text = placed(field);
  if (text && text->value.find_first_not_of(" \t\r\n") == std::string::npos) {
    field.problem("must not be blank");
    return std::nullopt;
  }
  return text;
}
constexpr auto as_words = [](const Field& field) { return words(field); };

// The reason for a decision, in words: a later reader must understand it. `yes` is not a reason.
std::optional<PlacedText> reason(const Field& field) {
  auto text = words(field);
  if (!text) return std::nullopt;
  constexpr std::string_view kNone[] = {"true", "false", "yes",  "no",   "on",   "off",
                                        "y",    "n",     "none", "null", "todo", "tbd"};
  const bool says_nothing =
      std::ranges::any_of(kNone,
                          [&](std::string_view none) { return equal_ignoring_case(text->value, none); }) ||
      std::ranges::none_of(text->value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
      });
  if (!says_nothing) return text;
  field.problem("must be the reason, in words");
  return std::nullopt;
}
constexpr auto as_reason = [](const Field& field) { return reason(field); };

ThreatModel read_threat_model(const Field& field) {
  KeyReader<keys::kThreatModel> in(field);
  ThreatModel model;
  model.stated = true;
  model.exposure = in.required("exposure", as_one_of(kExposures));
  model.data = in.required("data", as_one_of(kDataClasses));
  in.finish();
  return model;
}

Deadlines read_deadlines(const Field& field) {
  KeyReader<keys::kDeadlines> in(field);
  Deadlines deadlines;
  deadlines.handshake = in.optional("handshake", as_duration).value_or(deadlines.handshake);
  deadlines.head = in.optional("head", as_duration).value_or(deadlines.head);
  deadlines.body = in.optional("body", as_duration).value_or(deadlines.body);
  deadlines.idle = in.optional("idle", as_duration).value_or(deadlines.idle);
  deadlines.answer = in.optional("answer", as_duration).value_or(deadlines.answer);
  deadlines.drain = in.optional("drain", as_duration).value_or(deadlines.drain);
  in.finish();
  return deadlines;
}

Tls read_tls(const Field& field, const std::string& directory) {
  KeyReader<keys::kTls> in(field);
  Tls tls;
  tls.certificate = in.required("certificate", as_file(directory));
  tls.private_key = in.required("private_key", as_secret_file(directory));
  tls.minimum = in.optional("minimum", as_one_of(kMinimums)).value_or(TlsMinimum::tls_1_2);
  tls.client_ca = in.optional("client_ca", as_file(directory)).value_or(PlacedText());
  tls.client_crl = in.optional("client_crl", as_file(directory)).value_or(PlacedText());
  if (!tls.client_crl.value.empty() && tls.client_ca.value.empty())
    in.problem("client_crl", "is about the certificates of clients; name their authorities with `client_ca`");
  if (const auto hsts = in.optional("hsts", as_field)) {
    KeyReader<keys::kHsts> inner(*hsts);
    tls.hsts.max_age = inner.required("max_age", as_duration);
    tls.hsts.include_subdomains = inner.optional("include_subdomains", as_boolean).value_or(false);
    tls.hsts.preload = inner.optional("preload", as_boolean).value_or(false);
    inner.finish();
  }
  in.finish();
  return tls;
}

Upstream read_upstream(std::string name, const Field& field, const std::string& directory) {
  KeyReader<keys::kUpstream> in(field);
  Upstream upstream;
  upstream.name = std::move(name);
  upstream.place = field.place();
  if (const auto urls = in.optional("url", as_field)) read_urls(*urls, upstream);
  if (upstream.urls.empty() && !in.has("url")) in.missing("url");
  upstream.connect_timeout = in.optional("connect_timeout", as_duration).value_or(upstream.connect_timeout);
  upstream.timeout = in.optional("timeout", as_duration).value_or(upstream.timeout);
  upstream.idle = in.optional("idle", as_duration).value_or(upstream.idle);
  upstream.host = in.optional("host", as_one_of(kHostFields)).value_or(upstream.host);
  upstream.ca = in.optional("ca", as_file(directory)).value_or(PlacedText());
  upstream.certificate = in.optional("certificate", as_file(directory)).value_or(PlacedText());
  upstream.private_key = in.optional("private_key", as_secret_file(directory)).value_or(PlacedText());
  const bool has_certificate = in.has("certificate");
  constexpr std::string_view kBoth = "goes with the other half: name both `certificate` and `private_key`";
  if (has_certificate && !in.has("private_key")) in.problem("certificate", kBoth);
  if (!has_certificate && in.has("private_key")) in.problem("private_key", kBoth);
  const bool in_clear = std::ranges::any_of(
      upstream.urls, [](const PlacedText& url) { return !url.value.starts_with("https://"); });
  if (has_certificate && in_clear)
    in.problem("certificate", "is shown over TLS only; write each `url` with https://");
  upstream.connections = in.optional("connections", as_count).value_or(upstream.connections);
  upstream.failures = in.optional("failures", as_count).value_or(upstream.failures);
  upstream.retries = in.optional("retries", as_count).value_or(upstream.retries);
  upstream.open_for = in.optional("open_for", as_duration).value_or(upstream.open_for);
  upstream.read_ahead = in.optional("read_ahead", as_size).value_or(upstream.read_ahead);
  if (const auto set = in.optional("set", as_field)) upstream.set = read_set(*set, directory);
  if (const auto fields = in.optional("fields", as_field)) upstream.fields = read_fields(*fields);
  in.finish();
  return upstream;
}

Defaults read_defaults(const Field& field) {
  KeyReader<keys::kDefaults> in(field);
  Defaults defaults;
  if (const auto limits = in.optional("limits", as_placed_list)) defaults.limits = *limits;
  defaults.upstream = in.optional("upstream", as_placed);
  if (const auto principal = in.optional("principal", as_placed_list)) defaults.principal = *principal;
  defaults.body = in.optional("body", as_size).value_or(defaults.body);
  defaults.timeout = in.optional("timeout", as_duration).value_or(defaults.timeout);
  defaults.plus = in.optional("plus", as_one_of(kPlus)).value_or(defaults.plus);
  defaults.dates = in.optional("dates", as_one_of(kDates)).value_or(defaults.dates);
  defaults.media_types = in.optional("media_types", as_media_types);
  defaults.security = kept(in.take("security"));
  if (const auto errors = in.take("errors_from_upstream"))
    defaults.errors_from_upstream.place = errors->place();
  defaults.errors_from_upstream.value =
      in.optional("errors_from_upstream", as_one_of(kUpstreamErrors)).value_or(UpstreamErrors::declared);
  defaults.semicolon = in.optional("semicolon", as_one_of(kSemicolons)).value_or(defaults.semicolon);
  defaults.deep = in.optional("deep", openapi::read_deep).value_or(defaults.deep);
  if (const auto caps = in.optional("caps", as_field)) {
    KeyReader<keys::kCaps> inner(*caps);
    const auto read_cap = [&](std::uint64_t& cap, KeyReader<keys::kCaps>::Name key) {
      if (const auto stated = inner.optional(key, as_count)) cap = *stated;
    };
    read_cap(defaults.caps.string, "string");
    read_cap(defaults.caps.items, "items");
    read_cap(defaults.caps.properties, "properties");
    read_cap(defaults.caps.depth, "depth");
    inner.finish();
  }
  in.finish();
  return defaults;
}

// The entry as its kind; an object without the key of one is read as a file, whose key is then missing.
template <std::size_t I = 0>
LogSettings read_sink(const Field& item, const std::string& directory) {
  if constexpr (I == std::variant_size_v<LogSettings>) {
    if (item.is_text()) {
      item.problem("must be `stdout`, or a map such as `{file: events.jsonl}`");
      return StdoutSettings();
    }
    return LogFileSettings::read(item, directory);
  } else {
    using Kind = std::variant_alternative_t<I, LogSettings>;
    if constexpr (requires { Kind::kWord; }) {
      if (item.is_text() && item.value().string() == Kind::kWord) return Kind();
    } else if (item.is_object() && item.value().find(Kind::kKey)) {
      return Kind::read(item, directory);
    }
    return read_sink<I + 1>(item, directory);
  }
}

std::vector<LogSettings> read_log(const Field& field, const std::string& directory) {
  std::vector<LogSettings> sinks;
  std::set<std::string> names;  // of each the log keeps how far it is
  for (const Field& item : field.list()) {
    const LogSettings& sink = sinks.emplace_back(read_sink(item, directory));
    const PlacedText* const file = std::visit([](const auto& kind) { return kind.file(); }, sink);
    const std::string name =
        file != nullptr ? file->value : std::visit([](const auto& kind) { return kind.text(); }, sink);
    if (!names.insert(name).second) item.problem(fmt::format("{} is named twice", name));
  }
  return sinks;
}

std::vector<Acceptance> read_review(const Field& field) {
  std::vector<Acceptance> accepted;
  KeyReader<keys::kReview> in(field);
  for (const Field& item : in.required("accept", [](const Field& f) { return std::optional(f.list()); })) {
    KeyReader<keys::kAccept> inner(item);
    Acceptance one;
    one.rule = inner.required("rule", as_placed);
    one.operation = inner.optional("operation", as_text).value_or("");
    one.reason = inner.required("reason", as_reason).value;
    inner.finish();
    accepted.push_back(std::move(one));
  }
  in.finish();
  return accepted;
}

// `sqlite:PATH`: the only store there is so far.
std::string read_store(const Field& field, const std::string& directory) {
  const auto text = field.text();
  if (!text) return {};
  if (!text->starts_with("sqlite:") || text->size() == 7) {
    field.problem(text->empty() || text->contains(':')
                      ? std::string("must be sqlite:PATH, such as sqlite:state/gatehouse.db")
                      : fmt::format("must be sqlite:PATH; write `sqlite:{}`", *text));
    return {};
  }
  return absolute(directory, std::string_view(*text).substr(7));
}

ResourceSettings read_resource(const Field& field) {
  KeyReader<keys::kResource> in(field);
  ResourceSettings resource;
  resource.place = field.place();
  resource.sql = in.optional("sql", as_placed);
  if (const auto upstream = in.optional("upstream", as_field)) {
    KeyReader<keys::kLookup> inner(*upstream);
    resource.upstream.emplace();
    resource.upstream->name = inner.optional("name", as_placed);
    resource.upstream->path = inner.required("path", as_placed);
    inner.finish();
  }
  const bool by_statement = in.has("sql");
  const bool by_upstream = in.has("upstream");
  if (by_statement == by_upstream) field.problem("needs one of `sql` and `upstream`, but not both");
  if (const auto attributes = in.optional("attributes", as_field)) {
    if (by_statement)
      attributes->problem(
          "are for an upstream's answer; the columns of `sql` have their types already; remove them");
    for (const auto& [name, type] : attributes->map()) {
      if (auto text = placed(type)) resource.attributes.emplace_back(name, *std::move(text));
    }
  }
  in.finish();
  return resource;
}

SqlSettings read_sql(const Field& field) {
  KeyReader<keys::kSql> in(field);
  SqlSettings sql{in.required("statement", as_placed), in.required("returns", as_one_of(kReturns))};
  in.finish();
  return sql;
}

constexpr auto as_conditions = [](const Field& field) {
  auto conditions = as_placed_list(field);
  if (conditions->empty())
    field.problem("has no condition, so it decides nothing; state a condition, or remove `when`");
  return conditions;
};
constexpr auto as_hide = [](const Field& field) {
  return field.boolean().transform([](bool hide) { return hide ? Hide::yes : Hide::no; });
};
constexpr auto as_kept = [](const Field& field) { return std::optional(kept(field)); };
template <auto read>
constexpr auto as_read = [](const Field& field) { return std::optional(read(field)); };

void read_member(KeyReader<keys::kOperation>& in, KeyReader<keys::kOperation>::Name key, auto& member,
                 const auto& as) {
  if (auto value = in.optional(key, as)) member = *std::move(value);
}

void read_named(KeyReader<keys::kTop>& in, KeyReader<keys::kTop>::Name key, Settings& settings,
                const auto& each) {
  const auto field = in.optional(key, as_field);
  if (!field) return;
  if (!field->is_object()) settings.unread.emplace(key->name);
  for (auto& [name, value] : field->map()) {
    const std::size_t before = field->problems().size();
    each(name, value);
    if (field->problems().size() > before) settings.unread.insert(fmt::format("{}.{}", key->name, name));
  }
}

// The keys of the top that were meant by others.
void note_misspelled(const Field& top, Settings& settings) {
  std::vector<std::string> names;
  for (const Key& key : keys::kTopKeys) names.emplace_back(key.name);
  for (const auto& [name, value] : top.map()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    if (const auto meant = doc::nearest(name, names); !meant.empty()) settings.unread.emplace(meant);
  }
}

}  // namespace

LimitSettings read_limit(std::string name, const Field& field) {
  KeyReader<keys::kLimit> in(field);
  LimitSettings limit;
  limit.name = std::move(name);
  limit.place = field.place();
  if (const auto per = in.optional("per", as_field)) limit.per = placed_list(*per);
  if (!in.has("per")) in.missing("per");
  limit.rate = in.required("rate", as_rate);
  limit.burst = in.optional("burst", as_count).value_or(0);
  limit.ipv6_prefix = in.optional("ipv6_prefix", as_count).value_or(64);
  in.finish();
  return limit;
}

LogFileSettings LogFileSettings::read(const Field& field, const std::string& directory) {
  KeyReader<keys::kLogFile> in(field);
  LogFileSettings sink;
  sink.path = {in.required("file", as_text), in.field().place()};
  if (!sink.path.value.empty()) sink.path.value = absolute(directory, sink.path.value);
  sink.rotate = in.optional("rotate", as_size).value_or(sink.rotate);
  sink.keep = in.optional("keep", as_count).value_or(sink.keep);
  in.finish();
  return sink;
}
std::string LogFileSettings::text() const { return fmt::format("{}\n{} {}", path.value, rotate.bytes, keep); }

OperationSettings read_operation(const Field& field, std::string name) {
  KeyReader<keys::kOperation> in(field);
  OperationSettings operation;
  operation.name = std::move(name);
  operation.place = field.place();
#define GATEHOUSE_READ(key, member, type, reader, restated) read_member(in, key, operation.member, reader);
  GATEHOUSE_OPERATION_FIELDS(GATEHOUSE_READ)
#undef GATEHOUSE_READ
  in.finish();
  return operation;
}

Settings read_settings(const doc::Source& source, const std::string& directory, Problems& problems) {
  Settings settings;
  settings.directory = directory;
  KeyReader<keys::kTop> in(Field(source, source.root(), "", problems));

  if (const auto documents = in.optional("openapi", as_field)) {
    const std::size_t before = problems.size();
    settings.openapi = read_documents(*documents, directory);
    if (problems.size() > before) settings.unread.emplace("openapi");
  } else {
    in.missing("openapi");
  }
  if (const auto overlays = in.optional("overlays", as_placed_list)) {
    settings.overlays = *overlays;
    for (PlacedText& overlay : settings.overlays) overlay.value = absolute(directory, overlay.value);
  }
  if (const auto model = in.optional("threat_model", as_field))
    settings.threat_model = read_threat_model(*model);
  if (const auto listen = in.optional("listen", as_field)) {
    settings.listen = read_listen(*listen, directory);
  } else {
    in.missing("listen");
  }
  if (const auto deadlines = in.optional("deadlines", as_field))
    settings.deadlines = read_deadlines(*deadlines);
  if (const auto tls = in.optional("tls", as_field)) {
    settings.tls = read_tls(*tls, directory);
  } else {
    in.missing("tls");
  }
  settings.store_place = in.field().place();
  if (const auto store = in.take("store")) settings.store_place = store->place();
  settings.store = read_store(*in.optional("store", as_field), directory);
  settings.database = absolute(std::filesystem::path(settings.store).parent_path().string(), "data.db");
  settings.database_place = settings.store_place;
  if (const auto database = in.take("database")) {
    settings.database = read_store(*database, directory);
    settings.database_place = database->place();
  }
  settings.pepper_file = in.optional("key_pepper", as_secret_file(directory)).value_or(PlacedText());
  settings.assertion_key = in.optional("assertion_key", as_secret_file(directory)).value_or(PlacedText());

  if (const auto proxies = in.optional("trusted_proxies", as_field))
    settings.trusted_proxies = read_networks(*proxies);
  settings.admittance = read_admittance(in, directory);
  if (const auto maintenance = in.optional("maintenance", as_field))
    settings.maintenance = read_maintenance(*maintenance);
  if (const auto tracing = in.optional("tracing", as_field)) {
    KeyReader<keys::kTracing> inner(*tracing);
    settings.tracing = inner.required("continue", as_one_of(kContinuations));
    inner.finish();
  }
  read_named(in, "upstreams", settings, [&](const std::string& name, const Field& field) {
    settings.upstreams.emplace(name, read_upstream(name, field, directory));
  });
  read_named(in, "authenticators", settings, [&](const std::string& name, const Field& field) {
    if (field.is_object() && field.value().find("same_as")) {
      KeyReader<keys::kSameScheme> alias(field);
      if (auto other = alias.optional("same_as", as_placed))
        settings.same_schemes.emplace(name, *std::move(other));
      return alias.finish();
    }
    if (field.is_object() && field.value().find("exclude")) {
      KeyReader<keys::kExcludedScheme> excluded(field);
      if (auto why = excluded.optional("exclude", as_reason))
        settings.excluded_schemes.emplace(name, *std::move(why));
      return excluded.finish();
    }
    settings.authenticators.emplace(name, read_authenticator(name, field, directory));
  });
  read_named(in, "roles", settings, [&](const std::string& name, const Field& field) {
    settings.roles.emplace(name, placed_list(field));
  });
  read_named(in, "limits", settings, [&](const std::string& name, const Field& field) {
    settings.limits.emplace(name, read_limit(name, field));
  });
  settings.security_schemes = kept(in.take("security_schemes"));
  if (const auto defaults = in.optional("defaults", as_field)) settings.defaults = read_defaults(*defaults);
  if (const auto routing = in.optional("routing", as_field)) settings.routing = read_routing(*routing);
  if (const auto fields = in.optional("fields", as_field)) settings.fields = read_fields(*fields);
  read_named(in, "operations", settings, [&](const std::string& name, const Field& field) {
    settings.operations.push_back(read_operation(field, name));
  });
  settings.log = read_log(*in.optional("log", as_field), directory);
  settings.keep_events = in.optional("keep_events", as_duration).value_or(settings.keep_events);
  settings.keep_size = in.optional("keep_size", as_size).value_or(settings.keep_size);
  if (const auto errors = in.optional("errors", as_field)) {
    KeyReader<keys::kErrors> inner(*errors);
    settings.details = inner.required("details", as_one_of(kDetails));
    inner.finish();
  }
  if (const auto review = in.optional("review", as_field)) settings.accepted = read_review(*review);
  settings.memory_place = in.field().place();
  if (const auto memory = in.take("memory")) settings.memory_place = memory->place();
  if (const auto memory = in.optional("memory", as_field)) {
    KeyReader<keys::kMemory> inner(*memory);
    settings.memory_bodies = inner.optional("bodies", as_size).value_or(settings.memory_bodies);
    inner.finish();
  }
  if (const auto security_txt = in.optional("security_txt", as_field))
    settings.security_txt = read_security_txt(*security_txt);
  settings.workers = in.optional("workers", as_count).value_or(0);
  in.finish();
  note_misspelled(in.field(), settings);
  return settings;
}

bool Settings::is_unread(std::string_view section, std::string_view name) const {
  return unread.contains(section) || (!name.empty() && unread.contains(fmt::format("{}.{}", section, name)));
}

}  // namespace gatehouse::policy
