#include "openapi/schemas.h"

#include "doc/reader.h"
#include "doc/source.h"

namespace gatehouse::openapi {
namespace {

schema::Options options(schema::Dialect dialect, schema::Sealing sealing, std::optional<schema::Caps> caps) {
  return {.dialect = dialect, .formats = schema::Formats::assert, .sealing = sealing, .caps = caps};
}

schema::Compiler::Fetch fetch_from(Documents& documents) {
  return [&documents](std::string_view uri) { return documents.fetch(uri); };
}

}  // namespace

Schemas::Schemas(Documents& documents, schema::Dialect dialect, schema::Sealing sealing,
                 const schema::Caps& caps)
    : documents_(documents),
      sealing_(sealing),
      inputs_{schema::Compiler(options(dialect, sealing, caps), fetch_from(documents)), {}},
      answers_{schema::Compiler(options(dialect, sealing, std::nullopt), fetch_from(documents)), {}} {}

CompiledSchema Schemas::compile(const doc::Field& field, Compiler& with, schema::Direction direction) {
  const std::string& uri = documents_.uri(field.source());
  if (with.added.insert(&field.source()).second) {
    with.compiler.add(uri, field.source().root(), schema::Contents::openapi);
  }
  auto compiled = with.compiler.compile(uri, field.value(), direction);
  if (compiled) {
    return {*std::move(compiled), with.compiler.shape(uri, field.value()),
            with.compiler.traits(uri, field.value())};
  }
  for (schema::Problem& problem : compiled.error()) {
    // A reference that leads nowhere is one problem, at any number of places.
    const std::uint32_t at = problem.pointer.ends_with("/$ref") ? 0 : problem.offset;
    if (!reported_.emplace(problem.document, at, problem.what).second) continue;
    const doc::Source* source = documents_.source(problem.document);
    const Place place = source ? source->place_at(problem.offset) : field.place();
    documents_.problems().add(place, "schema: " + problem.what);
  }
  return {};
}

}  // namespace gatehouse::openapi
