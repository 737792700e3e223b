#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "json/parser.h"
#include "schema/compiler.h"
#include "schema/schema.h"
#include "schema/testing.h"

namespace gatehouse::schema {
namespace {

using ::testing::ElementsAre;
using testing::hold;
using ::testing::IsEmpty;
using testing::k30;
using testing::kUri;
using testing::parsed;

TEST(Discriminator, ChoosesTheOneBranchThatIsHeldAgainst) {
  constexpr std::string_view kDocument = R"({"openapi":"3.0.3","components":{"schemas":{
    "Pet":{"oneOf":[{"$ref":"#/components/schemas/Cat"},{"$ref":"#/components/schemas/Dog"}],"discriminator":{"propertyName":"kind","mapping":{"kitty":"Cat"}}},
    "Cat":{"type":"object","required":["kind"],"properties":{"kind":{"type":"string"},"lives":{"type":"integer"}}},
    "Dog":{"type":"object","required":["kind"],"properties":{"kind":{"type":"string"},"bark":{"type":"boolean"}}}}}})";
  Options options = k30;
  options.sealing = Sealing::sealed;
  const auto with = [&](std::string_view instance) {
    return hold(kDocument, instance, options, Direction::input, "/components/schemas/Pet").findings;
  };
  EXPECT_THAT(with(R"({"kind":"Cat","lives":9})"), IsEmpty());
  EXPECT_THAT(with(R"({"kind":"kitty","lives":9})"), IsEmpty());
  EXPECT_THAT(with(R"({"kind":"Dog","lives":9})"), ElementsAre(" unevaluatedProperties"));
  EXPECT_THAT(with(R"({"kind":"Cat","lives":"9"})"), ElementsAre("/lives type"));
  EXPECT_THAT(with(R"({"kind":"Cow"})"), ElementsAre("/kind discriminator"));
  EXPECT_THAT(with(R"({"lives":9})"), ElementsAre("/kind discriminator"));
}

// OpenAPI 3.0.3 section 4.7.24.2, with a child of a child, and a name that is no child's.
constexpr std::string_view kParent = R"({"openapi":"3.0.3","components":{"schemas":{
    "Pet":{"type":"object","required":["kind"],"properties":{"kind":{"type":"string"},"name":{"type":"string"}},
      "discriminator":{"propertyName":"kind","mapping":{"dog":"#/components/schemas/Dog"}}},
    "Dog":{"allOf":[{"$ref":"#/components/schemas/Pet"},{"type":"object","required":["bark","id"],"properties":{"bark":{"type":"boolean"},
      "id":{"type":"integer","readOnly":true}}}]},
    "Poodle":{"allOf":[{"$ref":"#/components/schemas/Dog"},{"type":"object","properties":{"curls":{"type":"integer"}}}]},
    "Cat":{"allOf":[{"$ref":"#/components/schemas/Pet"},{"type":"object","properties":{"lives":{"type":"integer"}}}]},
    "Owner":{"type":"object","properties":{"pet":{"allOf":[{"$ref":"#/components/schemas/Pet"}]},"pets":{"type":"array","items":{"$ref":"#/components/schemas/Pet"}}}},
    "Stone":{"type":"object","properties":{"weight":{"type":"integer"}}}}}})";

std::vector<std::string> as_pet(std::string_view instance,
                                std::string_view pointer = "/components/schemas/Pet",
                                Sealing sealing = Sealing::sealed) {
  Options options = k30;
  options.sealing = sealing;
  return hold(kParent, instance, options, Direction::input, pointer).findings;
}

TEST(DiscriminatorOfAParent, ChoosesAmongTheSchemasThatExtendIt) {
  EXPECT_THAT(as_pet(R"({"kind":"dog","bark":true})"), IsEmpty());
  EXPECT_THAT(as_pet(R"({"kind":"Dog","bark":true,"name":"x"})"), IsEmpty());
  EXPECT_THAT(as_pet(R"({"kind":"Poodle","bark":true,"curls":3})"), IsEmpty());
  EXPECT_THAT(as_pet(R"({"kind":"Cat","lives":9})"), IsEmpty());
  EXPECT_THAT(as_pet(R"({"kind":"Pet","name":"x"})"), IsEmpty());
}

TEST(DiscriminatorOfAParent, SealsOverTheParentAndTheOneThatIsChosen) {
  EXPECT_THAT(as_pet(R"({"kind":"dog","bark":true,"lives":9})"), ElementsAre(" unevaluatedProperties"));
  EXPECT_THAT(as_pet(R"({"kind":"Cat","bark":true})"), ElementsAre(" unevaluatedProperties"));
  EXPECT_THAT(as_pet(R"({"kind":"Dog","bark":true,"curls":3})"), ElementsAre(" unevaluatedProperties"));
  EXPECT_THAT(as_pet(R"({"kind":"Pet","bark":true})"), ElementsAre(" unevaluatedProperties"));
  EXPECT_THAT(as_pet(R"({"kind":"dog"})"), ElementsAre("/bark required"));
  EXPECT_THAT(as_pet(R"({"kind":"dog","bark":true,"id":1})"), ElementsAre("/id readOnly"));
  EXPECT_THAT(as_pet(R"({"kind":"dog","bark":1})"), ElementsAre("/bark type"));
  EXPECT_THAT(as_pet(R"({"kind":"Poodle","curls":3})"), ElementsAre("/bark required"));
}

