// Schemas: the first line is a schema, the second an instance. Every schema that compiles answers within
// bounds, gives a reason for "no", uses only names of the schema, and keeps to the meaning of `not` and
// `allOf`.
#include <cctype>
#include <optional>
#include <set>
#include <string>

#include "fuzz.h"
#include "json/parser.h"
#include "json/writer.h"
#include "schema/compiler.h"

namespace gatehouse::schema {
namespace {

constexpr std::string_view kHere = "file:///fuzz.json";

std::shared_ptr<const Schema> compiled(json::Value schema, const Options& options, Direction direction) {
  Compiler compiler(options);
  compiler.add(kHere, schema);
  auto result = compiler.compile(kHere, schema, direction);
  if (result) return *std::move(result);
  FUZZ_EXPECT(!result.error().empty());
  for (const Problem& problem : result.error())
    FUZZ_EXPECT(!problem.what.empty() && !problem.document.empty());
  return nullptr;
}

void collect_names(json::Value value, std::set<std::string, std::less<>>& names) {
  if (value.is_string()) names.emplace(value.string());
  if (value.is_array()) {
    for (const json::Value element : value.elements()) collect_names(element, names);
  }
  if (value.is_object()) {
    for (const json::Member member : value.members()) {
      names.emplace(member.key());
      collect_names(member.value, names);
    }
  }
}

bool is_index(std::string_view token) {
  return !token.empty() && token.find_first_not_of("0123456789") == token.npos;
}

// Every part of a finding's place is an index, "*", or a name that stands in the schema.
void expect_no_names_of_the_client(std::string_view at, const std::set<std::string, std::less<>>& names) {
  while (!at.empty()) {
    FUZZ_EXPECT(at.front() == '/');
    at.remove_prefix(1);
    const std::size_t end = std::min(at.find('/'), at.size());
    std::string token;
    for (std::size_t i = 0; i < end; ++i) {
      if (at[i] != '~') {
        token += at[i];
      } else {
        FUZZ_EXPECT(++i < end && (at[i] == '0' || at[i] == '1'));
        token += at[i] == '0' ? '~' : '/';
      }
    }
    at.remove_prefix(end);
    FUZZ_EXPECT(token == "*" || is_index(token) || names.contains(token));
  }
}

enum class Answer : std::uint8_t { valid, invalid, too_complex };

Answer ask(const Schema& schema, json::Value instance, Findings& findings) {
  const bool valid = schema.check(instance, findings);
  FUZZ_EXPECT(valid == schema.accepts(instance) && valid == findings.empty());
  for (const Finding& finding : findings) {
    FUZZ_EXPECT(!finding.rule.empty());
    if (finding.rule == "complexity") return Answer::too_complex;
  }
  return valid ? Answer::valid : Answer::invalid;
}

// The schema inside another one, where nothing in it says where it stands.
std::optional<Answer> ask_wrapped(std::string_view before, std::string_view schema, std::string_view after,
                                  json::Value instance) {
  json::Parser parser;
  json::Document document;
  if (!parser.parse(std::string(before) + std::string(schema) + std::string(after), document))
    return std::nullopt;
  const auto wrapped = compiled(document.root(), {}, Direction::any);
  Findings findings;
  if (!wrapped) return std::nullopt;
  return ask(*wrapped, instance, findings);
}

}  // namespace
}  // namespace gatehouse::schema

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gatehouse;
  using namespace gatehouse::schema;
  const std::string_view text = fuzz_text(data, size);
  const std::size_t end = text.find('\n');
  if (end == text.npos) return 0;
  static json::Parser parser;
  json::Document schema;
  json::Document instance;
  if (!parser.parse(text.substr(0, end), schema) || !parser.parse(text.substr(end + 1), instance)) return 0;

  std::set<std::string, std::less<>> names;
  collect_names(schema.root(), names);
  Findings findings;
  std::optional<Answer> plain;
  for (const Dialect dialect : {Dialect::json_schema_2020_12, Dialect::openapi_3_1, Dialect::openapi_3_0}) {
    for (const Sealing sealing : {Sealing::open, Sealing::sealed}) {
      const bool sealed = sealing == Sealing::sealed;
      Options options{.dialect = dialect, .sealing = sealing};
      if (sealed) options.formats = Formats::assert;
      if (sealed) options.caps = Caps{.string = 20, .items = 5, .properties = 5};
      const auto one = compiled(schema.root(), options, sealed ? Direction::input : Direction::any);
      if (!one) continue;
      const Answer answer = ask(*one, instance.root(), findings);
      for (const Finding& finding : findings) expect_no_names_of_the_client(finding.at, names);
      if (dialect == Dialect::json_schema_2020_12 && !sealed) plain = answer;
    }
  }

  if (!plain || *plain == Answer::too_complex || text.substr(0, end).find('$') != text.npos) return 0;
  const std::string written = json::to_text(schema.root());
  if (const auto all = ask_wrapped(R"({"allOf":[)", written, "]}", instance.root()))
    FUZZ_EXPECT(*all == *plain);
  if (const auto negated = ask_wrapped(R"({"not":)", written, "}", instance.root())) {
    FUZZ_EXPECT((*negated == Answer::valid) == (*plain == Answer::invalid));
  }
  return 0;
}
