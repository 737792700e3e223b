#include <cstdio>
#include <iostream>
#include <string>
#include <string_view>

#include "json/parser.h"
#include "lab/lab.h"

namespace gatehouse::lab {
namespace {

struct Subject {
  std::string_view name;
  std::string (*answer)(json::Value question);
  std::string_view question;
};

constexpr Subject kSubjects[] = {
#ifdef GATEHOUSE_LAB_SCHEMA
    {"schema", answer_schema, R"({"schema": {"type": "integer"}, "instance": 1})"},
#endif
#ifdef GATEHOUSE_LAB_JSON
    {"json", answer_json, R"({"base64": "e30="})"},
#endif
#ifdef GATEHOUSE_LAB_CEL
    {"cel", answer_cel, R"({"expr": "1 + 1"})"},
#endif
#ifdef GATEHOUSE_LAB_JWS
    {"jws", answer_jws, R"({"jwks": {"keys": []}, "token": "a.b.c", "algorithms": ["ES256"]})"},
#endif
#ifdef GATEHOUSE_LAB_PARAM
    {"param", answer_param,
     R"({"parameter": {"name": "n", "in": "query", "schema": {"type": "integer"}}, "raw": "n=1"})"},
#endif
#ifdef GATEHOUSE_LAB_FIELD
    {"field", answer_field, R"({"field": "Accept", "value": "text/html;q=0.5"})"},
#endif
#ifdef GATEHOUSE_LAB_OPENAPI
    {"openapi", answer_openapi, R"({"path": "api.yaml"})"},
#endif
    {},
};

int usage(std::ostream& out, int status) {
  out << "usage: lab SUBJECT    one JSON question a line on standard input, one JSON answer a line\n\n";
  for (const Subject& subject : kSubjects) {
    if (subject.answer) out << "  echo '" << subject.question << "' | lab " << subject.name << '\n';
  }
  return status;
}

int run(const Subject& subject) {
  std::ios::sync_with_stdio(false);
  json::Parser parser;
  json::Document document;
  std::string line;
  while (std::getline(std::cin, line)) {
    if (const auto parsed = parser.parse(line, document, {.depth = 1024}); !parsed) {
      std::cout << R"({"error":"the question is not JSON: )" << json::name(parsed.error().fault) << "\"}\n";
    } else {
      std::cout << subject.answer(document.root()) << '\n';
    }
    std::cout.flush();
  }
  return 0;
}

}  // namespace
}  // namespace gatehouse::lab

int main(int argc, char** argv) {
  using namespace gatehouse::lab;
  if (argc != 2) return usage(std::cerr, 2);
  const std::string_view name = argv[1];
  if (name == "--help") return usage(std::cout, 0);
  for (const Subject& subject : kSubjects) {
    if (subject.answer && subject.name == name) return run(subject);
  }
  return usage(std::cerr, 2);
}