TEST(DiscriminatorOfAParent, RefusesNamesOfWhatDoesNotExtendIt) {
  for (const std::string_view instance :
       {R"({"kind":"Stone","weight":1})", R"({"kind":"Owner"})", R"({"kind":"cat","lives":9})",
        R"({"kind":"Dog "})", R"({"kind":""})", R"({"kind":1})", R"({"kind":null})"}) {
    EXPECT_THAT(as_pet(instance), ::testing::Contains("/kind discriminator")) << instance;
  }
  EXPECT_THAT(as_pet(R"({"bark":true})"), ::testing::Contains("/kind required"));
}

TEST(DiscriminatorOfAParent, HoldsWhereverTheParentIsMeant) {
  constexpr std::string_view kOwner = "/components/schemas/Owner";
  EXPECT_THAT(as_pet(R"({"pet":{"kind":"dog","bark":true},"pets":[{"kind":"Cat","lives":1}]})", kOwner),
              IsEmpty());
  EXPECT_THAT(as_pet(R"({"pet":{"kind":"dog","bark":true,"lives":1}})", kOwner),
              ElementsAre("/pet unevaluatedProperties"));
  // A child alone: its own children may stand for it, and its siblings may not.
  EXPECT_THAT(as_pet(R"({"kind":"Poodle","bark":true,"curls":1})", "/components/schemas/Dog"), IsEmpty());
  EXPECT_THAT(as_pet(R"({"kind":"dog","bark":true})", "/components/schemas/Dog"), IsEmpty());
  EXPECT_THAT(as_pet(R"({"kind":"Cat","bark":true,"lives":1})", "/components/schemas/Dog"),
              ::testing::Contains("/kind discriminator"));
  // Answers are open.
  EXPECT_THAT(as_pet(R"({"kind":"Stone","weight":1})", "/components/schemas/Pet", Sealing::open), IsEmpty());
}

// As springdoc writes the body of a polymorphic class: the children, each beside what it extends.
TEST(DiscriminatorOfAParent, ChoosesAmongTheBranchesThatExtendIt) {
  for (const std::string_view keyword : {"oneOf", "anyOf"}) {
    const std::string document = fmt::format(R"({{"openapi":"3.0.1","components":{{"schemas":{{
      "Pet":{{"type":"object","required":["kind"],"properties":{{"kind":{{"type":"string"}}}},
        "discriminator":{{"propertyName":"kind","mapping":{{"cat":"#/components/schemas/Cat","dog":"#/components/schemas/Dog","cow":"#/components/schemas/Cow"}}}}}},
      "Cat":{{"type":"object","allOf":[{{"$ref":"#/components/schemas/Pet"}},{{"type":"object","properties":{{"lives":{{"type":"integer"}}}}}}]}},
      "Dog":{{"type":"object","allOf":[{{"$ref":"#/components/schemas/Pet"}},{{"type":"object","properties":{{"bark":{{"type":"boolean"}}}}}}]}},
      "Cow":{{"allOf":[{{"$ref":"#/components/schemas/Pet"}},{{"type":"object","required":["milk"],"properties":{{"milk":{{"type":"integer"}}}}}}]}},
      "Body":{{"{}":[{{"$ref":"#/components/schemas/Cat"}},{{"$ref":"#/components/schemas/Dog"}}]}}}}}}}})",
                                             keyword);
    const auto with = [&](std::string_view instance) {
      Options options = k30;
      options.sealing = Sealing::sealed;
      return hold(document, instance, options, Direction::input, "/components/schemas/Body").findings;
    };
    EXPECT_THAT(with(R"({"kind":"cat","lives":9})"), IsEmpty()) << keyword;
    EXPECT_THAT(with(R"({"kind":"dog","bark":true})"), IsEmpty()) << keyword;
    EXPECT_THAT(with(R"({"kind":"dog"})"), IsEmpty()) << keyword;
    EXPECT_THAT(with(R"({"kind":"Cat","lives":9})"), IsEmpty()) << keyword;
    for (const std::string_view instance :
         {R"({"kind":"cat","bark":true})", R"({"kind":"dog","lives":9})", R"({"kind":"cow","milk":1})",
          R"({"lives":9})", R"({"kind":"cat","lives":"9"})", R"({"kind":"cat","admin":true})", R"(7)",
          R"([])"}) {
      EXPECT_THAT(with(instance), ::testing::Not(IsEmpty())) << keyword << instance;
    }
  }
}

TEST(DiscriminatorOfAParent, OverlooksNoSecretOfAChild) {
  const json::Document document = parsed(R"({"components":{"schemas":{
    "A":{"type":"object","properties":{"k":{"type":"string"}},"discriminator":{"propertyName":"k"}},
    "B":{"allOf":[{"$ref":"#/components/schemas/A"},{"type":"object","properties":{"pin":{"type":"string","format":"password"}}}]},
    "C":{"type":"object","properties":{"a":{"$ref":"#/components/schemas/A"},"n":{"type":"string"}}}}}})");
  Compiler compiler({.dialect = Dialect::openapi_3_0});
  compiler.add(kUri, document.root(), Contents::openapi);
  const auto of = [&](std::string_view name) {
    return compiler.traits(kUri, *document.root().pointer("/components/schemas/" + std::string(name)));
  };
  EXPECT_THAT(of("A").secret_members, ElementsAre("pin"));
  EXPECT_THAT(of("C").secret_members, ElementsAre("pin"));
  EXPECT_TRUE(of("C").secret);
}

}  // namespace
}  // namespace gatehouse::schema
