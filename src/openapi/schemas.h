// The schema compiler, fed with the documents, its problems given places. Internal to this room.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "doc/reader.h"
#include "openapi/documents.h"
#include "schema/compiler.h"

namespace gatehouse::openapi {

struct CompiledSchema {
  std::shared_ptr<const schema::Schema> schema;  // null: there was a problem
  std::shared_ptr<const schema::Shape> shape;
  schema::Traits traits;
};

class Schemas {
 public:
  Schemas(Documents& documents, schema::Dialect dialect, schema::Sealing sealing, const schema::Caps& caps,
          schema::DateTimes dates);

  schema::Sealing sealing() const { return sealing_; }  // of inputs
  // `field` is a Schema Object, or a reference to one. Input of a client is sealed and bounded.
  CompiledSchema compile_input(const doc::Field& field) {
    return compile(field, inputs_, schema::Direction::input);
  }
  // The same for the array of a sequence: the schema of each item, and the array's own, if it has one. Both
  // stand in one document.
  CompiledSchema compile_sequence(const doc::Field& item, const std::optional<doc::Field>& whole);
  // An answer may have more members than declared.
  CompiledSchema compile_answer(const doc::Field& field) {
    return compile(field, answers_, schema::Direction::output);
  }

 private:
  struct Compiler {
    schema::Compiler compiler;
    std::set<const doc::Source*> added;
  };
  CompiledSchema compile(const doc::Field& field, Compiler& with, schema::Direction direction);
  // The URI of the field's document, which the compiler knows afterwards.
  const std::string& added(const doc::Field& field, Compiler& with);
  void report(const schema::Problems& problems, const doc::Field& field);

  Documents& documents_;
  schema::Sealing sealing_;
  Compiler inputs_;
  Compiler answers_;
  std::set<std::tuple<std::string, std::uint32_t, std::string>>
      reported_;  // a shared schema's problem is reported once
};

}  // namespace gatehouse::openapi
