// Parameters: the first byte chooses one of many, the rest is its raw text. An accepted input is a document
// that is written and read again as the same, contains no control character, and only declared members. If a
// raw `+` is a space, it equals `%20`.
#include <array>
#include <string>
#include <vector>

#include "fuzz.h"
#include "json/parser.h"
#include "json/writer.h"
#include "openapi/api.h"
#include "openapi/load.h"
#include "openapi/parameter.h"

namespace gatehouse::openapi {
namespace {

constexpr std::string_view kPlaces[] = {
    "in: path, style: simple",
    "in: path, style: simple, explode: true",
    "in: path, style: label",
    "in: path, style: label, explode: true",
    "in: path, style: matrix",
    "in: path, style: matrix, explode: true",
    "in: query, style: form",
    "in: query, style: form, explode: false",
    "in: query, style: form, allowReserved: true",
    "in: query, style: form, explode: false, allowEmptyValue: true",
    "in: query, style: spaceDelimited, explode: false",
    "in: query, style: pipeDelimited, explode: false",
    "in: query, style: deepObject",
    "in: query, style: form, x-plus: space",
    "in: query, style: form, explode: false, x-plus: space",
    "in: query, style: deepObject, x-plus: space",
    "in: header, style: simple",
    "in: header, style: simple, explode: true",
    "in: cookie, style: form",
    "in: cookie, style: form, explode: false",
};
constexpr std::string_view kSchemas[] = {
    "schema: {type: string, maxLength: 40}",
    "schema: {type: integer}",
    "schema: {type: number, multipleOf: 0.5}",
    "schema: {type: [boolean, integer, string, array], items: {type: string}}",
    "schema: {type: array, items: {type: integer}, uniqueItems: true}",
    "schema: {type: array, items: {type: [number, string]}, maxItems: 3}",
    "schema: {type: object, properties: {a: {type: integer}, b: {type: string}}, required: [a]}",
    "schema: {type: object, additionalProperties: {type: [boolean, string]}, maxProperties: 3}",
    "content: {application/json: {schema: {type: object, properties: {a: {}}}}}",
};
constexpr std::string_view kForm =
    "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /f:\n    post:\n      requestBody:\n"
    "        required: true\n        content:\n          application/x-www-form-urlencoded:\n"
    "            schema: {type: object, properties: {a: {type: integer}, l: {type: array, items: {type: "
    "string}},\n"
    "                     o: {type: object, properties: {x: {type: boolean}}}, s: {type: string}}}\n"
    "            encoding: {l: {style: pipeDelimited, explode: false}}\n";

Api loaded(const std::string& text, Plus plus = Plus::refused) {
  Problems problems;
  Api api = load(
      "api.yaml", [&](const std::filesystem::path&) -> Result<std::string> { return text; }, {.plus = plus},
      problems);
  return problems.empty() ? std::move(api) : Api{};
}

struct Subject {
  Api api;
  Api twin;  // of one where a `+` is a space: the same, and there it is refused
};

// Those combinations that OpenAPI gives a meaning: the others are refused at load.
std::vector<Subject> all_parameters() {
  std::vector<Subject> subjects;
  for (const std::string_view place : kPlaces) {
    for (const std::string_view schema : kSchemas) {
      const bool path = place.starts_with("in: path");
      std::string where(place);
      const bool spaces = place.ends_with("x-plus: space");
      if (schema.starts_with("content")) where = where.substr(0, where.find(','));
      const std::string text = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /x" +
                               std::string(path ? "/{p}" : "") +
                               ":\n    get:\n      parameters:\n        - {name: p, required: true, " +
                               where + ", " + std::string(schema) + "}\n";
      Api api = loaded(text, spaces ? Plus::space : Plus::refused);
      if (api.operations.size() == 1) subjects.push_back({std::move(api), spaces ? loaded(text) : Api{}});
    }
  }
  FUZZ_EXPECT(subjects.size() > 100);
  return subjects;
}

class OneField final : public HeaderFields {
 public:
  OneField(std::string_view name, std::string_view text) : name_(name), text_(text) {}
  std::optional<std::string_view> value(std::string_view name, std::size_t nth) const override {
    return nth == 0 && name == name_ ? std::optional(text_) : std::nullopt;
  }

