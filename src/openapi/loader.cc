#include <algorithm>
#include <charconv>
#include <map>
#include <tuple>

#include "base/strings.h"
#include "doc/load.h"
#include "doc/reader.h"
#include "doc/source.h"
#include "http/method.h"
#include "openapi/api.h"
#include "openapi/documents.h"
#include "openapi/input_compiler.h"
#include "openapi/load.h"
#include "openapi/media_type.h"
#include "openapi/misplaced.h"
#include "openapi/parameter.h"
#include "openapi/paths.h"
#include "openapi/request_body.h"
#include "openapi/schemas.h"
#include "openapi/security.h"
#include "openapi/text_type.h"

namespace gatehouse::openapi {
namespace {

constexpr std::pair<std::string_view, Method> kMethods[] = {
    {"get", Method::get},         {"head", Method::head},   {"post", Method::post},
    {"put", Method::put},         {"patch", Method::patch}, {"delete", Method::delete_},
    {"options", Method::options}, {"trace", Method::trace}};

// Texts for people: generated documents leave them empty, or write a number.
std::string text_or_nothing(const doc::Field& field) {
  return field.value().is_string() ? std::string(field.value().string()) : std::string();
}

Located located(const doc::Field& field) { return {&field.source(), field.value()}; }

// Reads one document. Every function adds its problems and continues.
class Loader {
 public:
  Loader(Documents& documents, Version version, const LoadOptions& options)
      : documents_(documents),
        version_(version),
        schemas_(
            documents, version == Version::v3_0 ? schema::Dialect::openapi_3_0 : schema::Dialect::openapi_3_1,
            options.sealing,
            {.string = options.cap_string, .items = options.cap_items, .properties = options.cap_properties},
            options.dates == Dates::local ? schema::DateTimes::also_local : schema::DateTimes::with_zone),
        inputs_(documents, schemas_, version, options.plus, options.semicolon),
        bodies_(documents, schemas_, inputs_, version),
        options_(options) {}

  void read(doc::Reader& in, Api& api);

 private:
  // The defaults of an operation.
  struct Inherited {
    std::vector<std::string> bases;
    std::vector<std::pair<doc::Field, doc::Field>> parameters;  // as written, and the target of the reference
  };

  void read_dialect(const doc::Field& dialect);
  // Of the operations to which these servers apply.
  std::vector<std::string> bases_of(const doc::Field& servers) const;
  std::vector<std::string> placed(std::vector<std::string> bases) const;
  void add_security_schemes(const doc::Field& written, Api& api);
  void decide_security(const std::optional<doc::Field>& own, const Additions& added, const Api& api,
                       Operation& operation);
  void read_path(const std::string& path, const doc::Field& written, Api& api);
  void read_operation(const doc::Field& field, Method method, const std::string& path,
                      const std::vector<std::string>& names, const Inherited& inherited, Api& api);
  static void read_additional(const doc::Field& others,
                              std::vector<std::pair<Method, doc::Field>>& operations);
  std::vector<std::pair<doc::Field, doc::Field>> parameter_fields(const std::optional<doc::Field>& list);
  void read_parameters(const doc::Field& field, const Inherited& inherited,
                       const std::optional<doc::Field>& own, const Additions& added, Operation& operation);
  void add_headers(const std::vector<AddedHeader>& headers, std::vector<CompiledParameter>& compiled);
  void read_responses(const doc::Field& field, Operation& operation);
  Content read_response_content(const std::string& type, const doc::Field& media);

