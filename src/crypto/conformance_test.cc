// The vectors under tests/conformance/jose, every one.
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "crypto/jwk.h"
#include "crypto/jws.h"
#include "json/parser.h"

namespace gatehouse::crypto {
namespace {

json::Document vectors(const std::string& file) {
  std::ifstream in("tests/conformance/jose/" + file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  json::Parser parser;
  json::Document document;
  if (!parser.parse(text, document)) throw std::runtime_error("cannot read the vectors in " + file);
  return document;
}

std::string label(json::Value vector) {
  return std::string(vector.find_string("source").value_or("")) + ": " +
         std::string(vector.find_string("name").value_or(""));
}

TEST(Jose, SignaturesAreJudgedAsTheVectorsSay) {
  const json::Document document = vectors("signatures.json");
  JwsVerifier verifier;
  for (const json::Value vector : document.root().elements()) {
    SCOPED_TRACE(label(vector));
    AlgorithmSet allowed;
    for (const json::Value name : vector.find("algorithms")->elements()) {
      if (const auto algorithm = parse_algorithm(name.string())) allowed.add(*algorithm);
    }
    const auto keys = KeySet::from_json(*vector.find("jwks"));
    ASSERT_TRUE(keys) << keys.error().text;
    const auto verified = verifier.verify(*vector.find_string("token"), *keys, allowed);
    EXPECT_EQ(verified.has_value(), vector.find("valid")->boolean());
    EXPECT_EQ(verified ? "" : name(verified.error()), *vector.find_string("reason"));
  }
  EXPECT_GE(document.root().size(), 50U);
}

TEST(Jose, ThumbprintsAreThoseOfTheVectors) {
  const json::Document document = vectors("thumbprints.json");
  for (const json::Value vector : document.root().elements()) {
    EXPECT_EQ(thumbprint(*vector.find("jwk")).value_or(""), *vector.find_string("thumbprint"))
        << label(vector);
  }
  EXPECT_GE(document.root().size(), 2U);
}

TEST(Jose, KeySetsKeepLeaveOutAndRefuseAsTheVectorsSay) {
  const json::Document document = vectors("key_sets.json");
  for (const json::Value vector : document.root().elements()) {
    SCOPED_TRACE(label(vector));
    const auto keys = KeySet::from_json(*vector.find("jwks"));
    EXPECT_EQ(!keys.has_value(), vector.find("refused")->boolean());
    if (!keys) {
      EXPECT_EQ(keys.error().code, ErrorCode::denied);
      continue;
    }
    const json::Value kept = *vector.find("kept");
    ASSERT_EQ(keys->keys().size(), kept.size()) << (keys->skipped().empty() ? "" : keys->skipped()[0]);
    for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(keys->keys()[i].kid(), kept.at(i)->string());
    const json::Value skipped = *vector.find("skipped");
    ASSERT_EQ(keys->skipped().size(), skipped.size());
    for (std::size_t i = 0; i < skipped.size(); ++i) {
      EXPECT_NE(keys->skipped()[i].find(skipped.at(i)->string()), std::string::npos) << keys->skipped()[i];
    }
  }
  EXPECT_GE(document.root().size(), 50U);
}

}  // namespace
}  // namespace gatehouse::crypto
