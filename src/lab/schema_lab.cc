// {"schema", "instance", "formats": bool, "dialect": "2020-12" | "3.1" | "3.0", "sealed": bool, "caps": bool,
//  "direction": "input" | "output", "remotes": {uri: schema}, "findings": bool}
// → {"valid": bool, "findings": [{"at", "rule"}]} or {"error": text}
#include <optional>
#include <string>

#include "json/writer.h"
#include "lab/lab.h"
#include "schema/compiler.h"

namespace gatehouse::lab {
namespace {

bool is_true(json::Value question, std::string_view key) {
  const auto value = question.find(key);
  return value && value->is_boolean() && value->boolean();
}

std::string error(std::string_view text) {
  std::string out = R"({"error":)";
  json::append_string(out, text);
  return out + "}";
}

// The error in the question's own members; empty if there is none.
std::string_view wrong_form(json::Value question) {
  for (const std::string_view flag : {"formats", "sealed", "caps", "findings"}) {
    if (const auto value = question.find(flag); value && !value->is_boolean())
      return "formats, sealed, caps and findings are true or false";
  }
  if (const auto remotes = question.find("remotes"); remotes && !remotes->is_object())
    return "remotes is an object: the schemas by their URIs";
  if (const auto dialect = question.find("dialect")) {
    const std::string_view name = dialect->is_string() ? dialect->string() : "";
    if (name != "2020-12" && name != "3.1" && name != "3.0") return "dialect is 2020-12, 3.1 or 3.0";
  }
  if (const auto direction = question.find("direction")) {
    const std::string_view way = direction->is_string() ? direction->string() : "";
    if (way != "input" && way != "output") return "direction is input or output";
  }
  return {};
}

schema::Options options_of(json::Value question) {
  schema::Options options;
  const auto dialect = question.find_string("dialect").value_or("2020-12");
  if (dialect == "3.0") options.dialect = schema::Dialect::openapi_3_0;
  if (dialect == "3.1") options.dialect = schema::Dialect::openapi_3_1;
  if (is_true(question, "formats")) options.formats = schema::Formats::assert;
  if (is_true(question, "sealed")) options.sealing = schema::Sealing::sealed;
  if (is_true(question, "caps")) options.caps = schema::Caps{};
  return options;
}

}  // namespace

std::string answer_schema(json::Value question) {
  constexpr std::string_view kHere = "https://lab.invalid/schema.json";
  const auto schema = question.find("schema");
  const auto instance = question.find("instance");
  if (!schema || !instance) return error("a question needs schema and instance");
  if (const std::string_view wrong = wrong_form(question); !wrong.empty()) return error(wrong);
  const auto remotes = question.find("remotes");
  schema::Compiler compiler(options_of(question), [&](std::string_view uri) -> std::optional<json::Value> {
    return remotes ? remotes->find(uri) : std::nullopt;
  });
  compiler.add(kHere, *schema);
  const auto way = question.find_string("direction").value_or("");
  const auto direction = way == "input"    ? schema::Direction::input
                         : way == "output" ? schema::Direction::output
                                           : schema::Direction::any;
  const auto compiled = compiler.compile(kHere, *schema, direction);
  if (!compiled) {
    if (compiled.error().empty()) return error("the schema is refused");
    const schema::Problem& problem = compiled.error().front();
    return error(problem.document + "#" + problem.pointer + ": " + problem.what);
  }
  schema::Findings findings;
  const bool valid = (*compiled)->check(*instance, findings);
  std::string out = valid ? R"({"valid":true)" : R"({"valid":false)";
  if (is_true(question, "findings")) {
    out += R"(,"findings":[)";
    for (const schema::Finding& finding : findings) {
      if (out.back() != '[') out += ',';
      out += R"({"at":)";
      json::append_string(out, finding.at);
      out += R"(,"rule":)";
      json::append_string(out, finding.keyword());
      out += '}';
    }
    out += ']';
  }
  return out + "}";
}

}  // namespace gatehouse::lab
