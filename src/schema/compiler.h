// Compiles JSON Schemas when the configuration is loaded (JSON Schema 2020-12 Core and Validation; OpenAPI
// 3.0.x and 3.1 Schema Objects). References are followed within and across documents; what cannot be enforced
// exactly (a lookaround in a pattern, an unknown required vocabulary) is a problem, not a guess.
//
//   Compiler compiler({.dialect = Dialect::openapi_3_0, .formats = Formats::assert, .sealing =
//   Sealing::sealed}); compiler.add("file:///api.yaml", api.root(), Contents::openapi); auto body =
//   compiler.compile("file:///api.yaml", *api.root().pointer("/components/schemas/Order"), Direction::input);
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.h"
#include "schema/schema.h"
#include "schema/shape.h"
#include "schema/traits.h"

namespace gatehouse::schema {

enum class Dialect : std::uint8_t {
  json_schema_2020_12,
  openapi_3_1,  // 2020-12 with discriminator, readOnly and writeOnly
  openapi_3_0,  // nullable, boolean exclusiveMinimum/Maximum, nothing beside $ref; also 3.1's keywords
};
enum class Formats : std::uint8_t { annotate, assert };
// sealed: an object schema without additionalProperties and unevaluatedProperties refuses members that no
// applying branch declares (as unevaluatedProperties: false at its outermost place would), unless none names
// any: then each is held to the caps alone; an array schema
// with prefixItems, and without items and unevaluatedItems, refuses elements that no applying branch
// describes.
enum class Sealing : std::uint8_t { open, sealed };
// input: sent by a client (readOnly members are refused and never required). output: sent to a client (the
// same for writeOnly).
enum class Direction : std::uint8_t { any, input, output };
enum class Contents : std::uint8_t { schema, openapi };  // of a document

// also_local: the zone of a date-time, which RFC 3339 requires, may be missing.
enum class DateTimes : std::uint8_t { with_zone, also_local };

// Bounds for values that a schema leaves unbounded. json::ParseLimits bounds the depth.
struct Caps {
  std::uint64_t string = 1024;  // code points, without maxLength, enum, const or bounded format
  std::uint64_t items = 100;
  std::uint64_t properties = 100;
  // Numbers without bounds: integers within ±(2^53 − 1) (int64's range where the format says so), others
  // within the range of double.
};

struct Options {
  Dialect dialect = Dialect::json_schema_2020_12;
  Formats formats = Formats::annotate;
  Sealing sealing = Sealing::open;
  std::optional<Caps> caps = std::nullopt;
  DateTimes date_times = DateTimes::with_zone;
};

// A problem in a schema, and its place.
struct Problem {
  std::string document;      // URI, as added
  std::string pointer;       // of the schema object or keyword
  std::uint32_t offset = 0;  // in the document's text
  std::string what;          // the problem, and its remedy
};
using Problems = std::vector<Problem>;

class Compiler {
 public:
  // A document that was not added, by its absolute URI without fragment; it must stay alive as long as the
  // compiler. The metaschemas of 2020-12 are known without it.
  using Fetch = std::function<std::optional<json::Value>(std::string_view uri)>;

  explicit Compiler(Options options = {}, Fetch fetch = {});
  ~Compiler();
  Compiler(const Compiler&) = delete;
  Compiler& operator=(const Compiler&) = delete;

  // `root` must stay alive as long as the compiler; compiled schemas do not need it. `uri` is absolute.
  void add(std::string_view uri, json::Value root, Contents contents = Contents::schema);

  // `schema` is a value inside the document added as `uri`. Compiling the same place again is cheap, and
  // shared schemas are compiled once. Work and memory are linear in the documents' size. After a problem
  // every further call fails too, with the new problems (perhaps none): a loader collects them all.
  std::expected<std::shared_ptr<const Schema>, Problems> compile(std::string_view uri, json::Value schema,
                                                                 Direction direction = Direction::any);

  // The schema of several values that follow one another, as an array: `item` is the schema of each. `whole`
  // is the array's own, as it is written, or none; without a bound in it, the cap for arrays bounds the
  // items.
  std::expected<std::shared_ptr<const Schema>, Problems> compile_sequence(
      std::string_view uri, json::Value item, json::Value whole, Direction direction = Direction::any);

  // The target of a $ref in the schema or object at `base` of that document; nothing if there is none. For
  // callers that read documents themselves.
  std::optional<json::Value> resolve(std::string_view uri, std::string_view reference);

  std::shared_ptr<const Shape> shape(std::string_view uri, json::Value schema);
  std::shared_ptr<const Shape> shape_of_sequence(std::string_view uri, json::Value item);
  Traits traits(std::string_view uri, json::Value schema);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace gatehouse::schema
