#include "openapi/security.h"

#include <algorithm>

#include "base/strings.h"
#include "doc/reader.h"
#include "doc/source.h"

namespace gatehouse::openapi {
namespace {

using Type = SecurityScheme::Type;

constexpr doc::Choice<Type> kTypes[] = {{"http", Type::http},
                                        {"apiKey", Type::api_key},
                                        {"mutualTLS", Type::mutual_tls},
                                        {"oauth2", Type::oauth2},
                                        {"openIdConnect", Type::open_id_connect}};
constexpr doc::Choice<In> kKeyPlaces[] = {
    {"query", In::query}, {"header", In::header}, {"cookie", In::cookie}};

}  // namespace

std::vector<SecurityScheme> read_security_schemes(Documents& documents, const doc::Field& schemes,
                                                  Version version) {
  std::vector<SecurityScheme> list;
  for (const auto& [name, written] : schemes.map()) {
    const auto field = documents.follow(written);
    if (!field) continue;
    SecurityScheme scheme;
    scheme.name = name;
    scheme.place = field->place();
    doc::Reader in(*field);
    if (!field->is_object()) continue;
    in.ignore({"description"});
    if (version == Version::v3_2) in.ignore({"deprecated"});
    const auto type_field = in.required_field("type");
    const auto type = type_field ? type_field->one_of<Type>(kTypes) : std::nullopt;
    if (!type) continue;
    scheme.type = *type;
    switch (*type) {
      case Type::http:
        scheme.http_scheme = in.required("scheme", doc::as_text);
        std::ranges::transform(scheme.http_scheme, scheme.http_scheme.begin(), ascii_lower);
        in.ignore({"bearerFormat"});
        break;
      case Type::api_key:
        scheme.parameter = in.required("name", doc::as_text);
        scheme.in = in.required("in", doc::as_one_of(kKeyPlaces));
        break;
      case Type::mutual_tls: break;
      case Type::oauth2:
        in.required_field("flows");
        if (version == Version::v3_2) in.ignore({"oauth2MetadataUrl"});
        break;
      case Type::open_id_connect: in.required("openIdConnectUrl", doc::as_text); break;
    }
    in.finish(doc::Extensions::allowed);
    list.push_back(std::move(scheme));
  }
  return list;
}

std::vector<SecurityAlternative> read_security(const doc::Field& list, const Api& api, Version version) {
  std::vector<SecurityAlternative> alternatives;
  for (const doc::Field& requirement : list.list()) {
    SecurityAlternative& alternative = alternatives.emplace_back();
    for (const auto& [name, scopes] : requirement.map()) {
      SecurityNeed need{name, scopes.texts()};
      const SecurityScheme* scheme = api.scheme(name);
      if (!scheme) {
        std::vector<std::string> names;
        for (const SecurityScheme& known : api.security_schemes) names.push_back(known.name);
        const std::string_view meant = doc::nearest(name, names);
        scopes.problem("there is no security scheme `" + name + "` under components.securitySchemes" +
                       (meant.empty() ? "; declare it" : "; did you mean `" + std::string(meant) + "`?"));
      } else if (version == Version::v3_0 && !need.scopes.empty() && scheme->type != Type::oauth2 &&
                 scheme->type != Type::open_id_connect) {
        scopes.problem("must be an empty list: only oauth2 and openIdConnect have scopes in OpenAPI 3.0");
      }
      alternative.push_back(std::move(need));
    }
  }
  return alternatives;
}

}  // namespace gatehouse::openapi
