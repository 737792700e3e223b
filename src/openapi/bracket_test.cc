#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "openapi/testing.h"

namespace gatehouse::openapi {
namespace {

using testing::HasSubstr;
using testing::Not;

LoadOptions with(Deep deep) {
  LoadOptions options;
  options.additions = [deep](const Operation&) {
    Additions added;
    added.deep = deep;
    return added;
  };
  return options;
}
LoadOptions with_brackets() { return with(Deep::brackets); }

Asked deep(std::string_view schema) {
  return Asked({fmt::format("{{name: a, in: query, style: deepObject, schema: {}}}", schema)}, "/x",
               with_brackets());
}

TEST(Brackets, AreAnArrayOrAnObjectAsTheSchemaSays) {
  Asked texts = deep("{type: array, items: {type: string}}");
  EXPECT_EQ(texts.query("a[]=x&a[]=y&a[]=x"), R"({"a":["x","y","x"]})");
  EXPECT_EQ(texts.query("a%5B%5D=x"), R"({"a":["x"]})");
  EXPECT_EQ(texts.query("a[0]=x&a[1]=y"), R"({"a":["x","y"]})");
  EXPECT_EQ(texts.query("a[1]=y&a[0]=x"), R"({"a":["x","y"]})");
  Asked orders = deep(
      "{type: object, properties: {of: {type: object, properties: {id: {type: integer}, tags: {type: array, "
      "items: {type: string}}}}, lines: {type: array, items: {type: object, properties: {n: {type: "
      "integer}}}}}}");
  EXPECT_EQ(orders.query("a[of][id]=7&a[lines][0][n]=1&a[of][tags][]=t&a[lines][1][n]=2"),
            R"({"a":{"lines":[{"n":1},{"n":2}],"of":{"id":7,"tags":["t"]}}})");
  EXPECT_EQ(orders.query("a[of][id]=x"), "type /query/a");
  EXPECT_EQ(orders.query("a[of][other]=1"), "additionalProperties /query/a/of");
}

// qs splits the only value of `a[]` at its commas if it is told to, as Spring does for `a`.
TEST(Brackets, HaveNoCommaInTheOnlyItemWhereAConditionReadsIt) {
  Asked texts = deep("{type: array, items: {type: string}}");
  const auto asked = [&](std::string_view raw, InputValues values) {
    return texts.ask(
        {.path = {}, .query = raw, .headers = nullptr, .guarded = nullptr, .input_values = values});
  };
  EXPECT_EQ(asked("a[]=x,y", InputValues::unambiguous), "ambiguous /query/a");
  EXPECT_EQ(asked("a[]=x%2Cy", InputValues::unambiguous), "ambiguous /query/a");
  EXPECT_THAT(asked("a[]=x,y", InputValues::any), HasSubstr(R"(["x,y"])"));
  EXPECT_THAT(asked("a[]=x,y&a[]=z", InputValues::unambiguous), HasSubstr(R"(["x,y","z"])"));
  Asked members = deep("{type: object, properties: {t: {type: array, items: {type: string}}}}");
  EXPECT_EQ(members.ask({.path = {},
                         .query = "a[t][]=x,y",
                         .headers = nullptr,
                         .guarded = nullptr,
                         .input_values = InputValues::unambiguous}),
            "ambiguous /query/a");
}

TEST(Brackets, HaveOneReadingOrAreRefused) {
  Asked texts = deep("{type: array, items: {type: string}}");
  for (const std::string_view query :
       {"a=x",           "a",         "a[]",       "a[0]",          "a[]=x&a[0]=y", "a[1]=x",
        "a[0]=x&a[2]=y", "a[00]=x",   "a[-1]=x",   "a[0]=x&a[0]=y", "a[k]=x",       "a[][]=x",
        "a[][k]=x",      "a[0][k]=x", "a[0=x",     "a[0]]=x",       "a[0]k=x",      "a[[0]]=x",
        "a[=x",          "a]=x",      "a[]=x&a=y", "a[99999]=x"}) {
    EXPECT_THAT(texts.query(query), Not(HasSubstr("{"))) << query;
  }
  Asked objects = deep(
      "{type: object, properties: {b: {type: object, properties: {c: {type: string}}}, d: {type: string}}}");
  EXPECT_EQ(objects.query("a[b][c]=1&a[d]=2"), R"({"a":{"b":{"c":"1"},"d":"2"}})");
  for (const std::string_view query :
       {"a[b]=x", "a[b]=x&a[b][c]=1", "a[b][c]=1&a[b][c]=2", "a[]=x", "a[][c]=1", "a[b][]=x", "a[d][c]=1",
        "a[b][c][e]=1", "a[b]%00[c]=1", "a[b][c]"}) {
    EXPECT_THAT(objects.query(query), Not(HasSubstr("{"))) << query;
  }
}

TEST(Brackets, OfADigitAreRefusedWhereAnArrayAndAnObjectMayStand) {
  Asked either = deep(
      "{anyOf: [{type: array, items: {type: string}}, {type: object, additionalProperties: {type: "
      "string}}]}");
  EXPECT_EQ(either.query("a[]=x"), R"({"a":["x"]})");
  EXPECT_EQ(either.query("a[k]=x"), R"({"a":{"k":"x"}})");
  EXPECT_EQ(either.query("a[0]=x"), "ambiguous /query/a");
}

// As in Stripe's document: an object, or the empty text that deletes it.
TEST(Brackets, StandBesideAValueWithoutThem) {
  Asked metadata =
      deep("{anyOf: [{type: object, additionalProperties: {type: string}}, {type: string, enum: ['']}]}");
  EXPECT_EQ(metadata.query("a[k]=v"), R"({"a":{"k":"v"}})");
  EXPECT_EQ(metadata.query("a="), R"({"a":""})");
  EXPECT_THAT(metadata.query("a=v"), Not(HasSubstr("{")));
  EXPECT_THAT(metadata.query("a=&a[k]=v"), Not(HasSubstr("{")));
}

TEST(Brackets, AreBounded) {
  Asked texts = deep("{type: array, maxItems: 5000, items: {type: string}}");
  std::string query;
  for (int i = 0; i < 1001; ++i) query += "&a[]=x";
  EXPECT_EQ(texts.query(query.substr(1)), "maxProperties /query/a");
  // Beyond 20 items qs reads an object, beyond five brackets a name with brackets in it.
  std::string bare = "a[]=x";
  std::string numbered = "a[0]=x";
  for (int i = 1; i < 20; ++i) {
    bare += "&a[]=x";
    numbered += fmt::format("&a[{}]=x", i);
  }
  EXPECT_THAT(texts.query(bare), HasSubstr("{"));
  EXPECT_THAT(texts.query(numbered), HasSubstr("{"));
  EXPECT_EQ(texts.query(bare + "&a[]=x"), "maxItems /query/a");
  EXPECT_EQ(texts.query(numbered + "&a[20]=x"), "maxItems /query/a");
  Asked nested = deep("{type: object, properties: {a: {$ref: '#/paths/~1x/get/parameters/0/schema'}}}");
  std::string name = "a";
  for (int i = 0; i < 6; ++i) name += "[a]";
  EXPECT_EQ(nested.query(name + "=1"), "style /query/a");
}

TEST(Brackets, HoldNoNameThatAReaderDropsOrTakesForAnother) {
  Asked map = deep("{type: object, additionalProperties: {type: string}}");
  EXPECT_EQ(map.query("a[k]=x&a[12345]=y&a[05]=z"), R"({"a":{"k":"x","12345":"y","05":"z"}})");
  for (const std::string_view name :
       {"0", "5", "100", "%20", "toString", "constructor", "hasOwnProperty", "__proto__"}) {
    EXPECT_EQ(map.query(fmt::format("a[{}]=x", name)), "ambiguous /query/a") << name;
    EXPECT_EQ(map.query(fmt::format("a[k]=y&a[{}]=x", name)), "ambiguous /query/a") << name;
  }
  Asked inner = deep("{type: object, properties: {m: {type: object, additionalProperties: {type: string}}}}");
  EXPECT_EQ(inner.query("a[m][5]=x"), "ambiguous /query/a");
  EXPECT_EQ(inner.query("a[m][valueOf]=x"), "ambiguous /query/a");
  Asked declared = deep(
      "{type: object, properties: {'5': {type: string}, constructor: {type: object, properties: {id: {type: "
      "string}}}}}");
  EXPECT_EQ(declared.query("a[5]=x&a[constructor][id]=y"), R"({"a":{"5":"x","constructor":{"id":"y"}}})");
}

TEST(Brackets, AreNeverGuessed) {
  const auto problems = [](std::string_view parameters) {
    return problems_of(fmt::format(
        "openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths: {{/x: {{get: {{parameters: [{}]}}}}}}\n",
        parameters));
  };
  const std::string list =
      "{name: a, in: query, style: deepObject, schema: {type: array, items: {type: string}}}";
  EXPECT_THAT(problems(list), HasSubstr("with `deep: brackets`, under `defaults` or for the operation\n"));
  const std::string objects =
      "{name: b, in: query, schema: {type: array, items: {type: object, properties: {c: {type: string}}}}}";
  EXPECT_THAT(problems(list + ", " + objects), HasSubstr("for the operation; so it is for 1 more\n"));
  EXPECT_EQ(problems("{name: a, in: query, style: deepObject, x-gatehouse: {deep: brackets}, schema: {type: "
                     "array, items: {type: string}}}"),
            "");
}

TEST(Brackets, SayHowAnArrayOfObjectsIsWrittenInAQuery) {
  Asked objects({"{name: a, in: query, schema: {type: array, items: {type: object, properties: {c: {type: "
                 "string}}}}}"},
                "/x", with_brackets());
  EXPECT_EQ(objects.query("a[0][c]=1&a[1][c]=2"), R"({"a":[{"c":"1"},{"c":"2"}]})");
  EXPECT_THAT(objects.query("a[][c]=1"), Not(HasSubstr("{")));
  // What the style has a form for is read by the style.
  Asked flat = deep("{type: object, properties: {b: {type: string}}}");
  EXPECT_EQ(flat.query("a[b]=1"), R"({"a":{"b":"1"}})");
  Asked plain({"{name: a, in: query, schema: {type: array, items: {type: string}}}"}, "/x", with_brackets());
  EXPECT_EQ(plain.query("a=1&a=2"), R"({"a":["1","2"]})");
  EXPECT_THAT(plain.query("a[]=1"), Not(HasSubstr("{")));
}

// As springdoc writes Spring's Pageable.
constexpr std::string_view kPageable =
    "{type: object, properties: {page: {type: integer, minimum: 0}, size: {type: integer, minimum: 1}, sort: "
    "{type: array, maxItems: 3, items: {type: string}}}}";

Asked pageable(Deep deep = Deep::exploded, std::string_view more = "required: true") {
  return Asked({fmt::format("{{name: pageable, in: query, {}, schema: {}}}", more, kPageable)}, "/x",
               with(deep));
}

TEST(ExplodedObjects, HaveArraysWhoseNameIsThereOnceForEachItem) {
  for (const Deep deep : {Deep::exploded, Deep::both}) {
    Asked asked = pageable(deep);
    EXPECT_EQ(asked.query("page=0&size=20&sort=name,asc&sort=id"),
              R"({"pageable":{"page":0,"size":20,"sort":["name,asc","id"]}})");
    EXPECT_EQ(asked.query("sort=b&page=0&sort=a"), R"({"pageable":{"page":0,"sort":["b","a"]}})");
    EXPECT_EQ(asked.query("sort=a"), R"({"pageable":{"sort":["a"]}})");
    EXPECT_EQ(asked.query(""), R"({"pageable":{}})");
  }
  Asked numbers(
      {"{name: a, in: query, schema: {type: object, additionalProperties: {type: array, items: {type: "
       "integer}}}}"},
      "/x", with(Deep::exploded));
  EXPECT_EQ(numbers.query("n=1&m=3&n=2"), R"({"a":{"m":[3],"n":[1,2]}})");
  EXPECT_EQ(numbers.query("n=1&n=x"), "type /query/a");
}

TEST(ExplodedObjects, HaveOneReadingOrAreRefused) {
  Asked asked = pageable();
  for (const std::string_view query :
       {"page=0&page=1", "page=0&sort=a&page=0", "sort", "sort=a&sort", "sort=", "page=", "sort[]=a",
        "sort[0]=a", "sort.a=1", "Sort=a", "pageable=1", "pageable[sort]=a", "other=1", "page=x", "page=-1",
        "sort=a%00", "sort=%ff", "sort=a&sort=b&sort=c&sort=d", "sort=a+b"}) {
    EXPECT_THAT(asked.query(query), Not(HasSubstr("{"))) << query;
  }
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "&sort=x";
  EXPECT_EQ(asked.query(many.substr(1)), "maxProperties /query/pageable");
}

TEST(ExplodedObjects, WithArraysAreNeverGuessed) {
  const auto problems = [](Deep deep, std::string_view parameter) {
    return load_files(
               {{"api.yaml", fmt::format("openapi: 3.0.1\ninfo: {{title: t, version: '1'}}\npaths: {{/x: "
                                         "{{get: {{responses: {{}}, parameters: [{}]}}}}}}\n",
                                         parameter)}},
               with(deep))
        .problems.text();
  };
  const std::string list = fmt::format("{{name: p, in: query, schema: {}}}", kPageable);
  for (const Deep deep : {Deep::refused, Deep::brackets})
    EXPECT_THAT(problems(deep, list),
                HasSubstr("with `deep: exploded`, under `defaults` or for the operation\n"));
  EXPECT_EQ(
      problems(Deep::refused,
               fmt::format("{{name: p, in: query, x-gatehouse: {{deep: exploded}}, schema: {}}}", kPageable)),
      "");
  EXPECT_EQ(problems(Deep::refused, fmt::format("{{name: p, in: query, x-gatehouse: {{deep: [brackets, "
                                                "exploded]}}, schema: {}}}",
                                                kPageable)),
            "");
  EXPECT_THAT(
      problems(Deep::refused, "{name: p, in: query, x-gatehouse: {deep: [spring]}, schema: {type: object}}"),
      HasSubstr("must be"));
  // Neither choice says how these are written.
  for (const std::string_view schema :
       {"{type: object, properties: {a: {type: object, properties: {b: {type: string}}}}}",
        "{type: object, properties: {a: {type: array, items: {type: array, items: {type: string}}}}}",
        "{type: object, properties: {a: {type: [array, object], items: {type: string}}}}"}) {
    EXPECT_NE(problems(Deep::both, fmt::format("{{name: p, in: query, schema: {}}}", schema)), "") << schema;
  }
  EXPECT_NE(
      problems(Deep::both, fmt::format("{{name: p, in: query, explode: false, schema: {}}}", kPageable)), "");
}

// RFC 6570 section 2.3: an object without members is written as nothing.
TEST(ExplodedObjects, ThatAreRequiredMayBeEmptyIfTheirSchemaAllowsIt) {
  const auto asked = [](std::string_view schema, std::string_view more = "") {
    return Asked({fmt::format("{{name: p, in: query, required: true{}, schema: {}}}", more, schema)});
  };
  EXPECT_EQ(asked("{type: object, properties: {a: {type: string}}}").query(""), R"({"p":{}})");
  EXPECT_EQ(asked("{type: object, required: [a], properties: {a: {type: string}}}").query(""),
            "required /query/p/a");
  EXPECT_EQ(asked("{type: object, minProperties: 1, properties: {a: {type: string}}}").query(""),
            "minProperties /query/p");
  EXPECT_EQ(asked("{type: object, properties: {a: {type: string}}}", ", explode: false").query(""),
            "required /query/p");
  EXPECT_EQ(asked("{type: object, properties: {a: {type: string}}}", ", style: deepObject").query(""),
            "required /query/p");
}

// A form with this schema and these Encoding Objects, to be asked.
std::string form(std::string_view schema, std::string_view encoding, std::string_view body,
                 const LoadOptions& options = {}) {
  const Loaded loaded =
      load_files({{"api.yaml",
                   fmt::format("openapi: 3.1.0\ninfo: {{title: t, version: '1'}}\npaths:\n  /x: {{post: "
                               "{{requestBody: {{content: {{application/x-www-form-urlencoded: {{schema: {}, "
                               "encoding: {}}}}}}}}}}}\n",
                               schema, encoding)}},
                 options);
  EXPECT_EQ(loaded.problems.text(), "");
  const auto& content = loaded.api.operations.at(0).body->content;
  if (content.empty()) return "no content";
  InputMemory memory;
  json::Document value;
  schema::Findings findings;
  if (content[0].form->read(body, memory, value, findings)) return json::to_text(value.root());
  return std::string(findings[0].keyword()) + " " + findings[0].at;
}

// OpenAPI 3.1.1 section 4.8.15.1: an object is application/json, and an array is what its items are.
TEST(Forms, HaveObjectsAsJsonAndAnArrayOfThemOneForEachName) {
  constexpr std::string_view kSchema =
      "{type: object, properties: {o: {type: object, properties: {b: {type: integer}}}, l: {type: array, "
      "items: "
      "{type: object, properties: {b: {type: integer}}}}, m: {type: array, items: {type: array, items: "
      "{type: "
      "integer}}}}}";
  const auto ask = [&](std::string_view body) { return form(kSchema, "{}", body); };
  EXPECT_EQ(ask("o=%7B%22b%22:1%7D"), R"({"o":{"b":1}})");
  EXPECT_EQ(ask("l=%7B%22b%22:1%7D&l=%7B%22b%22:2%7D"), R"({"l":[{"b":1},{"b":2}]})");
  EXPECT_EQ(ask("m=[1]&m=[2,3]"), R"({"m":[[1],[2,3]]})");
  EXPECT_EQ(ask("o=%7B%22b%22:%22x%22%7D"), "type /o/b");
  EXPECT_EQ(ask("o=%7B%22c%22:1%7D"), "additionalProperties /o");
  EXPECT_EQ(ask("o=1"), "type /o");
  EXPECT_EQ(ask("o=x"), "json /o");
  EXPECT_EQ(ask("o=%7B%7D&o=%7B%7D"), "repeated /o");
  EXPECT_EQ(ask("l=[%7B%22b%22:1%7D]"), "type /l");
  EXPECT_EQ(ask("l=%7B%22b%22:1,%22b%22:2%7D"), "json /l");
  EXPECT_EQ(ask("l="), "empty /l");
  EXPECT_EQ(ask("o[b]=1"), "undeclared /*");
}

TEST(Forms, HaveBracketsWhereTheEncodingAndTheConfigurationSaySo) {
  constexpr std::string_view kSchema =
      "{type: object, properties: {e: {type: array, items: {type: string}}, p: {type: string}}}";
  constexpr std::string_view kEncoding = "{e: {style: deepObject, explode: true}}";
  EXPECT_EQ(form(kSchema, kEncoding, "e[]=a&p=b+c&e[]=d", with_brackets()), R"({"e":["a","d"],"p":"b c"})");
  EXPECT_EQ(form(kSchema, kEncoding, "e=a", with_brackets()), "style /e");
}

}  // namespace
}  // namespace gatehouse::openapi
