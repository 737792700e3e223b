// From the files of an OpenAPI document to an Api.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/problems.h"
#include "doc/load.h"
#include "doc/reader.h"
#include "openapi/api.h"
#include "openapi/plus.h"
#include "schema/compiler.h"

namespace gatehouse::openapi {

// A header parameter that the configuration adds to those that an operation declares. If the operation has
// one of that name, its values must satisfy this schema, too.
struct AddedHeader {
  std::string name;
  doc::Field schema;  // a Schema Object
};

// What the configuration decides about an operation that its document leaves open.
struct Additions {
  std::vector<AddedHeader> headers;
  // Of the media types that the document offers for a body, those that are taken: types or ranges in lower
  // case, without parameters. Nothing: all.
  std::optional<std::vector<std::string>> media_types;
  std::optional<doc::Field> security;      // Security Requirement Objects, where the document states none
  std::optional<doc::Field> own_security;  // the same, in place of those of the document
  Deep deep = Deep::refused;
  std::vector<std::string> encoded_slash;  // path parameters in whose values `%2F` may stand
  Serving serving = Serving::served;       // not_served: nothing but its method and path is read
};

// Where the paths of a document are served. All texts are literal: no templates and no `/` at the end.
struct Placement {
  // Stands in front of each path, in place of the paths of the document's servers; nothing: those.
  std::optional<std::string> prefix;
  // With it the paths begin that clients ask for, and it is not part of those that the service knows. Base
  // paths that begin with it stay, and it is put in front of others. Empty: there is none.
  std::string strip;
  // In front of the operations' names, with a dot: two documents may have one operationId. Empty: nothing.
  std::string name;
};

// How strictly inputs are bounded where the document says nothing (`defaults.caps` of the configuration).
struct LoadOptions {
  std::uint64_t cap_string = 1024;  // code points
  std::uint64_t cap_items = 100;
  std::uint64_t cap_properties = 100;
  Plus plus = Plus::refused;
  Semicolon semicolon = Semicolon::refused;
  Dates dates = Dates::zoned;
  // What is added to an operation, whose parameters are not read yet, from a document or from
  // `configuration`; both may be empty.
  std::function<Additions(const Operation&)> additions{};
  std::optional<doc::Field> security_schemes{};  // of `configuration`, beside the document's
  std::shared_ptr<const doc::Source> configuration{};
  std::vector<std::shared_ptr<const doc::Source>> overlays{};  // of this document, in their order
  Placement placement{};                                       // of this document
  schema::Sealing sealing = schema::Sealing::sealed;           // of inputs; the server never says `open`
};

// Reads and compiles the document: inputs sealed and capped, answers (responses) open. Adds every problem it
// finds; the Api is usable only where it added none. References are followed to files below the document's
// directory, and nowhere else.
Api load(const std::filesystem::path& path, const doc::ReadFile& read, const LoadOptions& options,
         Problems& problems);

}  // namespace gatehouse::openapi
