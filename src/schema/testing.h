// Schemas and instances of texts in a test.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "json/parser.h"
#include "schema/compiler.h"
#include "schema/schema.h"

namespace gatehouse::schema::testing {

inline constexpr std::string_view kUri = "https://test.invalid/document.json";

inline json::Document parsed(std::string_view text) {
  json::Parser parser;
  json::Document document;
  if (!parser.parse(text, document, {.depth = 2000})) ADD_FAILURE() << "not JSON: " << text;
  return document;
}

struct Held {
  std::string error;
  std::vector<std::string> findings;  // "at rule"
  std::vector<std::string> weak;
};

inline const Options kSealed{.formats = Formats::assert, .sealing = Sealing::sealed};
inline const Options k30{.dialect = Dialect::openapi_3_0, .formats = Formats::assert};

inline Held hold(std::string_view schema, std::string_view instance, Options options = {},
                 Direction direction = Direction::any, std::string_view pointer = "") {
  Held outcome;
  std::shared_ptr<const Schema> held;
  {
    const json::Document document = parsed(schema);
    Compiler compiler(options);
    compiler.add(kUri, document.root(), pointer.empty() ? Contents::schema : Contents::openapi);
    auto compiled = compiler.compile(kUri, *document.root().pointer(pointer), direction);
    if (!compiled) {
      outcome.error =
          compiled.error().empty() ? "?" : compiled.error()[0].pointer + ": " + compiled.error()[0].what;
      return outcome;
    }
    held = *compiled;
  }  // the schema stands on its own from here on
  const json::Document document = parsed(instance);
  Findings findings;
  const bool valid = held->check(document.root(), findings);
  EXPECT_EQ(valid, findings.empty());
  EXPECT_EQ(valid, held->accepts(document.root()));
  for (const Finding& finding : findings)
    outcome.findings.push_back(finding.at + " " + std::string(finding.keyword()));
  for (const Weakness* const weakness : held->weaknesses()) {
    if (weakness->kind == Weakness::Kind::closed) continue;  // not weak
    outcome.weak.push_back(weakness->pointer + " " + std::string(weakness->keyword));
  }
  return outcome;
}

inline std::vector<std::string> findings(std::string_view schema, std::string_view instance,
                                         Options options = {}, Direction direction = Direction::any) {
  const Held outcome = hold(schema, instance, options, direction);
  EXPECT_EQ(outcome.error, "");
  return outcome.findings;
}

}  // namespace gatehouse::schema::testing
