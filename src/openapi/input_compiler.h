// Parameter Objects and form bodies, compiled. Internal to this room.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "doc/reader.h"
#include "openapi/api.h"
#include "openapi/codec.h"
#include "openapi/documents.h"
#include "openapi/pairs.h"
#include "openapi/parameter.h"
#include "openapi/schemas.h"
#include "openapi/security.h"

namespace gatehouse::openapi {

struct CompiledParameter {
  Parameter declared;
  Codec codec;
};

// Whether OpenAPI ignores a header parameter of this name.
bool is_ignored_header(std::string_view name);

class InputCompiler {
 public:
  InputCompiler(Documents& documents, Schemas& schemas, Version version, Plus plus, Semicolon semicolon)
      : documents_(documents),
        schemas_(schemas),
        version_(version),
        query_(plus == Plus::space ? Encoding::query_with_spaces : Encoding::query),
        semicolon_(semicolon) {}

  // One Parameter Object, references already followed. Nothing, and problems, when it cannot be enforced;
  // what `deep` would decide is told by report(), once. Nothing, and no problem, for header parameters that
  // OpenAPI says are ignored: Accept, Content-Type, Authorization.
  std::optional<CompiledParameter> parameter(const doc::Field& field, Deep deep, Slash slash);

  // An optional header parameter of style `simple` with this schema.
  std::optional<CompiledParameter> header(const std::string& name, const doc::Field& schema);

  // All parameters of an operation; `path_names` is the order of the captures.
  std::shared_ptr<const InputReader> reader(const std::vector<CompiledParameter>& parameters,
                                            const std::vector<std::string>& path_names,
                                            const doc::Field& operation);

  // A Media Type Object for application/x-www-form-urlencoded; `schema` is its schema, compiled. Null, and no
  // problem, where that is not of an object.
  std::shared_ptr<const FormReader> form(const doc::Field& media_type, const doc::Field& schema,
                                         std::shared_ptr<const schema::Schema> compiled, Deep deep);

  void report() const;
  Deep open() const { return open_; }  // inputs about whose form Deep decides

 private:
  // Inputs whose form the configuration does not decide.
  struct Undecided {
    doc::Field first;
    std::size_t count = 0;
  };

  CompiledSchema compile_schema(const doc::Field& field, const doc::Field& schema, Deep deep,
                                CompiledParameter& into);
  static bool finish(CompiledParameter& compiled, const CompiledSchema& checked);
  bool read_style(doc::Reader& in, const doc::Field& field, Codec& codec);
  bool encodable(const doc::Field& field, const Codec& codec);
  bool needs(Deep choice, const doc::Field& field);
  std::optional<CompiledSchema> read_content(const doc::Field& content, Codec& codec, Located& schema);
  // Of `in: querystring` (OpenAPI 3.2): the query as a whole is a form, whose members are an object's.
  CompiledSchema read_whole_query(const doc::Field& field, const doc::Field& content, Deep deep,
                                  CompiledParameter& into);

  Documents& documents_;
  Schemas& schemas_;
  Version version_;
  Encoding query_;
  Semicolon semicolon_;
  std::map<Deep, Undecided> undecided_;  // by the choice that is missing
  Deep open_ = Deep::refused;
};

// Adds the names by which a query, form or cookie parameter can be written. False, and a problem, when
// another parameter has one of them.
bool add_names(const Codec& codec, std::size_t index, const doc::Field& field, NameTable& names);

}  // namespace gatehouse::openapi
