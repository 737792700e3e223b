#include "openapi/schemas.h"

#include "doc/reader.h"
#include "doc/source.h"

namespace gatehouse::openapi {
namespace {

schema::Options options(schema::Dialect dialect, schema::Sealing sealing, std::optional<schema::Caps> caps,
                        schema::DateTimes dates) {
  return {.dialect = dialect,
          .formats = schema::Formats::assert,
          .sealing = sealing,
          .caps = caps,
          .date_times = dates};
}

schema::Compiler::Fetch fetch_from(Documents& documents) {
  return [&documents](std::string_view uri) { return documents.fetch(uri); };
}

}  // namespace

Schemas::Schemas(Documents& documents, schema::Dialect dialect, schema::Sealing sealing,
                 const schema::Caps& caps, schema::DateTimes dates)
    : documents_(documents),
      sealing_(sealing),
      inputs_{schema::Compiler(options(dialect, sealing, caps, dates), fetch_from(documents)), {}},
      answers_{schema::Compiler(options(dialect, sealing, std::nullopt, dates), fetch_from(documents)), {}} {}

const std::string& Schemas::added(const doc::Field& field, Compiler& with) {
  const std::string& uri = documents_.uri(field.source());
  if (with.added.insert(&field.source()).second) {
    with.compiler.add(uri, field.source().root(), schema::Contents::openapi);
  }
  return uri;
}

CompiledSchema Schemas::compile_sequence(const doc::Field& item, const std::optional<doc::Field>& whole) {
  const std::string& uri = added(item, inputs_);
  auto compiled = inputs_.compiler.compile_sequence(uri, item.value(), whole ? whole->value() : json::Value(),
                                                    schema::Direction::input);
  if (compiled) {
    return {*std::move(compiled), inputs_.compiler.shape_of_sequence(uri, item.value()),
            inputs_.compiler.traits(uri, item.value())};
  }
  report(compiled.error(), item);
  return {};
}

CompiledSchema Schemas::compile(const doc::Field& field, Compiler& with, schema::Direction direction) {
  const std::string& uri = added(field, with);
  auto compiled = with.compiler.compile(uri, field.value(), direction);
  if (compiled) {
    return {*std::move(compiled), with.compiler.shape(uri, field.value()),
            with.compiler.traits(uri, field.value())};
  }
  report(compiled.error(), field);
  return {};
}

void Schemas::report(const schema::Problems& problems, const doc::Field& field) {
  for (const schema::Problem& problem : problems) {
    // A reference that leads nowhere is one problem, at any number of places.
    const std::uint32_t at = problem.pointer.ends_with("/$ref") ? 0 : problem.offset;
    if (!reported_.emplace(problem.document, at, problem.what).second) continue;
    const doc::Source* source = documents_.source(problem.document);
    const Place place = source ? source->place_at(problem.offset) : field.place();
    documents_.problems().add(place, "schema: " + problem.what);
  }
}

}  // namespace gatehouse::openapi