 private:
  std::string_view name_;
  std::string_view text_;
};

enum class Controls : std::uint8_t { none, allowed };

void expect_no_controls(std::string_view text) {
  for (const char c : text) FUZZ_EXPECT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

void expect_sound(json::Value value, Controls controls) {
  if (value.is_string() && controls == Controls::none) expect_no_controls(value.string());
  if (value.is_array()) {
    for (const json::Value element : value.elements()) expect_sound(element, controls);
  }
  if (value.is_object()) {
    for (const json::Member member : value.members()) {
      if (controls == Controls::none) expect_no_controls(member.key());
      expect_sound(member.value, controls);
    }
  }
}

// Strict JSON again, the same: so valid UTF-8, no key twice, numbers that are numbers.
void expect_written_the_same(json::Value value) {
  static json::Parser parser;
  json::Document again;
  const std::string written = json::to_text(value);
  FUZZ_EXPECT(parser.parse(written, again) && json::to_text(again.root()) == written);
}

void expect_twin_reads_the_same(const Operation& twin, std::string_view raw, bool taken, json::Value value) {
  static InputMemory memory;
  std::string spelled;
  for (const char c : raw) spelled += c == '+' ? "%20" : std::string(1, c);
  json::Document values;
  schema::Findings findings;
  FUZZ_EXPECT(twin.input->read({.path = {}, .query = spelled}, memory, values, findings) == taken);
  if (taken) FUZZ_EXPECT(json::to_text(values.root()) == json::to_text(value));
}

}  // namespace
}  // namespace gatehouse::openapi

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::openapi;
  if (size == 0) return 0;
  static const std::vector<Subject> kSubjects = all_parameters();
  static const Api kFormApi = loaded(std::string(kForm));
  static InputMemory memory;
  const std::size_t choice = data[0] % (kSubjects.size() + 1);
  const std::string_view raw = fuzz_text(data + 1, size - 1);
  json::Document values;
  schema::Findings findings;

  if (choice == kSubjects.size()) {
    const FormReader& form = *kFormApi.operations.at(0).body->content.at(0).form;
    const bool taken = form.read(raw, memory, values, findings);
    FUZZ_EXPECT(taken == findings.empty() && taken != values.empty());
    if (taken) expect_written_the_same(values.root());
    return 0;
  }
  const Operation& operation = kSubjects[choice].api.operations[0];
  const In in = operation.parameters[0].in;
  const OneField field(in == In::cookie ? "cookie" : "p", raw);
  RawInput input;
  if (in == In::path) input.path = {&raw, 1};
  if (in == In::query) input.query = raw;
  if (in == In::header || in == In::cookie) input.headers = &field;
  const bool taken = operation.input->read(input, memory, values, findings);
  FUZZ_EXPECT(taken == findings.empty() && taken != values.empty());
  if (const Api& twin = kSubjects[choice].twin; !twin.operations.empty()) {
    expect_twin_reads_the_same(twin.operations[0], raw, taken, taken ? values.root() : json::Value());
  }
  if (!taken) return 0;
  expect_written_the_same(values.root());
  // JSON in a parameter may escape a control character; a text may not bring one.
  const bool is_json = operation.parameters[0].schema.value.find("properties") &&
                       operation.node.value.pointer("/parameters/0/content");
  expect_sound(values.root(), is_json ? Controls::allowed : Controls::none);
  std::size_t members = 0;
  for (const json::Member part : values.root().members()) members += part.value.size();
  FUZZ_EXPECT(members == 1);
  return 0;
}