  Documents& documents_;
  Version version_;
  Schemas schemas_;
  InputCompiler inputs_;
  BodyReader bodies_;
  const LoadOptions& options_;
  std::vector<std::string> bases_;
  std::optional<std::vector<SecurityAlternative>> security_;  // of the whole document; nothing: not stated
  bool has_broken_parameters_ = false;      // the path that is read, or one of its operations
  std::map<std::string, std::string> ids_;  // operationId → the operation that has it
  // Parameters shared by $ref, once for each way they are read.
  std::map<std::tuple<const json::Node*, Deep, Slash>, std::optional<CompiledParameter>> compiled_;
};

void Loader::read(doc::Reader& in, Api& api) {
  if (const auto field = in.required_field("info")) {
    doc::Reader info(*field);
    if (const auto title = info.take("title")) api.title = text_or_nothing(*title);
  }
  if (const auto dialect = in.take("jsonSchemaDialect")) read_dialect(*dialect);
  const auto servers = in.take("servers");
  bases_ = servers ? bases_of(*servers) : placed({options_.placement.prefix.value_or("")});
  if (const auto field = in.take("components")) {
    doc::Reader components(*field);
    components.ignore(
        {"schemas", "responses", "parameters", "examples", "requestBodies", "headers", "links", "callbacks"});
    if (version_ != Version::v3_0) components.ignore({"pathItems"});
    if (version_ == Version::v3_2) components.ignore({"mediaTypes"});
    if (const auto schemes = components.take("securitySchemes")) {
      api.security_schemes = read_security_schemes(documents_, *schemes, version_);
    }
    components.finish(doc::Extensions::allowed);
  }
  if (options_.security_schemes) add_security_schemes(*options_.security_schemes, api);
  if (const auto security = in.take("security")) security_ = read_security(*security, api, version_);
  in.ignore({"tags", "externalDocs"});
  if (version_ != Version::v3_0) in.ignore({"webhooks"});
  if (version_ == Version::v3_2) in.ignore({"$self"});
  const auto paths = in.take("paths");
  if (!paths && version_ == Version::v3_0) in.missing("paths");
  in.finish(doc::Extensions::allowed);
  if (!paths) return;
  for (const auto& [path, item] : paths->map()) {
    if (!path.starts_with("x-")) read_path(path, item, api);
  }
  bodies_.report();
  inputs_.report();
  api.open_inputs = inputs_.open();
}

std::vector<std::string> Loader::bases_of(const doc::Field& servers) const {
  const auto& prefix = options_.placement.prefix;
  return placed(prefix ? std::vector{*prefix} : base_paths(servers));
}

std::vector<std::string> Loader::placed(std::vector<std::string> bases) const {
  const std::string& strip = options_.placement.strip;
  std::vector<std::string> made;
  for (std::string& base : bases) {
    if (!is_below(base, strip)) base.insert(0, strip);
    if (std::ranges::find(made, base) == made.end()) made.push_back(std::move(base));
  }
  return made;
}

// Those of the configuration.
void Loader::add_security_schemes(const doc::Field& written, Api& api) {
  for (SecurityScheme& scheme : read_security_schemes(documents_, written, version_)) {
    if (api.scheme(scheme.name) == nullptr) {
      api.security_schemes.push_back(std::move(scheme));
    } else {
      written.problem("`" + scheme.name + "` is declared by the document, too; give this one another name");
    }
  }
}

void Loader::decide_security(const std::optional<doc::Field>& own, const Additions& added, const Api& api,
                             Operation& operation) {
  const auto& configured = added.own_security ? added.own_security : added.security;
  if (own || security_) {
    operation.security_stated = Operation::Stated::document;
    operation.security = own ? read_security(*own, api, version_) : *security_;
    if (!added.own_security) return;
    operation.replaced_security = std::move(operation.security);
  }
  if (!configured) return;
  operation.security_stated = Operation::Stated::configuration;
  operation.security = read_security(*configured, api, Version::v3_1);
}

void Loader::read_dialect(const doc::Field& dialect) {
  const auto uri = dialect.text();
  if (!uri) return;
  for (const std::string_view known : {"https://spec.openapis.org/oas/3.1/dialect/base",
                                       "https://spec.openapis.org/oas/3.2/dialect/2025-09-17",
                                       "https://json-schema.org/draft/2020-12/schema"}) {
    if (*uri == known) return;
  }
  dialect.problem(
      "this dialect is not known; use `https://json-schema.org/draft/2020-12/schema`, or leave it out");
}

std::vector<std::pair<doc::Field, doc::Field>> Loader::parameter_fields(
    const std::optional<doc::Field>& list) {
  std::vector<std::pair<doc::Field, doc::Field>> fields;
  if (!list) return fields;
  for (const doc::Field& written : list->list()) {
    auto field = documents_.follow(written);
    if (!field) {
      has_broken_parameters_ = true;
      continue;
    }
    for (const auto& [other, same] : fields) {
      if (same.value().find_string("name") &&
          same.value().find_string("name") == field->value().find_string("name") &&
          same.value().find_string("in") == field->value().find_string("in")) {
        written.problem("this parameter is twice in the list; keep one");
      }
    }
    fields.emplace_back(written, *std::move(field));
  }
  return fields;
}

void Loader::read_path(const std::string& path, const doc::Field& written, Api& api) {
  const auto field = documents_.follow(written);
  if (!field) return;
  if (written.value().find("$ref") && written.value().size() > 1) {
    written.problem(
        "members beside `$ref` in a path are undefined; move them to the target of the reference");
  }
  const std::vector<std::string> names = template_names(path, written);
  has_broken_parameters_ = false;
  doc::Reader in(*field);
  if (!field->is_object()) return;
  in.ignore({"summary", "description"});
  Inherited inherited;
  const auto servers = in.take("servers");
  inherited.bases = servers ? bases_of(*servers) : bases_;
  inherited.parameters = parameter_fields(in.take("parameters"));
  std::vector<std::pair<Method, doc::Field>> operations;
  for (const auto& [key, method] : kMethods) {
    if (auto operation = in.take(key)) operations.emplace_back(method, *std::move(operation));
  }
  if (version_ == Version::v3_2) {
    if (auto operation = in.take("query")) operations.emplace_back(Method::query, *std::move(operation));
    if (const auto others = in.take("additionalOperations")) read_additional(*others, operations);
  }
  in.finish(doc::Extensions::allowed);
  // In the order of the document, which is the order people look for them.
  std::ranges::sort(operations, {}, [](const auto& o) { return o.second.value().node(); });
  for (const auto& [method, operation] : operations)
    read_operation(operation, method, path, names, inherited, api);
}

// OpenAPI 3.2 section 4.9: by the method as it is sent.
void Loader::read_additional(const doc::Field& others,
                             std::vector<std::pair<Method, doc::Field>>& operations) {
  for (const auto& [name, operation] : others.map()) {
    const Method method = http::method_from(name);
    const bool fixed = method == Method::query || std::ranges::any_of(kMethods, [&](const auto& known) {
                         return known.second == method;
                       });
    if (fixed) {
      operation.problem("`" + name + "` has a field of its own in a path item; move it there");
    } else if (method == Method::other || method == Method::connect) {
      operation.problem(
          "the method `" + name +
          "` is not supported; COPY, LINK, LOCK, MKCOL, MOVE, PROPFIND, PROPPATCH, REPORT, SEARCH, "
          "UNLINK and UNLOCK are");
    } else {
      operations.emplace_back(method, operation);
    }
  }
}

void Loader::read_operation(const doc::Field& field, Method method, const std::string& path,
                            const std::vector<std::string>& names, const Inherited& inherited, Api& api) {
  doc::Reader in(field);
  if (!field.is_object()) return;
  Operation operation;
  operation.method = method;
  operation.path = path;
  operation.path_names = names;
  operation.document = options_.placement.name;
  operation.place = field.key_place();
  operation.node = located(field);
  in.ignore({"summary", "description", "externalDocs", "callbacks"});
  if (const auto id = in.take("operationId")) {
    const bool is_empty = id->value().is_string() && id->value().string().empty();
    if (!is_empty) operation.id = id->text().value_or("");
    if (const auto [other, is_new] = ids_.emplace(operation.id, operation.title());
        !operation.id.empty() && !is_new) {
      id->problem("`" + operation.id + "` is the operationId of " + other->second + ", too; rename one");
    }
  }
  if (const auto tags = in.take("tags")) {
    for (const doc::Field& tag : tags->list()) {
      if (std::string text = text_or_nothing(tag); !text.empty()) operation.tags.push_back(std::move(text));
    }
  }
  operation.deprecated = in.optional("deprecated", doc::as_boolean).value_or(false);
  const auto servers = in.take("servers");
  for (const std::string& base : servers ? bases_of(*servers) : inherited.bases)
    operation.routes.push_back(base + path);
  const auto security = in.take("security");
  if (const auto own = in.take("x-gatehouse")) operation.gatehouse = located(*own);
  const Additions added = options_.additions ? options_.additions(operation) : Additions();
  operation.serving = added.serving;
  if (operation.serving == Serving::not_served) {
    api.operations.push_back(std::move(operation));
    return;
  }
  if (crosses_slashes(path)) {
    field.problem("`" + path +
                  "` is for several segments, and a parameter of a path is one; declare a path for "
                  "each number of segments, or exclude the operation");
    api.operations.push_back(std::move(operation));
    return;
  }
  decide_security(security, added, api, operation);
  read_parameters(field, inherited, in.take("parameters"), added, operation);
  if (const auto body = in.take("requestBody")) bodies_.read(*body, added, operation);
  if (const auto responses =
          version_ == Version::v3_0 ? in.required_field("responses") : in.take("responses")) {
    read_responses(*responses, operation);
  }
  in.finish(doc::Extensions::allowed);
  api.operations.push_back(std::move(operation));
}

void Loader::read_parameters(const doc::Field& field, const Inherited& inherited,
                             const std::optional<doc::Field>& own, const Additions& added,
                             Operation& operation) {
  const auto same = [](const doc::Field& a, const doc::Field& b) {
    const auto place = a.value().find_string("in");
    if (place != b.value().find_string("in")) return false;
    const auto one = a.value().find_string("name");
    const auto other = b.value().find_string("name");
    return one && other && (place == "header" ? equal_ignoring_case(*one, *other) : *one == *other);
  };
  std::vector<std::pair<doc::Field, doc::Field>> fields = parameter_fields(own);
  std::vector<std::pair<doc::Field, doc::Field>> all;
  for (const auto& one : inherited.parameters) {
    if (std::ranges::none_of(fields, [&](const auto& f) { return same(f.second, one.second); }))
      all.push_back(one);
  }
  all.insert(all.end(), fields.begin(), fields.end());

  std::vector<CompiledParameter> compiled;
  std::vector<std::string> declared;  // path parameters, whether they compiled or not
  for (const auto& [written, parameter] : all) {
    if (parameter.value().find_string("in") == "path") {
      const auto name = parameter.value().find_string("name");
      if (name) declared.emplace_back(*name);
      if (name && std::ranges::find(operation.path_names, *name) == operation.path_names.end()) {
        written.problem("`{" + std::string(*name) + "}` is not in " + operation.path +
                        "; put it there, or remove the parameter");
        continue;
      }
    }
    const auto name = parameter.value().find_string("name").value_or(std::string_view());
    const bool holds_slash = parameter.value().find_string("in") == "path" &&
                             std::ranges::find(added.encoded_slash, name) != added.encoded_slash.end();
    const Slash slash = holds_slash ? Slash::of_value : Slash::refused;
    const std::tuple key(parameter.value().node(), added.deep, slash);
    auto found = compiled_.find(key);
    if (found == compiled_.end()) {
      found = compiled_.emplace(key, inputs_.parameter(parameter, added.deep, slash)).first;
    }
    if (found->second) {
      compiled.push_back(*found->second);
    } else if (parameter.value().find_string("in") == "header" && is_ignored_header(name)) {
      operation.ignored.push_back({std::string(name), written.place()});
    }
  }
  add_headers(added.headers, compiled);
  for (const std::string& name : operation.path_names) {
    // One that a broken reference may declare is not told again.
    if (!has_broken_parameters_ && std::ranges::find(declared, name) == declared.end()) {
      field.problem("`{" + name + "}` of " + operation.path +
                    " is not declared; add a parameter with `in: path` and this name");
    }
  }
  operation.input = inputs_.reader(compiled, operation.path_names, field);
  for (CompiledParameter& one : compiled) operation.parameters.push_back(std::move(one.declared));
}

// A name that the operation declares is checked by both schemas: an entry of the configuration only adds.
void Loader::add_headers(const std::vector<AddedHeader>& headers, std::vector<CompiledParameter>& compiled) {
  for (const AddedHeader& added : headers) {
    const auto same = [&](const CompiledParameter& one) {
      return one.declared.in == In::header && equal_ignoring_case(one.declared.name, added.name);
    };
    const std::tuple key(added.schema.value().node(), Deep::refused, Slash::refused);
    auto found = compiled_.find(key);
    if (found == compiled_.end()) {
      found = compiled_.emplace(key, inputs_.header(added.name, added.schema)).first;
    }
    if (!found->second) continue;
    const CompiledParameter& addition = *found->second;
    const auto declared = std::ranges::find_if(compiled, same);
    if (declared == compiled.end()) {
      compiled.push_back(addition);
      continue;
    }
    if (declared->codec.schema == addition.codec.schema) continue;
    if (!declared->codec.type.has(addition.codec.type.kinds)) {
      const Place& other = declared->declared.place;
      added.schema.problem("`" + added.name + "` has another type at " + other.file + ":" +
                           std::to_string(other.line) +
                           ": no value would satisfy both schemas; use one type, or remove this entry");
      continue;
    }
    declared->codec.also.push_back(addition.codec.schema);
    declared->declared.traits.secret |= addition.declared.traits.secret;
  }
}

void Loader::read_responses(const doc::Field& field, Operation& operation) {
  for (const auto& [status, written] : field.map()) {
    if (status.starts_with("x-")) continue;
    Response response;
    const bool range = status.size() == 3 && status[0] >= '1' && status[0] <= '5' && status.substr(1) == "XX";
    std::uint16_t code = 0;
    const auto [end, error] = std::from_chars(status.data(), status.data() + status.size(), code);
    if (range) {
      response.first = static_cast<std::uint16_t>((status[0] - '0') * 100);
      response.last = static_cast<std::uint16_t>(response.first + 99);
    } else if (status.size() == 3 && error == std::errc{} && end == status.data() + 3 && code >= 100 &&
               code <= 599) {
      response.first = response.last = code;
    } else if (status != "default") {
      written.problem("`" + status +
                      "` is not a status; write three digits, a range such as `4XX`, or `default`");
      continue;
    }
    const auto followed = documents_.follow(written);
    if (!followed) continue;
    response.place = followed->place();
    doc::Reader in(*followed);
    if (!followed->is_object()) continue;
    in.ignore({"description", "links", "summary"});
    if (const auto headers = in.take("headers")) {
      for (const auto& [name, header] : headers->map()) response.headers.push_back(name);
    }
    if (const auto content = in.take("content")) {
      for (const auto& [type, media] : content->map()) {
        if (const auto found = documents_.follow(media))
          response.content.push_back(read_response_content(type, *found));
      }
    }
    in.finish(doc::Extensions::allowed);
    operation.responses.push_back(std::move(response));
  }
}

Content Loader::read_response_content(const std::string& type, const doc::Field& media) {
  Content content;
  content.type = media_type_of(type);
  content.kind = body_kind(content.type);
  doc::Reader in(media);
  in.ignore({"example", "examples", "encoding"});
  if (version_ == Version::v3_2) in.ignore({"itemSchema", "prefixEncoding", "itemEncoding"});
  if (const auto schema = in.take("schema")) {
    content.schema = located(*schema);
    if (content.kind == BodyKind::json || content.kind == BodyKind::text) {
      const CompiledSchema compiled = schemas_.compile_answer(*schema);
      content.checked_by = compiled.schema;
      content.shape = compiled.shape;
    }
  }
  in.finish(doc::Extensions::allowed);
  return content;
}

std::optional<Version> read_version(doc::Reader& in, Api& api) {
  if (in.has("swagger")) {
    in.problem("swagger",
               "is OpenAPI 2.0; convert the document to OpenAPI 3, for example with `npx swagger2openapi`");
    return std::nullopt;
  }
  const auto field = in.required_field("openapi");
  const auto text = field ? field->text() : std::nullopt;
  if (!text) return std::nullopt;
  api.version = *text;
  if (text->starts_with("3.0.")) return Version::v3_0;
  if (text->starts_with("3.1.")) return Version::v3_1;
  if (text->starts_with("3.2.")) return Version::v3_2;
  field->problem("`" + *text + "` is not supported; use 3.0.x, 3.1.x or 3.2.x");
  return std::nullopt;
}

}  // namespace

Api load(const std::filesystem::path& path, const doc::ReadFile& read, const LoadOptions& options,
         Problems& problems) {
  Api api;
  Documents documents(path, read, options.overlays, problems);
  if (options.configuration) documents.add(options.configuration);
  if (const auto root = documents.root()) {
    doc::Reader in(*root);
    if (root->is_object()) {
      if (const auto version = read_version(in, api)) Loader(documents, *version, options).read(in, api);
    }
  }
  documents.report();
  api.sources = documents.sources();
  for (const auto& source : api.sources) report_misplaced(*source, problems);
  return api;
}

}  // namespace gatehouse::openapi
