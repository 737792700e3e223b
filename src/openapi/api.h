// An OpenAPI document (3.0.x, 3.1.x, 3.2.x) as the operations it declares: what the policy loader decides
// about, the router routes to, and the gates enforce. Immutable once loaded; everything it points to is owned
// by it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/problems.h"
#include "doc/source.h"
#include "http/method.h"
#include "json/document.h"
#include "openapi/in.h"
#include "openapi/plus.h"
#include "schema/schema.h"
#include "schema/traits.h"

namespace gatehouse::http {
struct MediaType;
}
namespace gatehouse::schema {
struct Shape;
}

namespace gatehouse::openapi {

class InputReader;

using http::Method;
using http::name;  // "GET"

// A value of a document together with the file it stands in (a $ref may have led to another file).
struct Located {
  const doc::Source* source = nullptr;
  json::Value value;

  Place place() const { return source->place(value); }
  explicit operator bool() const { return source != nullptr; }
};

struct Parameter {
  In in = In::query;
  std::string name;  // as declared; header names compare without case
  bool required = false;
  bool deprecated = false;
  Place place;
  Located schema;  // the Schema Object, references not followed
  std::shared_ptr<const schema::Schema> checked_by;
  std::shared_ptr<const schema::Shape> shape;  // what the decoded value looks like
  schema::Traits traits;                       // `secret` also where the Parameter Object says x-sensitive
  Located gatehouse;                           // x-gatehouse; none when absent
};

enum class BodyKind : std::uint8_t {
  json,     // application/json and +json: parsed and checked
  form,     // application/x-www-form-urlencoded: decoded and checked
  text,     // text/*: one string, checked
  lines,    // application/jsonl, application/x-ndjson: a JSON value on each line, checked as an array
  records,  // application/json-seq and +json-seq (RFC 7464, RFC 8091): the same, in records
  opaque,   // octets that no schema describes: only their size is bounded
};

class FormReader;

struct Content {
  // "application/json": lower case, no parameters; or a range: `text/*`, `*/*`, in requests also
  // `application/*+json`.
  std::string type;
  // Request bodies only: the parameters that are part of the type (RFC 9110 section 8.3.1), without charset;
  // names in lower case. A request has them with these values.
  std::vector<std::pair<std::string, std::string>> parameters;
  BodyKind kind = BodyKind::opaque;
  Located schema;  // none where the document declares none
  std::shared_ptr<const schema::Schema>
      checked_by;                              // null for opaque, and where there is no schema (responses)
  std::shared_ptr<const schema::Shape> shape;  // null where checked_by is
  std::shared_ptr<const FormReader> form;      // request bodies of kind form only
  std::vector<std::string> secret_members;     // request bodies only: schema::Traits
};

// A media type that the document offers for a body, and the configuration does not take.
struct UntakenType {
  std::string type;
  Place place;
};

struct RequestBody {
  bool required = false;
  Place place;
  std::vector<Content> content;  // the most specific types first
  std::vector<UntakenType> untaken;

  // Of those that cover the type, the most specific; null: none, or the type has other parameters. A range is
  // not a way around a schema: one whose bodies are read takes only types that are read so, and an opaque one
  // only opaque types where another type of this body is checked.
  const Content* content_for(const http::MediaType& type) const;
};

struct Response {
  std::uint16_t first = 0, last = 0;  // the statuses it stands for: 200–200, 400–499 (`4XX`), 0–0 (`default`)
  bool is_default() const { return first == 0; }
  Place place;
  std::vector<Content> content;
  std::vector<std::string> headers;
};

struct SecurityScheme {
  enum class Type : std::uint8_t { http, api_key, mutual_tls, oauth2, open_id_connect };
  std::string name;  // the key under components/securitySchemes
  Type type = Type::http;
  std::string http_scheme;  // type http: lower case, `bearer`, `basic`
  In in = In::header;       // type api_key: header, query or cookie
  std::string parameter;    // type api_key: the header's, parameter's or cookie's name
  Place place;
};

// One scheme that must hold, and for oauth2 and openIdConnect (3.1: any scheme) the scopes or roles it must
// have.
struct SecurityNeed {
  std::string scheme;  // a key of Api::security_schemes
  std::vector<std::string> scopes;
};
// All of them must hold; empty: a caller without credentials is admitted.
using SecurityAlternative = std::vector<SecurityNeed>;

// A header parameter that OpenAPI says is ignored (3.1 section 4.8.12.1): Accept, Content-Type and
// Authorization, in any case. Its schema checks nothing.
struct IgnoredParameter {
  std::string name;
  Place place;
};

// Whether requests for an operation are answered. One that is not keeps its path, which is no other's.
enum class Serving : std::uint8_t { served, not_served };

struct Operation {
  Method method = Method::get;
  std::string path;                 // the key under `paths`: "/orders/{id}"
  std::vector<std::string> routes;  // `path` below each server's base path, without duplicates: at least one
  std::vector<std::string> path_names;  // the template's parameters, in its order: what captures stand for
  std::string id;                       // operationId; empty when there is none
  std::string document;                 // Placement::name
  std::vector<std::string> tags;
  bool deprecated = false;
  Place place;   // of its key: `get:`
  Located node;  // the Operation Object

  std::vector<Parameter> parameters;  // the path item's merged in
  std::vector<IgnoredParameter> ignored;
  std::optional<RequestBody> body;
  std::optional<Place> ignored_body;  // of one that OpenAPI says is ignored: a request has none
  std::vector<Response> responses;
  // Any one of them suffices. Empty: the document asks for no credential (`security: []`, or none anywhere).
  std::vector<SecurityAlternative> security;
  // Where that is stated, be it as an empty list.
  enum class Stated : std::uint8_t { nowhere, document, configuration } security_stated = Stated::nowhere;
  // Those of the document in whose place the configuration states others.
  std::optional<std::vector<SecurityAlternative>> replaced_security;
  Located gatehouse;  // x-gatehouse of the operation; none when absent
  Serving serving = Serving::served;

  std::shared_ptr<const InputReader> input;  // decodes and checks the parameters

  bool admits_anonymous() const;
  // What is declared for the status: an exact one before a range, and that before `default`. Null: nothing.
  const Response* response_for(unsigned status) const;
  // "GET /orders/{id}"
  std::string title() const;
  // In configuration and events: the id, or else the title, behind the document's name: `billing.getOrder`.
  std::string name() const;
  // The names by which configuration means it: with the id, empty where it has none; and with the title.
  std::array<std::string, 2> names() const;
};

struct Api {
  std::vector<std::shared_ptr<const doc::Source>> sources;  // the document first, then the files it refers to
  std::string title;
  std::string version;                // the `openapi` field: "3.1.0"
  std::vector<Operation> operations;  // in the order of the document
  std::vector<SecurityScheme> security_schemes;
  Deep open_inputs = Deep::refused;  // those that occur, about whose form Additions::deep decides

  const SecurityScheme* scheme(std::string_view name) const;
  // Where a schema of this document, or of a file it refers to, says too little.
  Place place_of(const schema::Weakness& weakness) const;
};

}  // namespace gatehouse::openapi
