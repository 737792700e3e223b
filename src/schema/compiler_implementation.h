// How a Compiler works: schema objects wait in a queue, each is compiled once for each way it is used, and
// none while another is being compiled. So neither deep nor circular references cost stack.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/compiler.h"
#include "schema/documents.h"
#include "schema/extensions.h"
#include "schema/facts.h"
#include "schema/keywords.h"
#include "schema/program.h"
#include "schema/trait_graph.h"

namespace gatehouse::schema {

// Whether a sealed object schema, with all that it applies, names a member.
enum class Members : std::uint8_t { named, unnamed };

class Compiler::Implementation {
 public:
  Implementation(Options options, Fetch fetch);

  Documents& documents() { return documents_; }
  std::expected<std::shared_ptr<const Schema>, Problems> compile(SchemaResource& around, json::Value schema,
                                                                 Direction direction);
  std::expected<std::shared_ptr<const Schema>, Problems> compile_sequence(SchemaResource& around,
                                                                          json::Value item, json::Value whole,
                                                                          Direction direction);
  std::shared_ptr<const Shape> shape(SchemaResource& around, json::Value schema);
  Traits traits(SchemaResource& around, json::Value schema) { return traits_.of(schema, around); }

 private:
  // How a schema object is used. The same object means other things in other places.
  enum class Use : std::uint8_t {
    outermost,  // the first that applies to its value: it seals and caps
    in_place,   // applies beside the outermost, which does that
    extended,   // the same, as what the schema that was chosen extends: no discriminator chooses again
    plain,      // under not, if and the like, where "fewer values" would become "more": as it is written
  };
  struct Key {
    const json::Node* schema;
    Use use;
    Direction direction;
    std::uint32_t exempt;  // names that "required" skips: a number of exempt_sets_
    auto operator<=>(const Key&) const = default;
  };
  struct Task {
    Rules* rules;
    Key key;
    json::Value schema;
    SchemaResource* resource;
  };
  // One schema object at work.
  struct Site {
    Task task;
    const Keywords& keywords;
    const Facts& facts;
    SchemaResource& resource;
    Rules& rules;
  };

  void report(const SchemaResource& resource, json::Value at, std::string what);
  const Rules& rules_for(json::Value schema, SchemaResource& around, Use use, Direction direction,
                         std::uint32_t exempt);
  const Rules& same_value(const Site& site, json::Value schema);  // an in-place applicator's branch
  const Rules& same_value(const Site& site, const Documents::Target& target);
  Use use_of_part(const Site& site);                               // of what it has by allOf and $ref
  const Rules& alternative(const Site& site, json::Value schema);  // the same; a branch that need not hold
  const Rules& inner_value(const Site& site, json::Value schema);
  // The rules that refuse a readOnly value on its way in, or a writeOnly value on its way out.
  const Rules* one_way(const Site& site, json::Value schema);
  const Rules& plainly(const Site& site, json::Value schema);
  const Rules& never(std::string_view rule);
  const Rules& anything(Use use);
  const Rules& silent(json::Value schema, const SchemaResource& resource);
  std::expected<std::shared_ptr<const Schema>, Problems> finished(const Rules& root);
  void run_queue();
  void add_dynamic_anchors();
  const Resource& runtime_resource(SchemaResource& resource, Direction direction);
  std::uint32_t anchor_number(std::string_view name);
  std::uint32_t exempt_set(const Facts& facts, Direction direction);
  bool is_exempt(const Site& site, std::string_view name) const;

  void fill(const Task& task);
  // Each reads its keywords, if the vocabularies in force have them.
  void check_flags(const Site& site);
  void find_idle_nullable(const Site& site);
  void find_contradictions(const Site& site);
  Members find_undeclared(const Site& site);
  void add_weakness(const Site& site, Weakness::Kind kind, std::string_view keyword);
  void fill_types(const Site& site);
  void fill_values(const Site& site);
  void fill_string(const Site& site);
  void fill_number(const Site& site);
  void fill_array(const Site& site);
  void fill_object(const Site& site);
  void fill_steps(const Site& site);
  void fill_unevaluated(const Site& site);
  void fill_dependencies(const Site& site, json::Value map, std::vector<Step>& steps, ObjectRules& object);
  void seal_and_cap(const Site& site, Members members);
  void seal_array(const Site& site);
  bool add_discriminator(const Site& site, std::vector<Step>& steps);
  json::Value common_discriminator(const Site& site, Keyword keyword);
  void add_extensions(const Site& site, std::vector<Step>& steps);
  const Rules& extension(const Site& site, const Documents::Target& target);
  std::optional<Documents::Target> mapped(const Site& site, json::Value named);
  void add_branches(const Site& site, Keyword keyword, Step::Op op, std::vector<Step>& steps);
  void add_reference(const Site& site, Keyword keyword, std::vector<Step>& steps);

  // Keyword values of the right form, or a report.
  std::optional<std::uint64_t> count_of(const Site& site, Keyword keyword);
  bool is_list_of_schemas(const Site& site, Keyword keyword);
  bool is_map_of_schemas(const Site& site, Keyword keyword);
  bool is_schema(const Site& site, json::Value value, std::string_view what);
  std::string_view kept(std::string_view text);
  json::Value kept(json::Value value);
  std::optional<Pattern> pattern_of(const Site& site, json::Value at, std::string_view expression);
  static void add_value(Values& values, json::Value kept_value);
  static void build(Values& values);  // after the last of them
  void add_bound(const Site& site, Keyword keyword, NumberBound::Is is, Keyword reported);
  StringRules& strings(Rules& rules);
  NumberRules& numbers(Rules& rules);
  ArrayRules& arrays(Rules& rules);
  ObjectRules& objects(Rules& rules);

  std::shared_ptr<const Shape> find_shape(json::Value schema, SchemaResource& around, int depth);
  void add_to_shape(Shape& shape, json::Value schema, SchemaResource& around, int depth);

  Options options_;
  Problems problems_;
  std::set<std::pair<const json::Node*, std::string>> reported_;
  bool failed_ = false;
  Documents::Report report_;
  Documents documents_;
  Extensions extensions_;
  FactFinder facts_;
  TraitGraph traits_;
  std::shared_ptr<Program> program_;
  std::map<Key, Rules*> known_;
  std::vector<Task> queue_;
  std::map<std::string, const Rules*, std::less<>> nevers_;
  const Rules* anything_ = nullptr;
  const Rules* capped_anything_ = nullptr;
  std::map<std::pair<SchemaResource*, Direction>, Resource*> runtime_resources_;
  std::map<std::string, std::uint32_t, std::less<>> anchors_;
  std::size_t pattern_instructions_ = 0;
  std::vector<std::vector<std::string>> exempt_sets_;
  std::map<std::vector<std::string>, std::uint32_t> exempt_numbers_;
  std::unordered_map<const json::Node*, std::shared_ptr<const Shape>> shapes_;
};

}  // namespace gatehouse::schema
