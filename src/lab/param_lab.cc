// param: one OpenAPI parameter and the raw text of it, decoded as the server does it. Objects are open here,
// as OpenAPI has them by itself; the server seals them. A text without the parameter is refused, unless the
// question says `required: false`: then the value is null. `x-plus: space` in the parameter is
// LoadOptions::plus.
#include <string>
#include <string_view>

#include "doc/source.h"
#include "json/writer.h"
#include "lab/lab.h"
#include "openapi/api.h"
#include "openapi/load.h"
#include "openapi/parameter.h"

namespace gatehouse::lab {
namespace {

constexpr std::string_view kDocument = "question.json";

class OneHeader final : public openapi::HeaderFields {
 public:
  OneHeader(std::string_view name, std::string_view value) : name_(name), value_(value) {}
  std::optional<std::string_view> value(std::string_view name, std::size_t nth) const override {
    if (nth != 0 || name != name_) return std::nullopt;
    return value_;
  }

 private:
  std::string_view name_;
  std::string_view value_;
};

bool may_be_missing(json::Value parameter, std::string_view in) {
  const auto required = parameter.find("required");
  return in != "path" && required && required->is_boolean() && !required->boolean();
}

// The parameter in a document of one operation.
std::string document_around(json::Value parameter, std::string_view name, std::string_view in) {
  std::string text = R"({"openapi":"3.1.0","info":{"title":"t","version":"1"},"paths":{)";
  json::append_string(text, in == "path" ? "/{" + std::string(name) + "}" : "/");
  text += R"(:{"get":{"parameters":[{)";
  for (const json::Member member : parameter.members()) {
    if (member.key() == "required") continue;
    json::append_string(text, member.key());
    text += ':';
    json::append(text, member.value);
    text += ',';
  }
  text += may_be_missing(parameter, in) ? R"("required":false}]}}}})" : R"("required":true}]}}}})";
  return text;
}

std::string refused(std::string_view why) {
  std::string out = R"({"refused":)";
  json::append_string(out, why);
  return out + "}";
}

}  // namespace

std::string answer_param(json::Value question) {
  const auto parameter = question.find("parameter");
  const auto raw = question.find_string("raw");
  const auto name = parameter ? parameter->find_string("name") : std::nullopt;
  const auto in = parameter ? parameter->find_string("in") : std::nullopt;
  if (!name || !in || !raw) return R"({"error":"a question has parameter (with name and in) and raw"})";

  const std::string document = document_around(*parameter, *name, *in);
  Problems problems;
  const openapi::Api api = openapi::load(
      kDocument,
      [&](const std::filesystem::path& path) -> Result<std::string> {
        if (path != kDocument) return failure(ErrorCode::not_found, "a question has no other documents");
        return document;
      },
      {.plus = parameter->find_string("x-plus") == "space" ? openapi::Plus::space : openapi::Plus::refused,
       .sealing = schema::Sealing::open},
      problems);
  if (!problems.empty()) {
    std::string out = R"({"error":)";
    json::append_string(out, problems.text());
    return out + "}";
  }

  if (api.operations.front().parameters.empty()) {
    return R"({"error":"OpenAPI ignores header parameters of this name: Accept, Content-Type, Authorization"})";
  }

  const OneHeader header(*in == "cookie" ? "cookie" : *name, *raw);
  openapi::RawInput input;
  if (*in == "path") input.path = {&*raw, 1};
  if (*in == "query") input.query = *raw;
  if (*in == "header" || *in == "cookie") input.headers = &header;
  openapi::InputMemory memory;
  json::Document values;
  schema::Findings findings;
  if (!api.operations.front().input->read(input, memory, values, findings)) {
    return refused(std::string(findings[0].keyword()) + " at " + findings[0].at);
  }
  const auto value = values.root().find(*in)->find(*name);
  return R"({"value":)" + (value ? json::to_text(*value) : "null") + "}";
}

}  // namespace gatehouse::lab
